//! `ask`: who can open a door, and what can a person open, at a large site; beside deciding every pair one by one.

use crate::dice::Dice;
use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, Lane, Sure, Track, bootstrap, each, interleave, percentile, ratio};
use crate::world::{Author, CARD_KEY, NOON, Plan, Size, controller, door_id, id, token};
use clap::Args;
use core::ops::Range;
use core::time::Duration;
use lockward_model::{
    Change, ConfigRef, Credential, Digest, DoorId, Factors, Known, Mono, PersonId, PinFact, PinHash, Proof,
    Side, Validity,
};
use lockward_site::{Answer, Keep, Question, Site, When};
use lockward_wire::CardKey;
use std::collections::BTreeMap;

#[derive(Args)]
pub(crate) struct Options {
    /// People, each with one card.
    #[arg(long, default_value_t = 10_000)]
    users: usize,
    /// Rules and policies.
    #[arg(long, default_value_t = 2_000)]
    policies: usize,
    /// Doors.
    #[arg(long, default_value_t = 500)]
    doors: usize,
    /// Questions of each kind in a round.
    #[arg(long, default_value_t = 20)]
    questions: usize,
    /// Doors, and people, whose whole answer is compared with deciding each pair.
    #[arg(long, default_value_t = 50)]
    compared: usize,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// Longest that somebody waits for an answer.
const GOAL_SECONDS: f64 = 1.0;
/// All but one answer in a hundred are within it.
const SHARE: f64 = 0.99;

/// What somebody shows at a door that lets them in.
type Shown = BTreeMap<(PersonId, DoorId), Factors>;

/// People whose PINs fit one entry: 100 bytes of hash each, and as much around it.
const PINS_AN_ENTRY: usize = 100;
/// A hash of some PIN in PHC's form. Nobody types it here: a door is told that it was right.
const SOME_PIN: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YmVuY2ggYmVuY2ggYmVuYw$YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmU";

/// A site at which everybody has a card and a PIN, so that every answer can be tried at the doors.
struct Town {
    site: Site,
    build: Duration,
}

impl Town {
    fn new(size: Size) -> Result<Self, Failed> {
        let plan = Plan::new(size, 1)?;
        let (mut author, founding) = Author::found(2)?;
        let mut site = Site::found(&founding, author.site, Keep::Decisions)?;
        let mut build = Duration::ZERO;
        let mut apply = |entry: &[u8]| {
            let before = machine::now();
            site.apply(entry)?;
            build += before.elapsed();
            Ok(())
        };
        plan.entries(&mut author, &mut apply)?;
        for first in (0..size.people).step_by(PINS_AN_ENTRY) {
            let pins = (first..size.people.min(first + PINS_AN_ENTRY)).map(pin);
            apply(&author.sign(pins.collect::<Result<_, Failed>>()?)?)?;
        }
        Ok(Self { site, build })
    }
}

fn pin(person: usize) -> Result<Change, Failed> {
    let (id, person) = (id('k', person)?, id('p', person)?);
    let proof = Proof::Pin(PinHash(SOME_PIN.into()));
    Ok(Change::PutCredential(Credential { id, person, proof, valid: Validity::default() }))
}

/// Walks up to a door with a card, and types a PIN if it is asked for.
fn walk_up(town: &Town, person: usize, door: usize) -> Result<Option<Factors>, Failed> {
    let base = Question {
        controller: controller()?,
        door: door_id(door)?,
        side: Side::Entry,
        token: Some(token(&CardKey::from_bytes(CARD_KEY), person)?),
        pin: PinFact::NotAsked,
        keypad: true,
        at: NOON,
        config_age: Duration::ZERO,
        config: ConfigRef { size: town.site.size(), root: Digest([1; 32]) },
        known: Known::default(),
    };
    let decide = |pin| town.site.decide(&Question { pin, ..base.clone() }, Mono(5_000_000));
    let (factors, answer) = match decide(PinFact::NotAsked) {
        Answer::NeedPin => (Factors::CARD.with(Factors::PIN), decide(PinFact::Right)),
        answer => (Factors::CARD, answer),
    };
    Ok(matches!(answer, Answer::Granted(..)).then_some(factors))
}

/// Everybody at some doors, or some people at every door, one pair after the other.
fn one_by_one(town: &Town, people: Range<usize>, doors: Range<usize>) -> Result<Shown, Failed> {
    let mut found = Shown::new();
    for door in doors {
        for person in people.clone() {
            if let Some(factors) = walk_up(town, person, door)? {
                found.insert((id('p', person)?, door_id(door)?), factors);
            }
        }
    }
    Ok(found)
}

fn who_can(town: &Town, door: DoorId) -> Shown {
    let all = town.site.who_can(door, NOON).into_iter();
    all.filter(|e| !e.second).map(|e| ((e.person, door), e.factors)).collect()
}

fn what_can(town: &Town, person: PersonId) -> Shown {
    let all = town.site.what_can(person, NOON).into_iter();
    let now = all.filter(|r| r.when == When::Now && !r.how.second);
    now.map(|r| ((person, r.door), r.how.factors)).collect()
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("ask");
    let size = Size { people: options.users, policies: options.policies, doors: options.doors };
    let town = Town::new(size)?;
    report.about(format!(
        "{} people and cards, {} policies, {} doors, {} zones, {} groups",
        size.people,
        size.policies,
        size.doors,
        size.zones(),
        size.groups()
    ));
    report.about("a random door or person each time, in office hours; each question timed by itself");
    report.figure("build: signed entries checked and applied", town.build.as_nanos() as f64, "ns");
    let tracks = measure(options, &town)?;
    tracks.iter().for_each(|t| report.track(t));
    if let [who, what, pairs] = tracks.as_slice() {
        report.goal("who-can, 99th percentile, s", seconds(who), Bound::AtMost(GOAL_SECONDS));
        report.goal("what-can, 99th percentile, s", seconds(what), Bound::AtMost(GOAL_SECONDS));
        report.goal("who-can / one by one", ratio(who, pairs), Bound::AtMost(1.0));
    }
    compare(options, &town, &mut report)?;
    Ok(report)
}

fn seconds(track: &Track) -> Sure {
    bootstrap(&track.all, &track.all, |all, _| percentile(all, SHARE) / 1e9)
}

fn measure(options: &Options, town: &Town) -> Result<Vec<Track>, Failed> {
    let (people, doors, count) = (options.users, options.doors, options.questions);
    let (mut a, mut b, mut c) = (Dice::new(3), Dice::new(4), Dice::new(5));
    let mut lanes = [
        Lane {
            name: "who-can: a door",
            run: Box::new(|_| {
                each(count, |_| {
                    std::hint::black_box(town.site.who_can(door_id(a.below(doors))?, NOON));
                    Ok(())
                })
            }),
        },
        Lane {
            name: "what-can: a person",
            run: Box::new(|_| {
                each(count, |_| {
                    std::hint::black_box(town.site.what_can(id('p', b.below(people))?, NOON));
                    Ok(())
                })
            }),
        },
        Lane {
            name: "everybody at a door, decided one by one",
            run: Box::new(|_| {
                each(1, |_| {
                    let door = c.below(doors);
                    std::hint::black_box(one_by_one(town, 0..people, door..door + 1)?);
                    Ok(())
                })
            }),
        },
    ];
    interleave(options.rounds, &mut lanes)
}

/// Both lists hold just those whom the doors let in, with just what the doors ask for.
fn compare(options: &Options, town: &Town, report: &mut Report) -> Result<(), Failed> {
    let (people, doors, sample) = (options.users, options.doors, options.compared);
    let mut dice = Dice::new(6);
    let (mut who_differ, mut what_differ, mut entries) = (0, 0, 0);
    for _ in 0..sample {
        let door = dice.below(doors);
        let listed = who_can(town, door_id(door)?);
        entries += listed.len();
        who_differ += usize::from(listed != one_by_one(town, 0..people, door..door + 1)?);
        let person = dice.below(people);
        let listed = what_can(town, id('p', person)?);
        entries += listed.len();
        what_differ += usize::from(listed != one_by_one(town, person..person + 1, 0..doors)?);
    }
    report.check(
        format!("who-can at {sample} doors, each person decided: {who_differ} differ"),
        who_differ == 0,
    );
    report.check(
        format!("what-can of {sample} people, each door decided: {what_differ} differ"),
        what_differ == 0,
    );
    report.check(format!("the lists compared hold {entries} entries"), entries > 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_small_site_both_lists_are_what_the_doors_say() {
        let options = Options { users: 60, policies: 100, doors: 30, questions: 1, compared: 20, rounds: 1 };
        assert!(run(&options).unwrap().held());
    }

    #[test]
    fn a_list_that_lacks_somebody_would_be_seen() {
        let town = Town::new(Size { people: 60, policies: 100, doors: 30 }).unwrap();
        let door = (0..30).find(|d| !who_can(&town, door_id(*d).unwrap()).is_empty()).unwrap();
        let mut listed = who_can(&town, door_id(door).unwrap());
        listed.pop_first();
        assert_ne!(listed, one_by_one(&town, 0..60, door..door + 1).unwrap());
    }
}
