//! Each statement taken apart into questions to the solver: one for each kind of deed, at each place that policies tell apart.

use crate::case::{By, Case, Deed, Spot};
use crate::news;
use crate::solver::{Solver, SolverMissing};
use crate::statement::{Doors, Statement, actions};
use crate::tell::{clock, sentence};
use crate::witness::{Against, witness};
use crate::world::{Kind, Names, World, permits, request_env};
use cedar_policy::{Policy, PolicyId, PolicySet};
use core::time::Duration;
use lockward_model::{Change, Door, Factors, GroupId, OrderAct, RoleId, ScheduleId, Time};
use lockward_policy::{Act, Read};
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
    after: World<'a>,
    before: Option<World<'a>>,
    solver: Result<Solver, SolverMissing>,
}

/// One question: a deed by somebody of a kind, at each of some places, against what the condition says.
struct Ask<'a> {
    deed: Deed,
    by: Kind,
    /// In Cedar.
    condition: String,
    against: Against<'a>,
    /// Whether only what was not permitted before counts.
    news: bool,
}

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
    pub fn answer(&self, statement: &Statement) -> Answer {
        let all = match statement {
            Statement::NoOneWithout(factors, doors) => self.no_one_without(*factors, *doors),
            Statement::NoServiceOpens(doors) => self.no_service_opens(*doors),
            Statement::OnlyGroups(groups, doors) => self.only_groups(groups, *doors),
            Statement::NobodyButRoles { roles, may, in_their_place } => {
                self.nobody_but_roles(roles, may, *in_their_place)
            }
            Statement::NeverOutside(schedule, doors) => {
                let condition = format!(r#"!context.schedules.contains(Schedule::"{schedule}")"#);
                let against = |c: &Case| !c.open.contains(schedule);
                self.in_person(*doors, &condition, &condition, &against, |open| !open.contains(schedule))
            }
            Statement::GivesNothingNew => self.gives_nothing_new(),
        };
        match all {
            Ok(()) => Answer::Proved,
            Err(answer) => answer,
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
        for (family, verb) in actions(may) {
            let Some((deed, spots)) = self.deed(family, verb) else { continue };
            let by_itself = if in_their_place && family != "read" { "!context.on_behalf" } else { "true" };
            let asks = [
                Ask { deed, by: Kind::Operator, condition: condition.clone(), against: &others, news: false },
                Ask { deed, by: Kind::Service, condition: by_itself.into(), against: &alone, news: false },
            ];
            self.all(&asks, &spots)?;
        }
        Ok(())
    }

    fn deed(&self, family: &str, verb: &'static str) -> Option<(Deed, Vec<Spot>)> {
        let site = self.after.site;
        Some(match family {
            "change" => {
                let zones = site.zones().map(|z| Spot::Zone(z.id));
                (Deed::Change(verb), zones.chain([Spot::Site]).collect())
            }
            "order" => {
                let act =
                    [OrderAct::Unlock, HOLD, OrderAct::Release].into_iter().find(|a| a.verb() == verb)?;
                (Deed::Order(act), self.spots(Doors::All))
            }
            _ => (Deed::Read(Read::ALL.into_iter().find(|r| r.verb() == verb)?), vec![Spot::Site]),
        })
    }

    fn gives_nothing_new(&self) -> Result<(), Answer> {
        let Some(before) = &self.before else {
            return Err(Answer::Unanswered("there is no change to compare with".into()));
        };
        let new = |c: &Case| c.permitted(before.site).is_none();
        let changes = Change::VERBS.map(|v| ("change", v));
        let orders = OrderAct::VERBS.map(|v| ("order", v));
        let reads = Read::ALL.map(|r| ("read", r.verb()));
        let afar = changes.into_iter().chain(orders).chain(reads);
        let afar = afar.filter_map(|(family, verb)| self.deed(family, verb));
        let at_doors = IN_PERSON.map(|(deed, by)| (deed, vec![by], self.spots(Doors::All)));
        let from_afar = afar.map(|(deed, spots)| (deed, vec![Kind::Operator, Kind::Service], spots));
        for (deed, by, spots) in at_doors.into_iter().chain(from_afar) {
            let ask = |by| Ask { deed, by, condition: "true".into(), against: &new, news: true };
            self.all(&by.into_iter().map(ask).collect::<Vec<_>>(), &spots)?;
        }
        news::beside_policy(before.site, self.after.site).map_or(Ok(()), Err)
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

    /// Refuted by one is refuted; otherwise not known if one is not known.
    fn all(&self, asks: &[Ask<'_>], spots: &[Spot]) -> Result<(), Answer> {
        let mut open = None;
        for ask in asks {
            let mut asked = BTreeSet::new();
            for spot in spots {
                match self.one(ask, *spot, &mut asked) {
                    Err(refuted @ Answer::Refuted(_)) => return Err(refuted),
                    Err(other) => drop(open.get_or_insert(other)),
                    Ok(()) => {}
                }
            }
        }
        open.map_or(Ok(()), Err)
    }

    fn one(&self, ask: &Ask<'_>, spot: Spot, asked: &mut BTreeSet<String>) -> Result<(), Answer> {
        let (world, at) = (&self.after, (ask.deed, ask.by, spot));
        let slice = world.slice(ask.deed, spot);
        // Nothing permits it: no solver is needed for that.
        if !permits(&slice) {
            return Ok(());
        }
        let unknown = |why: String| Answer::Unanswered(why);
        let condition = policy(
            "condition",
            &format!("permit (principal, action, resource) when {{ {} }};", ask.condition),
        );
        let condition = condition.map_err(unknown)?;
        let old =
            if ask.news { self.before.as_ref().map(|b| b.slice_if_there(ask.deed, spot)) } else { None };
        if old.as_ref().is_some_and(|old| alike(old, &slice)) {
            return Ok(());
        }
        let mut names = Names::default();
        slice.iter().chain(old.iter().flatten()).chain([&condition]).for_each(|p| names.add(p));
        let looks = format!("{} {}", world.looks(spot, &slice, &names), old.as_ref().map_or(0, Vec::len));
        if !asked.insert(looks) {
            return Ok(());
        }
        let solver = self.solver.as_ref().map_err(|e| Answer::Unanswered(e.to_string()))?;
        let env = request_env(ask.deed, ask.by, spot).map_err(unknown)?;
        let env = (&world.schema, &env);
        let knows = world.knows(ask.deed, ask.by, spot, &names);
        let found = match old {
            None => {
                let against = format!(
                    "permit (principal, action, resource) when {{ {knows} }} when {{ {} }};",
                    ask.condition
                );
                let against = set(vec![policy("against", &against).map_err(unknown)?]).map_err(unknown)?;
                solver.common(env, &set(slice).map_err(unknown)?, &against)
            }
            Some(old) => {
                for one in old.iter().filter(|p| calculates(p)) {
                    // The doors refuse what can not be evaluated; Cedar looks past it. The two must be one.
                    if !solver.never_fails(env, one).map_err(unknown)? {
                        return Err(Answer::Unanswered(format!("`{}` can fail to be evaluated", one.id())));
                    }
                }
                let impossible = format!("forbid (principal, action, resource) unless {{ {knows} }};");
                let mut left = slice;
                left.push(policy("impossible", &impossible).map_err(unknown)?);
                solver.beyond(env, &set(left).map_err(unknown)?, &set(old).map_err(unknown)?)
            }
        };
        let Some(env) = found.map_err(unknown)? else { return Ok(()) };
        let found = witness(world, at, &names, &env, ask.against).ok_or_else(|| {
            Answer::Unanswered(format!("the solver's counterexample at {spot:?} is none at the doors"))
        })?;
        Err(Answer::Refuted(sentence(&found, &world.together, &world.site.founding().zone)))
    }
}

fn policy(name: &str, text: &str) -> Result<Policy, String> {
    Policy::parse(Some(PolicyId::new(name)), text).map_err(|e| e.to_string())
}

fn set(policies: Vec<Policy>) -> Result<PolicySet, String> {
    PolicySet::from_policies(policies).map_err(|e| e.to_string())
}

/// Whether two lists hold the same policies, word for word.
fn alike(a: &[Policy], b: &[Policy]) -> bool {
    let told = |all: &[Policy]| -> BTreeSet<String> { all.iter().map(ToString::to_string).collect() };
    told(a) == told(b)
}

/// Whether it holds a sum, a difference or a product: all else that policies say here has a value.
fn calculates(policy: &Policy) -> bool {
    let sums = ["\"+\":", "\"-\":", "\"*\":", "\"neg\":"];
    policy.to_json().map_or(true, |json| {
        let json = json.to_string();
        sums.iter().any(|sum| json.contains(sum))
    })
}
