//! Each statement taken apart into questions to the solver: one for each kind of deed, at each place that policies tell apart.

use crate::ask::Ask;
use crate::case::{By, Case, Deed, Spot};
use crate::news;
use crate::solver::{Solver, SolverMissing};
use crate::tell::clock;
use crate::witness::Against;
use crate::world::{Kind, World};
use core::time::Duration;
use lockward_model::{Door, Doors, Factors, GroupId, OrderAct, RoleId, ScheduleId, Stated, Time};
use lockward_policy::{Act, Read, SignIn, actions};
use lockward_site::Site;
use std::collections::BTreeSet;

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds for whoever could come, and whatever policies see.
    Proved,
    /// It does not, and who shows that: confirmed by the engine that the doors ask.
    Refuted(String),
    /// It is not known, and why.
    Unanswered(String),
}

/// Proves statements about a site.
pub struct Prover<'a> {
    pub(crate) after: World<'a>,
    pub(crate) before: Option<World<'a>>,
    pub(crate) solver: Result<Solver, SolverMissing>,
}

/// What a question takes in depth: terms nest once for each policy, and for each set of schedules. Taken only as it is used.
const STACK_BYTES: usize = 512 << 20;
/// All that is done at a door in person.
const IN_PERSON: [(Deed, Kind); 4] = [
    (Deed::Enter(Act::Enter), Kind::Person),
    (Deed::Enter(Act::EnterLockedDown), Kind::Person),
    (Deed::Enter(Act::Hold), Kind::Person),
    (Deed::Pass, Kind::Service),
];
/// A hold of any length is the same to policies.
const HOLD: OrderAct = OrderAct::Hold(Duration::from_secs(60));

impl<'a> Prover<'a> {
    /// For a site as it stands; `before` is what a change to it started from. Schedules are looked at from `from` on.
    ///
    /// # Errors
    /// What Cedar says against policies that it had taken before.
    pub fn new(
        site: &'a Site,
        before: Option<&'a Site>,
        from: Time,
        solver: Result<Solver, SolverMissing>,
    ) -> Result<Self, String> {
        let before = before.map(|site| World::new(site, from)).transpose()?;
        Ok(Self { after: World::new(site, from)?, before, solver })
    }

    /// Proves a statement, or refutes it, or says why neither.
    #[must_use]
    pub fn answer(&self, says: &Stated) -> Answer {
        if let Some(what) = self.after.site.lacks(says) {
            return Answer::Unanswered(format!("it names the {what}, and the site has none"));
        }
        self.deeply(|| self.decide(says))
    }

    /// Whether the change permits nothing that was not permitted before it.
    #[must_use]
    pub fn gives_nothing_new(&self) -> Answer {
        self.deeply(|| self.nothing_new())
    }

    /// On a stack that is deep enough.
    fn deeply(&self, decide: impl Fn() -> Result<(), Answer> + Sync) -> Answer {
        let there = || match decide() {
            Ok(()) => Answer::Proved,
            Err(answer) => answer,
        };
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let answered = std::thread::scope(|scope| {
            thread.spawn_scoped(scope, there).ok().and_then(|thread| thread.join().ok())
        });
        answered.unwrap_or_else(|| {
            Answer::Unanswered("the proof broke off; this is a mistake in the program".into())
        })
    }

    fn decide(&self, says: &Stated) -> Result<(), Answer> {
        match says {
            Stated::NoOneWithout(factors, doors) => self.no_one_without(factors.get(), *doors),
            Stated::NoServiceOpens(doors) => self.no_service_opens(*doors),
            Stated::OnlyGroups(groups, doors) => self.only_groups(groups.as_slice(), *doors),
            Stated::NobodyButRoles { roles, may, in_their_place } => {
                self.nobody_but_roles(roles.as_slice(), may.as_str(), *in_their_place)
            }
            Stated::NeverOutside(schedule, doors) => {
                let condition = format!(r#"!context.schedules.contains(Schedule::"{schedule}")"#);
                let against = |c: &Case| !c.open.contains(schedule);
                self.in_person(*doors, &condition, &condition, &against, |open| !open.contains(schedule))
            }
        }
    }

    fn no_one_without(&self, factors: Factors, doors: Doors) -> Result<(), Answer> {
        let all: Vec<_> = factors.names().map(|n| format!(r#"context.factors.contains("{n}")"#)).collect();
        let condition = format!("!({})", all.join(" && "));
        let against = |c: &Case| {
            let shown = if c.deed == Deed::Pass { Factors::CODE } else { c.factors };
            !shown.contains(factors)
        };
        self.in_person(doors, &condition, &condition, &against, |_| true)
    }

    fn only_groups(&self, groups: &[GroupId], doors: Doors) -> Result<(), Answer> {
        let named: Vec<_> = groups.iter().map(|g| format!(r#"principal in Group::"{g}""#)).collect();
        let condition = format!("!({})", named.join(" || "));
        let against = |c: &Case| match &c.by {
            By::Person(_, own) => !groups.iter().any(|g| own.contains(g)),
            _ => true,
        };
        self.in_person(doors, &condition, "true", &against, |_| true)
    }

    fn no_service_opens(&self, doors: Doors) -> Result<(), Answer> {
        let asks = [Deed::Pass, Deed::Order(OrderAct::Unlock), Deed::Order(HOLD)];
        let asks = asks.map(|deed| Ask {
            deed,
            by: Kind::Service,
            condition: "true".into(),
            against: &|_| true,
            news: false,
        });
        self.all(&asks, &self.spots(doors))
    }

    /// Whoever enters in person, with a card or with a pass; and doors that a schedule frees while `free` says that this is
    /// against the statement.
    fn in_person(
        &self,
        doors: Doors,
        person: &str,
        service: &str,
        against: Against<'_>,
        free: impl Fn(&[ScheduleId]) -> bool,
    ) -> Result<(), Answer> {
        let site = self.after.site;
        for door in self.doors(doors) {
            let Some(schedule) = door.unlocked else { continue };
            let found = self.after.together.iter().find(|t| t.open.contains(&schedule) && free(&t.open));
            if let Some(found) = found {
                let at = found.at.map(|at| format!(" ({})", clock(&site.founding().zone, at)));
                return Err(Answer::Refuted(format!(
                    "anybody at all enters `{}` with nothing, while schedule `{schedule}` unlocks it{}",
                    door.id,
                    at.unwrap_or_default()
                )));
            }
        }
        let asks = IN_PERSON.map(|(deed, by)| {
            let condition = if by == Kind::Person { person } else { service };
            Ask { deed, by, condition: condition.into(), against, news: false }
        });
        self.all(&asks, &self.spots(doors))
    }

    fn nobody_but_roles(&self, roles: &[RoleId], may: &str, in_their_place: bool) -> Result<(), Answer> {
        let named: Vec<_> = roles.iter().map(|r| format!(r#"principal in Role::"{r}""#)).collect();
        let condition = format!("!({})", named.join(" || "));
        let others = |c: &Case| match &c.by {
            By::Operator(_, own) => !roles.iter().any(|r| own.contains(r)),
            _ => true,
        };
        let alone = |c: &Case| !in_their_place || !c.on_behalf;
        let mut all = Known::default();
        for (family, verb) in actions(may) {
            let (deed, spots) = self.deed(family, verb)?;
            let by_itself = if in_their_place && !deed.is_plain() { "!context.on_behalf" } else { "true" };
            let asks = [
                Ask { deed, by: Kind::Operator, condition: condition.clone(), against: &others, news: false },
                Ask { deed, by: Kind::Service, condition: by_itself.into(), against: &alone, news: false },
            ];
            all.and(self.all(those_who(deed, &asks), &spots))?;
        }
        all.in_the_end()
    }

    fn deed(&self, family: &str, verb: &'static str) -> Result<(Deed, Vec<Spot>), Answer> {
        let order = || [OrderAct::Unlock, HOLD, OrderAct::Release].into_iter().find(|a| a.verb() == verb);
        let read = || Read::ALL.into_iter().find(|r| r.verb() == verb);
        let way = || SignIn::ALL.into_iter().find(|w| w.verb() == verb);
        let found = match family {
            "change" => {
                let zones = self.after.site.zones().map(|z| Spot::Zone(z.id));
                Some((Deed::Change(verb), zones.chain([Spot::Site]).collect()))
            }
            "order" => order().map(|act| (Deed::Order(act), self.spots(Doors::All))),
            "sign-in" => way().map(|with| (Deed::SignIn(with), vec![Spot::Site])),
            _ => read().map(|what| (Deed::Read(what), vec![Spot::Site])),
        };
        found.ok_or_else(|| Answer::Unanswered(format!("nothing is known of `{family}:{verb}`")))
    }

    fn nothing_new(&self) -> Result<(), Answer> {
        let Some(before) = &self.before else {
            return Err(Answer::Unanswered("there is no change to compare with".into()));
        };
        let new = |c: &Case| c.permitted(before.site).is_none();
        let afar = ["change", "order", "read", "sign-in"].into_iter().flat_map(actions);
        let ask = |(deed, by)| Ask { deed, by, condition: "true".into(), against: &new, news: true };
        let mut all = Known::default();
        all.and(self.all(&IN_PERSON.map(ask), &self.spots(Doors::All)))?;
        // By phone one enters only where one may enter at all: beyond that, that a phone does it may be new.
        let condition = r#"context.factors == ["card", "key"]"#.into();
        let by_phone = Ask { condition, ..ask((Deed::Enter(Act::ByPhone), Kind::Person)) };
        all.and(self.all(&[by_phone], &self.spots(Doors::All)))?;
        for (family, verb) in afar {
            let (deed, spots) = self.deed(family, verb)?;
            let asks = [Kind::Operator, Kind::Service].map(|by| ask((deed, by)));
            all.and(self.all(those_who(deed, &asks), &spots))?;
        }
        all.and(news::beside_policy(before.site, self.after.site).map_or(Ok(()), Err))?;
        all.in_the_end()
    }

    fn doors(&self, doors: Doors) -> impl Iterator<Item = &Door> {
        let site = self.after.site;
        site.doors().filter(move |d| match doors {
            Doors::All => true,
            Doors::One(id) => d.id == id,
            Doors::Into(zone) => site.around(d.id).contains(&zone),
        })
    }

    fn spots(&self, doors: Doors) -> Vec<Spot> {
        self.doors(doors).map(|d| Spot::Door(d.id)).collect()
    }

    fn all(&self, asks: &[Ask<'_>], spots: &[Spot]) -> Result<(), Answer> {
        let mut all = Known::default();
        for ask in asks {
            let mut asked = BTreeSet::new();
            for spot in spots {
                all.and(self.one(ask, *spot, &mut asked))?;
            }
        }
        all.in_the_end()
    }
}

/// Refuted by one is refuted at once; otherwise all are looked at, and it is not known if one of them is not.
#[derive(Default)]
struct Known(Option<Answer>);

/// Services sign in to nothing: of the asks, an operator's comes first, and is then the only one.
fn those_who<'a, 'b>(deed: Deed, asks: &'b [Ask<'a>; 2]) -> &'b [Ask<'a>] {
    let [operator, _] = asks;
    if matches!(deed, Deed::SignIn(_)) { core::slice::from_ref(operator) } else { asks }
}

impl Known {
    fn and(&mut self, one: Result<(), Answer>) -> Result<(), Answer> {
        match one {
            Err(refuted @ Answer::Refuted(_)) => return Err(refuted),
            Err(other) => drop(self.0.get_or_insert(other)),
            Ok(()) => {}
        }
        Ok(())
    }

    fn in_the_end(self) -> Result<(), Answer> {
        self.0.map_or(Ok(()), Err)
    }
}
