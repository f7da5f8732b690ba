//! From the solver's counterexample to somebody: made as plain as it can be, and asked of the engine that the doors ask.

use crate::case::{By, Case, Deed, Spot};
use crate::world::{Kind, Names, World};
use cedar_policy::{EvalResult, Request};
use cedar_policy_symcc::Env;
use core::str::FromStr;
use lockward_model::{Factors, GroupId, OperatorId, PersonId, RoleId, ScheduleId, ServiceId, ThreatLevel};
use lockward_policy::Company;
use lockward_site::Site;
use std::collections::BTreeSet;

/// Somebody who refutes a statement, and by which policies.
pub(crate) struct Witness {
    pub(crate) case: Case,
    pub(crate) because: Vec<Box<str>>,
    /// Whether it is one of those whom the site knows.
    pub(crate) known: bool,
}

/// Whether a case is against the statement.
pub(crate) type Against<'a> = &'a dyn Fn(&Case) -> bool;

/// Every case that the counterexample may stand for, until the engine confirms one that is against the statement; none if it
/// confirms none.
pub(crate) fn witness(
    world: &World<'_>,
    (deed, by, spot): (Deed, Kind, Spot),
    names: &Names,
    env: &Env,
    against: Against<'_>,
) -> Option<Witness> {
    let site = world.site;
    let read = read(&env.request, env, (deed, by, spot), names)?;
    let holds = |case: &Case| case.permitted(site).filter(|_| against(case));
    let named = |open: &[ScheduleId]| -> BTreeSet<ScheduleId> {
        open.iter().filter(|s| names.schedules.contains(s)).copied().collect()
    };
    let wanted = named(&read.open);
    // The solver knows the schedules that policies name; which others are open beside them, the calendar says.
    let real = world.together.iter().filter(|t| named(&t.open) == wanted);
    let timeless = matches!(deed, Deed::Change(_)) || deed.is_plain();
    let mut tries = real.map(|t| Case { open: t.open.clone(), ..read.clone() });
    let mut case =
        if timeless { holds(&read).map(|_| read.clone()) } else { tries.find(|c| holds(c).is_some()) }?;
    while let Some(plainer) = plainer(world, &case).into_iter().find(|c| holds(c).is_some()) {
        case = plainer;
    }
    let someone = known(site, &case).find(|c| holds(c).is_some());
    let (case, known) = someone.map_or((case, false), |c| (c, true));
    let because = holds(&case)?;
    Some(Witness { case, because, known })
}

/// The request as the solver thought of it.
fn read(request: &Request, env: &Env, at: (Deed, Kind, Spot), names: &Names) -> Option<Case> {
    let (deed, by, spot) = at;
    let principal = request.principal()?;
    let context = request.context();
    let get = |key: &str| context.and_then(|c| c.get(key));
    let long = |key| match get(key) {
        Some(EvalResult::Long(n)) => n,
        _ => 0,
    };
    let yes = |key| matches!(get(key), Some(EvalResult::Bool(true)));
    let parents: Vec<_> = env.entities.ancestors(principal).into_iter().flatten().collect();
    let own: &str = principal.id().unescaped();
    let own = if names.others.contains(&principal.to_string()) { own } else { "anybody" };
    let by = match by {
        Kind::Person => By::Person(PersonId::from_str(own).ok()?, ids::<GroupId>(&parents)),
        Kind::Operator => By::Operator(OperatorId::from_str(own).ok()?, ids::<RoleId>(&parents)),
        Kind::Service => By::Service(ServiceId::from_str(own).ok()?),
    };
    let mut factors = Factors::NONE;
    if let Some(EvalResult::Set(set)) = get("factors") {
        let named =
            set.iter().filter_map(|f| if let EvalResult::String(s) = f { Factors::named(s) } else { None });
        factors = named.fold(factors, Factors::with);
    }
    let mut open: Vec<ScheduleId> = Vec::new();
    if let Some(EvalResult::Set(set)) = get("schedules") {
        let uid = |s: &EvalResult| match s {
            EvalResult::EntityUid(uid) => ScheduleId::from_str(uid.id().unescaped()).ok(),
            _ => None,
        };
        open.extend(set.iter().filter_map(uid));
    }
    let company = match (long("people"), yes("escorted")) {
        (2, true) => Company::Escort,
        (2, false) => Company::Second,
        _ => Company::Alone,
    };
    Some(Case {
        by,
        deed,
        spot,
        factors,
        open,
        company,
        threat: u8::try_from(long("threat_level")).ok().and_then(ThreatLevel::new).unwrap_or_default(),
        age: u64::try_from(long("config_age")).unwrap_or_default(),
        approvals: usize::try_from(long("approvals")).unwrap_or_default(),
        on_behalf: yes("on_behalf"),
        apart: yes("apart"),
        own: yes("own"),
    })
}

fn ids<T: FromStr>(uids: &[&cedar_policy::EntityUid]) -> Vec<T> {
    uids.iter().filter_map(|uid| uid.id().unescaped().parse().ok()).collect()
}

/// The same with one thing less.
fn plainer(world: &World<'_>, case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    let without = |n: usize, of: usize| (0..of).filter(move |i| *i != n);
    match &case.by {
        By::Person(id, groups) => found.extend((0..groups.len()).map(|n| {
            let left = without(n, groups.len()).filter_map(|i| groups.get(i).copied()).collect();
            Case { by: By::Person(*id, left), ..case.clone() }
        })),
        By::Operator(id, roles) => found.extend((0..roles.len()).map(|n| {
            let left = without(n, roles.len()).filter_map(|i| roles.get(i).copied()).collect();
            Case { by: By::Operator(*id, left), ..case.clone() }
        })),
        By::Service(_) => {}
    }
    if matches!(case.deed, Deed::Enter(_)) {
        let fewer = (1..case.factors.bits()).filter_map(Factors::from_bits);
        let fewer = fewer.filter(|f| case.factors.contains(*f) && shown(*f));
        found.extend(fewer.map(|factors| Case { factors, ..case.clone() }));
    }
    if case.apart {
        found.push(Case { apart: false, ..case.clone() });
    }
    if case.own {
        found.push(Case { own: false, ..case.clone() });
    }
    if case.company != Company::Alone {
        found.push(Case { company: Company::Alone, ..case.clone() });
    }
    if case.threat != ThreatLevel::default() {
        found.push(Case { threat: ThreatLevel::default(), ..case.clone() });
    }
    let less = [(0, case.approvals), (case.age, 0), (0, 0), (case.age, case.approvals.min(1))];
    let smaller = less.into_iter().filter(|(age, ok)| (*age, *ok) != (case.age, case.approvals));
    found.extend(
        smaller.filter(|(age, ok)| *age <= case.age && *ok <= case.approvals).map(|(age, approvals)| Case {
            age,
            approvals,
            ..case.clone()
        }),
    );
    let at_less = world.together.iter().filter(|t| t.at.is_some() && t.open.len() < case.open.len());
    found.extend(at_less.map(|t| Case { open: t.open.clone(), ..case.clone() }));
    found
}

/// What a door can take in from one person.
pub(crate) fn shown(factors: Factors) -> bool {
    (factors.contains(Factors::CARD) || factors.contains(Factors::PIN))
        && (!factors.contains(Factors::KEY) || factors.contains(Factors::CARD))
}

/// The same by each of those whom the site knows.
fn known<'a>(site: &'a Site, case: &'a Case) -> Box<dyn Iterator<Item = Case> + 'a> {
    let with = |by| Case { by, ..case.clone() };
    match case.by {
        By::Person(..) => {
            let mut ids: Vec<_> = site.people().collect();
            ids.sort_unstable();
            let people = ids.into_iter().filter_map(|id| site.person(id)).filter(|p| !p.suspended);
            Box::new(people.map(move |p| with(By::Person(p.id, p.groups))))
        }
        By::Operator(..) => {
            Box::new(site.operators().map(move |o| with(By::Operator(o.id, o.roles.clone()))))
        }
        By::Service(_) => {
            let hub = [site.founding().hub.id].into_iter();
            Box::new(hub.chain(site.services().map(|s| s.id)).map(move |id| with(By::Service(id))))
        }
    }
}
