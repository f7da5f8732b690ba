//! What is asked of those who act from afar: changes, orders, and what the hub may show them.

use crate::ask::Case;
use crate::grant::Grant;
use crate::policies::{Policies, minted};
use crate::verdict::{Asked, Place, Read, SignIn, Signature, Signer, Situation, Verdict};
use crate::vocabulary::{Vocabulary, WORDS, nested};
use cedar_policy::{Context, Entities, Entity, EntityUid, PolicySet, RestrictedExpression};
use lockward_model::{Change, Mono, OperatorId, OrderAct, ZoneId};
use std::collections::HashSet;

/// One question: who wants what, on what.
struct Question<'a> {
    signer: Signer<'a>,
    /// `change`, `order`, `read` or `sign-in`.
    family: &'a str,
    verb: &'a str,
    resource: EntityUid,
    /// The resource, and what it lies in.
    places: Vec<Entity>,
}

/// Everybody who signed, each once.
#[derive(Debug, Clone, Copy)]
pub struct Signers<'a> {
    /// Who signed.
    pub all: &'a [Signature<'a>],
    /// In whose place a service among them signs.
    pub on_behalf: Option<Signer<'a>>,
    /// Whose keys it is about, if it is about an operator's keys and nothing else.
    pub keys_of: Option<OperatorId>,
}

impl Signers<'_> {
    /// One of them must be permitted; a service that signs in an operator's place only if the operator is, too.
    ///
    /// Only people who might have signed alone, were one signature enough, approve: neither a service nor somebody without
    /// the right makes a second pair of eyes; nor does one in whose place the hub signs, since nobody but the hub says so.
    fn judge(&self, may: impl Fn(Signer<'_>, Asked) -> Verdict) -> Verdict {
        let permits = |v: &Verdict| matches!(v, Verdict::Permit { .. });
        let own = |by: Signer<'_>| matches!(by, Signer::Operator { id, .. } if self.keys_of == Some(id));
        let asked = |s: Signature<'_>, approvals| {
            may(s.by, Asked { approvals, on_behalf: false, apart: s.apart, own: own(s.by) })
        };
        let person = |s: &&Signature<'_>| matches!(s.by, Signer::Operator { .. });
        let approvals = self.all.iter().filter(|s| person(s) && permits(&asked(**s, usize::MAX))).count();
        let mut first = None;
        for signer in self.all {
            let mut verdict = asked(*signer, approvals);
            if let (Signer::Service(_), Some(by), false) = (signer.by, self.on_behalf, permits(&verdict)) {
                verdict =
                    may(signer.by, Asked { approvals, on_behalf: true, apart: signer.apart, own: false });
                if let Verdict::Permit { because } = verdict {
                    // Nobody but the hub says that this operator wants it.
                    verdict = asked(Signature { by, apart: false }, approvals.max(1));
                    if let Verdict::Permit { because: also } = &mut verdict {
                        also.extend(because);
                        also.sort_unstable();
                        also.dedup();
                    }
                }
            }
            if permits(&verdict) {
                return verdict;
            }
            first.get_or_insert(verdict);
        }
        first.unwrap_or(Verdict::Nothing { would: None })
    }
}

impl Policies {
    /// May this signer make a change of this kind ([`Change::verb`])? `zones`: the zone that it is about and every zone
    /// around that, innermost first; empty for the site.
    pub fn may_change(&self, signer: Signer<'_>, verb: &str, zones: &[ZoneId], asked: Asked) -> Verdict {
        // An unknown verb would pass as some change.
        if !Change::VERBS.contains(&verb) {
            return Verdict::Nothing { would: None };
        }
        let resource = zones.first().map_or_else(|| WORDS.site.clone(), |z| WORDS.zone(*z));
        let mut places = nested(zones, Some(&WORDS.site));
        places.push(Entity::new_no_attrs(WORDS.site.clone(), HashSet::new()));
        let question = Question { signer, family: "change", verb, resource, places };
        let own = ("own".to_owned(), RestrictedExpression::new_bool(asked.own));
        self.judge_afar(question, Context::from_pairs(signing(asked).into_iter().chain([own])).ok())
    }

    /// May this signer give an order of this kind to this door, now?
    pub fn may_order(
        &self,
        signer: Signer<'_>,
        act: OrderAct,
        place: &Place<'_>,
        now: &Situation<'_>,
        asked: Asked,
    ) -> Verdict {
        let door = WORDS.door(Some(place.door));
        let inside = place.zones.iter().take(1).map(|z| WORDS.zone(*z)).collect();
        let Some(entity) = Vocabulary::door_entity(door.clone(), place.kind, inside) else {
            return Verdict::Error;
        };
        let mut places = nested(place.zones, Some(&WORDS.site));
        places.extend([entity, Entity::new_no_attrs(WORDS.site.clone(), HashSet::new())]);
        let question = Question { signer, family: "order", verb: act.verb(), resource: door, places };
        let situation = [
            ("schedules", WORDS.schedules(now.open)),
            ("threat_level", RestrictedExpression::new_long(now.threat.get().into())),
            ("config_age", whole(now.config_age.as_secs())),
        ];
        let situation = situation.map(|(name, value)| (name.to_owned(), value));
        self.judge_afar(question, Context::from_pairs(signing(asked).into_iter().chain(situation)).ok())
    }

    /// May all who signed, together, make a change of this kind?
    pub fn change(&self, by: &Signers<'_>, verb: &str, zones: &[ZoneId]) -> Verdict {
        by.judge(|signer, asked| self.may_change(signer, verb, zones, asked))
    }

    /// A grant for an order, only from a permit for those who signed it, for this door, good until `until`; with what
    /// permitted it.
    ///
    /// # Errors
    /// The verdict, which is never [`Verdict::Permit`].
    pub fn order(
        &self,
        by: &Signers<'_>,
        act: OrderAct,
        place: &Place<'_>,
        now: &Situation<'_>,
        until: Mono,
    ) -> Result<(Grant, Vec<Box<str>>), Verdict> {
        minted(by.judge(|signer, asked| self.may_order(signer, act, place, now, asked)), place, until)
    }

    /// May the hub show them this of the site as a whole?
    pub fn may_read(&self, signer: Signer<'_>, what: Read) -> Verdict {
        self.may_read_in(signer, what, &[])
    }

    /// May the hub show them this of a zone? `zones`: the zone and every zone around it, innermost first; empty for what
    /// lies in none.
    pub fn may_read_in(&self, signer: Signer<'_>, what: Read, zones: &[ZoneId]) -> Verdict {
        let resource = zones.first().map_or_else(|| WORDS.site.clone(), |z| WORDS.zone(*z));
        let mut places = nested(zones, Some(&WORDS.site));
        places.push(Entity::new_no_attrs(WORDS.site.clone(), HashSet::new()));
        let question = Question { signer, family: "read", verb: what.verb(), resource, places };
        self.judge_afar(question, Some(Context::empty()))
    }

    /// May this operator sign in with this?
    pub fn may_sign_in(&self, signer: Signer<'_>, with: SignIn) -> Verdict {
        let resource = WORDS.site.clone();
        let places = vec![Entity::new_no_attrs(resource.clone(), HashSet::new())];
        let question = Question { signer, family: "sign-in", verb: with.verb(), resource, places };
        self.judge_afar(question, Some(Context::empty()))
    }

    fn judge_afar(&self, question: Question<'_>, context: Option<Context>) -> Verdict {
        let Question { signer, family, verb, resource, mut places } = question;
        let (principal, roles) = match signer {
            Signer::Operator { id, roles } => (WORDS.operator(id), WORDS.roles(roles)),
            Signer::Service(id) => (WORDS.service(id), HashSet::new()),
        };
        let action = WORDS.verb(family, verb);
        places.push(Entity::new_no_attrs(principal.clone(), roles));
        places.push(Entity::new_no_attrs(action.clone(), HashSet::from([WORDS.family(family)])));
        let policies = PolicySet::from_policies(self.policies_for_afar());
        let (Ok(policies), Ok(entities), Some(context)) =
            (policies, Entities::from_entities(places, None), context)
        else {
            return Verdict::Error;
        };
        let case = Case {
            policies: &policies,
            entities: &entities,
            principal: &principal,
            action: &action,
            resource: &resource,
        };
        case.judge(context)
    }
}

/// What changes and orders are both told of who signed.
fn signing(asked: Asked) -> [(String, RestrictedExpression); 3] {
    [
        ("apart".to_owned(), RestrictedExpression::new_bool(asked.apart)),
        ("approvals".to_owned(), whole(asked.approvals as u64)),
        ("on_behalf".to_owned(), RestrictedExpression::new_bool(asked.on_behalf)),
    ]
}

fn whole(n: u64) -> RestrictedExpression {
    RestrictedExpression::new_long(i64::try_from(n).unwrap_or(i64::MAX))
}
