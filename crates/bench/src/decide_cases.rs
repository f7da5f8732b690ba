//! Random sites, random policies, random questions: does the index ever differ from the whole set?

use crate::dice::Dice;
use crate::rounds::Failed;
use crate::world::id;
use core::time::Duration;
use lockward_model::{DoorKind, Factors, GroupId, PolicyText, Rule, ScheduleId, Target, ZoneId};
use lockward_policy::{Answers, Place, Policies, Situation, Verdict, Who, Would};

/// How many there are of each noun: few, so that everything meets.
const N: usize = 8;
/// Policies of a random site.
const POLICIES: usize = 40;
/// Questions to one random site, before another is made.
const QUESTIONS: usize = 2_000;
/// A world of its own for each seed; two threads share them.
const THREADS: usize = 2;

/// What came of the comparison.
#[derive(Default)]
pub(crate) struct Compared {
    pub(crate) cases: usize,
    pub(crate) worlds: usize,
    pub(crate) diverged: usize,
    /// Permit, forbid, nothing, with factors, at another time, error.
    kinds: [usize; 6],
}

impl Compared {
    pub(crate) fn told(&self) -> String {
        let [permit, forbid, nothing, factors, time, error] = self.kinds;
        format!(
            "{} worlds of {POLICIES} policies: {permit} permit, {forbid} forbid, {nothing} nothing, \
             {factors} other factors, {time} other time, {error} error",
            self.worlds
        )
    }

    /// No kind of answer is missing from the cases.
    pub(crate) fn reached_every_kind(&self) -> bool {
        self.cases < 10_000 || self.kinds.iter().all(|n| *n > 0)
    }

    fn count(&mut self, verdict: &Verdict) {
        let kind = match verdict {
            Verdict::Permit { .. } => 0,
            Verdict::Forbid { .. } => 1,
            Verdict::Nothing { would: None } => 2,
            Verdict::Nothing {
                would: Some(Would::WithFactors(_) | Would::WithSecond | Would::OutOfReach),
            } => 3,
            Verdict::Nothing { would: Some(Would::AtAnotherTime) } => 4,
            Verdict::Error => 5,
        };
        if let Some(n) = self.kinds.get_mut(kind) {
            *n += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.worlds += other.worlds;
        self.diverged += other.diverged;
        self.kinds.iter_mut().zip(other.kinds).for_each(|(a, b)| *a += b);
    }
}

/// Compares `cases` random questions.
pub(crate) fn compare(cases: usize) -> Result<Compared, Failed> {
    let worlds = cases.div_ceil(QUESTIONS);
    let share = |thread: usize| {
        let mut found = Compared::default();
        for seed in (0..worlds).skip(thread).step_by(THREADS) {
            found.add(&World::new(seed as u64)?.compare(QUESTIONS)?);
        }
        Ok::<_, Failed>(found)
    };
    let mut all = Compared::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|t| scope.spawn(move || share(t))).collect();
        for thread in threads {
            all.add(&thread.join().map_err(|_| "a thread of the comparison ended")??);
        }
        Ok::<_, Failed>(())
    })?;
    Ok(all)
}

/// Whether an index that lost its forbids, or is asked about someone else, ever differs from the whole set.
pub(crate) fn broken_is_caught() -> Result<bool, Failed> {
    let (mut forbids, mut person) = (0, 0);
    for seed in 0..20 {
        let mut world = World::new(seed)?;
        let mut lost = Policies::new();
        for text in world.texts.iter().filter(|t| !t.text.starts_with("forbid")) {
            // What was refused is in neither.
            let _ = lost.put_policy(text);
        }
        for rule in &world.rules {
            lost.put_rule(rule)?;
        }
        for _ in 0..100 {
            let asked = world.question()?;
            let other = Case { person: N, ..asked.clone() };
            let whole = asked.ask(&world.policies, None, Policies::may_enter_unsliced)?;
            forbids += usize::from(asked.ask(&lost, None, Policies::may_enter)? != whole);
            person += usize::from(other.ask(&world.policies, None, Policies::may_enter)? != whole);
        }
    }
    Ok(forbids > 0 && person > 0)
}

struct World {
    dice: Dice,
    policies: Policies,
    rules: Vec<Rule>,
    texts: Vec<PolicyText>,
    doors: Vec<(DoorKind, Vec<ZoneId>)>,
}

/// One question.
#[derive(Clone)]
struct Case {
    person: usize,
    groups: Vec<GroupId>,
    door: usize,
    kind: DoorKind,
    zones: Vec<ZoneId>,
    open: Vec<ScheduleId>,
    factors: Factors,
    age: u64,
}

impl World {
    fn new(seed: u64) -> Result<Self, Failed> {
        let mut dice = Dice::new(seed);
        let parents: Vec<Option<usize>> =
            (0..N).map(|n| (n > 0 && !dice.one_in(3)).then(|| dice.below(n))).collect();
        let mut doors = Vec::new();
        for _ in 0..N {
            let kind = dice.pick(&DoorKind::ALL[..3]).copied().unwrap_or(DoorKind::Room);
            let around = |z: &usize| parents.get(*z).copied().flatten();
            let zones = core::iter::successors(Some(dice.below(N)), around).map(|z| id('z', z));
            doors.push((kind, zones.collect::<Result<_, _>>()?));
        }
        let (mut policies, mut rules, mut texts) = (Policies::new(), Vec::new(), Vec::new());
        for n in 0..POLICIES {
            if dice.one_in(3) {
                let rule = random_rule(&mut dice, n)?;
                policies.put_rule(&rule)?;
                rules.push(rule);
            } else {
                let text = PolicyText { id: id('t', n)?, text: random_text(&mut dice).into() };
                // A policy that can never apply is refused, and not in force on either side.
                if policies.put_policy(&text).is_ok() {
                    texts.push(text);
                }
            }
        }
        Ok(Self { dice, policies, rules, texts, doors })
    }

    fn question(&mut self) -> Result<Case, Failed> {
        let dice = &mut self.dice;
        let (person, door) = (dice.below(N), dice.below(N));
        let groups = some(dice, 3).into_iter().map(|g| id('g', g)).collect::<Result<_, _>>()?;
        let open = some(dice, 3).into_iter().map(|s| id('s', s)).collect::<Result<_, _>>()?;
        let factors = Factors::from_bits((dice.next() & 3) as u8).unwrap_or_default();
        let (kind, zones) = self.doors.get(door).cloned().ok_or("no such door")?;
        Ok(Case { person, groups, door, kind, zones, open, factors, age: dice.next() % 5 })
    }

    fn compare(&mut self, questions: usize) -> Result<Compared, Failed> {
        let mut found = Compared { worlds: 1, ..Compared::default() };
        let sitting = Answers::default();
        for _ in 0..questions {
            let case = self.question()?;
            let sliced = case.ask(&self.policies, None, Policies::may_enter)?;
            let whole = case.ask(&self.policies, None, Policies::may_enter_unsliced)?;
            let among = case.ask(&self.policies, Some(&sitting), Policies::may_enter)?;
            found.cases += 1;
            found.diverged += usize::from(sliced != whole || among != whole);
            found.count(&whole);
        }
        Ok(found)
    }
}

impl Case {
    fn ask(
        &self,
        policies: &Policies,
        answers: Option<&Answers>,
        how: fn(&Policies, &Who<'_>, &Place<'_>, &Situation<'_>) -> Verdict,
    ) -> Result<Verdict, Failed> {
        let all = (0..N).map(|s| id('s', s)).collect::<Result<Vec<ScheduleId>, _>>()?;
        let age = Duration::from_secs(self.age);
        let now = Situation {
            open: &self.open,
            all: &all,
            factors: self.factors,
            config_age: age,
            reach: Factors::CARD.with(Factors::PIN),
            answers,
            ..Situation::default()
        };
        let place = Place { door: id('d', self.door)?, kind: self.kind, zones: &self.zones };
        Ok(how(policies, &Who { person: id('p', self.person)?, groups: &self.groups }, &place, &now))
    }
}

fn some(dice: &mut Dice, most: usize) -> Vec<usize> {
    (0..dice.below(most + 1)).map(|_| dice.below(N)).collect()
}

fn random_rule(dice: &mut Dice, n: usize) -> Result<Rule, Failed> {
    let mut groups = some(dice, 2);
    groups.push(dice.below(N));
    let zones = some(dice, 2).into_iter().map(|z| Ok(Target::Zone(id('z', z)?)));
    let mut targets = zones.collect::<Result<Vec<_>, Failed>>()?;
    if targets.is_empty() {
        targets.push(Target::Door(id('d', dice.below(N))?));
    }
    Ok(Rule {
        id: id('r', n)?,
        title: id('r', n)?,
        groups: groups.into_iter().map(|g| id('g', g)).collect::<Result<_, _>>()?,
        targets,
        schedule: if dice.one_in(2) { Some(id('s', dice.below(N))?) } else { None },
        factors: Factors::from_bits((dice.next() & 3) as u8).unwrap_or_default(),
        two_people: false,
    })
}

fn random_text(dice: &mut Dice) -> String {
    let n = dice.below(N);
    let principal = match dice.below(6) {
        0 => "principal".to_owned(),
        1 => format!(r#"principal == Person::"p{n}""#),
        2 => format!(r#"principal is Person in Group::"g{n}""#),
        _ => format!(r#"principal in Group::"g{n}""#),
    };
    let n = dice.below(N);
    let resource = match dice.below(6) {
        0 => "resource".to_owned(),
        1 => format!(r#"resource == Door::"d{n}""#),
        2 => "resource is Door".to_owned(),
        _ => format!(r#"resource in Zone::"z{n}""#),
    };
    let effect = if dice.one_in(3) { "forbid" } else { "permit" };
    let clauses: String = (0..dice.below(3))
        .map(|_| {
            let when = if dice.one_in(3) { "unless" } else { "when" };
            format!(" {when} {{ {} }}", condition(dice, 2))
        })
        .collect();
    format!(r#"{effect} ({principal}, action == Action::"enter", {resource}){clauses};"#)
}

fn condition(dice: &mut Dice, depth: usize) -> String {
    if depth > 0 && dice.one_in(2) {
        let (a, b) = (condition(dice, depth - 1), condition(dice, depth - 1));
        return match dice.below(4) {
            0 => format!("!({a})"),
            1 => format!("({a}) && ({b})"),
            2 => format!("({a}) || ({b})"),
            _ => format!("if {a} then {b} else {}", condition(dice, depth - 1)),
        };
    }
    let n = dice.below(N);
    match dice.below(11) {
        0 => r#"resource.kind == "gate""#.to_owned(),
        1 => format!(r#"principal == Person::"p{n}""#),
        2 => format!(r#"principal in Group::"g{n}""#),
        3 => format!(r#"[Person::"p{n}", Person::"p0"].contains(principal)"#),
        4 => format!(r#"resource in [Zone::"z{n}", Zone::"z1"]"#),
        5 => format!(r#"resource == Door::"d{n}""#),
        6 => format!(r#"context.schedules.contains(Schedule::"s{n}")"#),
        7 => "context.schedules.isEmpty()".to_owned(),
        8 => r#"context.factors.contains("pin")"#.to_owned(),
        9 => format!("context.config_age > {}", n % 4),
        // An error from the third second on.
        _ => "context.config_age * 4611686018427387904 >= 0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_cases_reach_every_kind_of_answer_and_none_differs() {
        let found = compare(10_000).unwrap();
        assert_eq!(found.diverged, 0);
        assert!(found.kinds.iter().all(|n| *n >= 20), "{}", found.told());
        assert!(broken_is_caught().unwrap());
    }
}
