//! What is weaker after a change than before it, by name; and what taking authority from the hub means in daily work.

use crate::told;
use core::fmt;
use lockward_model::{
    Alone, Change, Door, Factors, Operator, PassbackMode, PolicyText, Rule, SigningKey, Time, Zone,
};
use lockward_policy::{HUB_SIGNS, SIGNED_APART, forbids};
use lockward_site::Site;
use std::collections::BTreeSet;

/// Who signs changes of policies can give back what was taken from the hub.
const GIVES_BACK: &str = "put-policy";

/// Something that whoever signs has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether the site is weaker for it.
    pub weaker: bool,
    /// The sentence.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.weaker { "Weaker: " } else { "" }, self.text)
    }
}

/// What whoever signs has to know of the difference between two sites.
#[must_use]
pub fn remarks(before: &Site, after: &Site, now: Time) -> Vec<Remark> {
    let mut out: Vec<_> = stuck(before, after, now).into_iter().collect();
    out.extend(hub(before, after, now));
    out.extend(apart(before, after, now).into_iter().map(|text| Remark { weaker: false, text }));
    let weaker = |text| Remark { weaker: true, text };
    for was in before.policy_texts().filter(|p| p.id.as_str() != HUB_SIGNS && forbids(p)) {
        out.extend(forbade(was, after.policy_texts().find(|p| p.id == was.id)).map(weaker));
    }
    out.extend(statements(before, after).map(weaker));
    for was in before.rules() {
        let asks = after.rules().find(|r| r.id == was.id).and_then(|is| asks_less(was, is));
        out.extend(asks.map(|what| weaker(format!("rule `{}` asks for less: {what}.", was.id))));
    }
    for was in before.zones() {
        let lost = after.zone(was.id).map(|is| zone(was, is)).unwrap_or_default();
        out.extend(lost.into_iter().map(|what| weaker(format!("zone `{}` {what}.", was.id))));
    }
    for was in before.doors() {
        let lost = after.door(was.id).map(|is| door(was, is)).unwrap_or_default();
        out.extend(lost.into_iter().map(|what| weaker(format!("door `{}` {what}.", was.id))));
    }
    out
}

/// What the hub may sign, in the place of those who are the same in both sites.
fn signs(site: &Site, before: &Site, after: &Site, now: Time) -> BTreeSet<&'static str> {
    let same = |o: &&Operator| after.operator(o.id) == Some(*o);
    let operators: Vec<_> = before.operators().filter(same).map(|o| o.id).collect();
    let may = |verb: &&str| operators.iter().any(|o| site.hub_signs_for(*o, verb, now));
    Change::VERBS.into_iter().filter(may).collect()
}

fn hub(before: &Site, after: &Site, now: Time) -> Vec<Remark> {
    if before.policy_texts().eq(after.policy_texts()) {
        return Vec::new();
    }
    let text = |site: &Site| site.policy_texts().find(|p| p.id.as_str() == HUB_SIGNS).map(|p| p.text.clone());
    let (was, is) = (signs(before, before, after, now), signs(after, before, after, now));
    let gains = !is.is_subset(&was) || (text(before).is_none() && text(after).is_some());
    if gains {
        let text = "the hub may sign again in every operator's place: this weakens HUB-BOUNDED. Whoever takes over the \
                    hub could then change the site and open its doors in the name of anybody."
            .into();
        return vec![Remark { weaker: true, text }];
    }
    match (text(before), text(after)) {
        (Some(_), None) => {
            hardened(after, &is, now).into_iter().map(|text| Remark { weaker: false, text }).collect()
        }
        (was, is) if was != is => {
            let text =
                format!("policy `{HUB_SIGNS}` says something else: read in whose place the hub signs now.");
            vec![Remark { weaker: false, text }]
        }
        _ => Vec::new(),
    }
}

/// What daily work is like once the hub signs for nobody.
fn hardened(after: &Site, still: &BTreeSet<&str>, now: Time) -> Vec<String> {
    let mut out = vec![
        "From now on people sign: the hub no longer signs in an operator's place. Every change, and every order to a \
         door from afar, needs that person's own passkey or key file."
            .to_owned(),
    ];
    if !still.is_empty() {
        let still: Vec<_> = still.iter().copied().collect();
        out.push(format!("What other policies let the hub sign stays: {}.", still.join(", ")));
    }
    let standing = || after.operators().filter(|o| after.standing_operator(o.id, now).is_some());
    let passkey = |o: &&Operator| o.keys.iter().any(|k| matches!(k.key, SigningKey::Passkey(_)));
    let none = named(standing().filter(|o| o.keys.is_empty()));
    if !none.is_empty() {
        out.push(format!(
            "Without a passkey and without a key file, and so unable to change or open anything from now on: {none}. \
             Let them register a passkey first."
        ));
    }
    let file = named(standing().filter(|o| !o.keys.is_empty() && !passkey(o)));
    if !file.is_empty() {
        out.push(format!("With a key file alone, and so at the command line and not in a browser: {file}."));
    }
    if !standing().any(|o| !o.keys.is_empty() && after.may_change(o.id, GIVES_BACK, now)) {
        out.push(
            "Nobody who may change policies on their own has a key: what this takes away could not be given back by \
             one person."
                .into(),
        );
    }
    out
}

/// Whether anybody, alone or with a second person, can sign what gives: asked of changes of policies, with which everything
/// else can be given back.
fn can_give(site: &Site, now: Time) -> bool {
    let Ok(id) = HUB_SIGNS.parse() else { return false };
    let gives = [Change::PutPolicy(PolicyText { id, text: "".into() })];
    let mut with_another = 0;
    for operator in site.operators() {
        let keys = || operator.keys.iter().map(|k| &k.key);
        let Ok(wants) = site.wants(&gives, operator.id, now) else { continue };
        let own = keys().any(|k| !wants.apart || k.is_apart());
        if wants.hub_will_do || (own && !wants.second) {
            return true;
        }
        with_another += usize::from((own && wants.second) || (wants.or_second && keys().next().is_some()));
    }
    with_another >= 2
}

fn stuck(before: &Site, after: &Site, now: Time) -> Option<Remark> {
    let stuck = can_give(before, now) && !can_give(after, now);
    stuck.then(|| Remark {
        weaker: true,
        text: "afterwards nobody could sign anything that gives, not even to take this back: no owner has a key apart \
               from the hub, and no two owners have keys at all. Do not sign this. Add keys first; else only the \
               recovery key would help, after a day."
            .into(),
    })
}

/// What daily work is like once a touch at the hub's page gives nothing.
fn apart(before: &Site, after: &Site, now: Time) -> Vec<String> {
    let holds = |site: &Site| site.policy_texts().any(|p| p.id.as_str() == SIGNED_APART);
    if holds(before) || !holds(after) {
        return Vec::new();
    }
    let mut out = vec![
        "From now on what gives is signed apart from the hub: with a passkey that `lockward signer` made on the \
         operator's own machine, or with a key file; or two people sign it. A touch at a page of the hub still suspends, \
         revokes, locks down and ends a hold, and gives nothing."
            .to_owned(),
    ];
    let apart = |o: &&Operator| o.keys.iter().any(|k| k.key.is_apart());
    let standing = after.operators().filter(|o| after.standing_operator(o.id, now).is_some());
    let without = named(standing.filter(|o| !apart(o)));
    if !without.is_empty() {
        out.push(format!(
            "Without a key apart from the hub, and so from now on in need of a second person for every change that \
             gives, and unable to open a door from afar: {without}. Let them make one with `lockward signer` and add it \
             on their own page first."
        ));
    }
    out
}

fn named<'a>(operators: impl Iterator<Item = &'a Operator>) -> String {
    operators.map(|o| format!("`{}`", o.id)).collect::<Vec<_>>().join(", ")
}

fn forbade(was: &PolicyText, is: Option<&PolicyText>) -> Option<String> {
    let id = was.id;
    match is {
        None => Some(format!(
            "policy `{id}` forbids no more: what it forbade is allowed wherever anything permits it."
        )),
        Some(is) if is.text == was.text => None,
        Some(is) if forbids(is) => {
            Some(format!("policy `{id}` forbids something else: what it forbade may be allowed now."))
        }
        Some(_) => Some(format!("policy `{id}` permits where it forbade.")),
    }
}

/// What is told of no more, whatever a solver says.
fn statements(before: &Site, after: &Site) -> impl Iterator<Item = String> {
    before.statements().filter_map(move |was| {
        let id = was.id;
        let Some(is) = after.statements().find(|s| s.id == id) else {
            return Some(format!(
                "statement `{id}` is kept no more ({}): no review will say when a change breaks it.",
                was.says
            ));
        };
        let gone = after.lacks(&is.says).filter(|_| before.lacks(&is.says).is_none());
        match gone {
            Some(what) => {
                Some(format!("statement `{id}` can no longer be judged: the {what} that it names is gone."))
            }
            None => (was.says != is.says)
                .then(|| format!("statement `{id}` says something else; it said that {}.", was.says)),
        }
    })
}

fn asks_less(was: &Rule, is: &Rule) -> Option<String> {
    let all = [Factors::CARD, Factors::PIN, Factors::KEY, Factors::CODE].into_iter();
    let gone = all.filter(|f| was.factors.contains(*f) && !is.factors.contains(*f));
    let gone: Vec<_> = gone.map(|f| format!("no {} any more", told::factors(f))).collect();
    let second = (was.two_people && !is.two_people).then(|| "no second person any more".to_owned());
    let all: Vec<_> = gone.into_iter().chain(second).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Whether a limit is gone, or is wider.
fn wider<T: PartialOrd>(was: Option<T>, is: Option<T>) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => is > was,
        (was, None) => was.is_some(),
        (None, Some(_)) => false,
    }
}

fn zone(was: &Zone, is: &Zone) -> Vec<&'static str> {
    let (was, is) = (&was.rules, &is.rules);
    let hard = |p: &lockward_model::Passback| matches!(p.mode, PassbackMode::Hard);
    let open = |p: &lockward_model::Passback| matches!(p.alone, Alone::Open);
    let softer = match (&was.passback, &is.passback) {
        (Some(_), None) => Some("has no anti-passback any more"),
        (Some(was), Some(is)) if hard(was) && !hard(is) => {
            Some("refuses nobody by anti-passback for good any more")
        }
        (Some(was), Some(is)) if !open(was) && open(is) => {
            Some("lets everybody pass anti-passback while other controllers can not be heard")
        }
        _ => None,
    };
    let fresh = |r: &lockward_model::ZoneRules| r.fresh_within.map(|f| f.get());
    let doors = |r: &lockward_model::ZoneRules| r.openings.as_ref().map(|o| o.doors);
    let rest = [
        (wider(was.most, is.most), "takes in more people than before"),
        (wider(fresh(was), fresh(is)), "decides by an older word of the hub than before"),
        (wider(doors(was), doors(is)), "lets more doors be opened within a span than before"),
    ];
    softer.into_iter().chain(rest.into_iter().filter(|(is, _)| *is).map(|(_, what)| what)).collect()
}

fn door(was: &Door, is: &Door) -> Vec<&'static str> {
    let all = [
        (was.rules.airlock.is_some() && is.rules.airlock.is_none(), "belongs to no airlock any more"),
        (
            was.rules.first_person && !is.rules.first_person,
            "no longer waits for a first person before it unlocks",
        ),
        (was.unlocked.is_none() && is.unlocked.is_some(), "stands unlocked to everybody by a schedule"),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect()
}
