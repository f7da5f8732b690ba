//! `decide`: a card in, an answer out, at a site of a million people, beside Cedar over the same policies.

use crate::cedar::{self, Asked};
use crate::dice::Dice;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, Lane, Sure, Track, each, interleave, ratio};
use crate::world::{Author, CARD_KEY, NOON, Plan, Size, controller, door_id, id, office, token};
use crate::{decide_cases, machine};
use clap::Args;
use core::time::Duration;
use lockward_model::{
    CardToken, ConfigRef, Digest, DoorId, Factors, GroupId, Known, Mono, Outcome, PersonId, PinFact, Side,
    ZoneId,
};
use lockward_policy::{Place, Policies, Situation, Verdict, Who};
use lockward_site::{Answer, Keep, Question, Site};
use lockward_wire::CardKey;

#[derive(Args)]
pub(crate) struct Options {
    /// People, each with one card.
    #[arg(long, default_value_t = 1_000_000)]
    users: usize,
    /// Rules and policies.
    #[arg(long, default_value_t = 10_000)]
    policies: usize,
    /// Doors.
    #[arg(long, default_value_t = 2_000)]
    doors: usize,
    /// Decisions a round.
    #[arg(long, default_value_t = 20_000)]
    decisions: usize,
    /// Random cases compared with the whole set, at sites of 40 policies.
    #[arg(long, default_value_t = 1_000_000)]
    cases: usize,
    /// Random cases compared with the whole set, at the full size.
    #[arg(long, default_value_t = 500)]
    full_cases: usize,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// Calls of the slow peer a round: 20 ms each.
const WHOLE_CALLS: usize = 5;
/// Doors of one controller at most.
const CONTROLLER_DOORS: usize = 64;
/// Questions at the ready: more than any cache between here and the disk holds.
const QUESTIONS: usize = 200_000;

/// A site that is ready to be asked, with what it was made from.
struct Ready {
    plan: Plan,
    site: Site,
    policies: Policies,
    doors: Vec<(DoorId, Vec<ZoneId>)>,
    build: Duration,
}

/// Somebody's card at some door.
struct Tap {
    person: usize,
    token: CardToken,
    door: usize,
}

impl Ready {
    fn new(size: Size) -> Result<Self, Failed> {
        let plan = Plan::new(size, 1)?;
        let (mut author, founding) = Author::found(2)?;
        let mut site = Site::found(&founding, author.site, Keep::Decisions)?;
        let mut build = Duration::ZERO;
        plan.entries(&mut author, |entry| {
            let before = machine::now();
            site.apply(entry)?;
            build += before.elapsed();
            Ok(())
        })?;
        let mut policies = Policies::new();
        for rule in &plan.rules {
            policies.put_rule(rule)?;
        }
        for text in lockward_policy::base_policies().iter().chain(&plan.texts) {
            policies.put_policy(text)?;
        }
        let doors = (0..size.doors).map(|n| Ok((door_id(n)?, plan.zones_of(n)?)));
        let doors = doors.collect::<Result<_, Failed>>()?;
        Ok(Self { plan, site, policies, doors, build })
    }

    /// Random people at random doors of the first `doors`.
    fn taps(&self, doors: usize, seed: u64) -> Result<Vec<Tap>, Failed> {
        let (mut dice, key) = (Dice::new(seed), CardKey::from_bytes(CARD_KEY));
        let mut tap = || {
            let person = dice.below(self.plan.size.people);
            Ok(Tap { person, token: token(&key, person)?, door: dice.below(doors.min(self.doors.len())) })
        };
        (0..QUESTIONS).map(|_| tap()).collect()
    }

    fn decide(&self, tap: &Tap) -> Result<Answer, Failed> {
        let (door, _) = self.doors.get(tap.door).ok_or("no such door")?;
        let question = Question {
            controller: controller()?,
            door: *door,
            side: Side::Entry,
            token: Some(tap.token),
            pin: PinFact::NotAsked,
            keypad: true,
            at: NOON,
            config_age: Duration::ZERO,
            config: ConfigRef { size: self.site.size(), root: Digest([1; 32]) },
            known: Known::default(),
        };
        Ok(self.site.decide(&question, Mono(5_000_000)))
    }

    /// The same question to the policies alone, by the index or without it.
    fn ask(
        &self,
        tap: &Tap,
        how: fn(&Policies, &Who<'_>, &Place<'_>, &Situation<'_>) -> Verdict,
    ) -> Result<Verdict, Failed> {
        let (door, zones) = self.doors.get(tap.door).ok_or("no such door")?;
        let kind = self.plan.doors.get(tap.door).ok_or("no such door")?.kind;
        let person: PersonId = id('p', tap.person)?;
        let who = Who { person, groups: self.plan.groups_of(tap.person) };
        let all = [office()?];
        let now = Situation {
            open: &all,
            all: &all,
            factors: Factors::CARD,
            reach: Factors::CARD.with(Factors::PIN),
            ..Situation::default()
        };
        Ok(how(&self.policies, &who, &Place { door: *door, kind, zones }, &now))
    }

    fn asked(&self, tap: &Tap) -> Result<Asked<'_>, Failed> {
        let (door, zones) = self.doors.get(tap.door).ok_or("no such door")?;
        let groups: &[GroupId] = self.plan.groups_of(tap.person);
        let kind = self.plan.doors.get(tap.door).ok_or("no such door")?.kind.as_str();
        let zones = zones.iter().map(ToString::to_string).collect();
        Ok(Asked { person: format!("p{}", tap.person), groups, door: door.to_string(), kind, zones })
    }

    /// The site's own answer, the whole set's, and that of Cedar without any of our rooms, must say the same.
    fn agrees(&self, tap: &Tap, peer: &cedar_policy::PolicySet) -> Result<bool, Failed> {
        let sliced = self.ask(tap, Policies::may_enter)?;
        let whole = self.ask(tap, Policies::may_enter_unsliced)?;
        let asked = self.asked(tap)?;
        let allowed = cedar::allows(&cedar::request(&asked, true)?, peer, &cedar::entities(&asked)?)?;
        let same = match (&self.decide(tap)?, &whole) {
            (Answer::Granted(_, access, _), Verdict::Permit { because }) => {
                matches!(&access.outcome, Outcome::Granted { because: told } if told == because)
            }
            (Answer::Granted(..), _) | (_, Verdict::Permit { .. } | Verdict::Error) => false,
            _ => true,
        };
        Ok(same && sliced == whole && allowed == matches!(whole, Verdict::Permit { .. }))
    }
}

/// Decides a list of taps again and again, each time from where it stopped.
fn lane<'a>(name: &'static str, ready: &'a Ready, taps: &'a [Tap], count: usize) -> Lane<'a> {
    let mut at = taps.iter().cycle();
    let run = move |_| {
        each(count, |_| {
            let answer = ready.decide(at.next().ok_or("no taps")?)?;
            std::hint::black_box(&answer);
            Ok(())
        })
    };
    Lane { name, run: Box::new(run) }
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("decide");
    let size = Size { people: options.users, policies: options.policies, doors: options.doors };
    let large = Ready::new(size)?;
    let small = Ready::new(Size { people: 10, policies: 10, doors: 2 })?;
    let peer = cedar::whole(&large.plan)?;
    report.about(format!(
        "{} people and cards, {} policies, {} doors, {} zones, {} groups, {} kinds of people",
        size.people,
        size.policies,
        size.doors,
        size.zones(),
        size.groups(),
        large.plan.memberships.len()
    ));
    report.about("random people at random doors, card only, in office hours; each call timed by itself");
    report.figure("build: signed entries checked and applied", large.build.as_nanos() as f64, "ns");

    let anywhere = large.taps(size.doors, 3)?;
    let one_controller = large.taps(CONTROLLER_DOORS, 4)?;
    let few = small.taps(2, 5)?;
    mix(&mut report, &large, &anywhere)?;
    let tracks = measure(options, &large, &small, &peer, [&anywhere, &one_controller, &few])?;
    tracks.iter().for_each(|t| report.track(t));
    if let [any, controller, _, ten, _, built, whole] = tracks.as_slice() {
        report.goal("Cedar, whole set / decide", ratio(whole, any), Bound::AtLeast(1_000.0));
        report.goal("decide / Cedar, one policy, built", ratio(any, built), Bound::AtMost(2.0));
        report.goal("decide / decide at 10 people", ratio(any, ten), Bound::AtMost(2.0));
        report.goal("the same at 64 doors", ratio(controller, ten), Bound::AtMost(2.0));
    }

    let full = anywhere.iter().take(options.full_cases);
    let mut diverged = 0usize;
    for tap in full {
        diverged += usize::from(!large.agrees(tap, &peer)?);
    }
    report.check(
        format!("{} at full size: decide, index, whole set, Cedar: {diverged} differ", options.full_cases),
        diverged == 0,
    );
    let compared = decide_cases::compare(options.cases)?;
    report.about(format!("random cases: {}", compared.told()));
    report.goal("divergences from the whole set", Sure::exact(compared.diverged as f64), Bound::AtMost(0.0));
    report.check(
        format!("{} random cases at 40 policies: {} differ", compared.cases, compared.diverged),
        compared.diverged == 0 && compared.reached_every_kind(),
    );
    report.check("a broken index would have been caught", decide_cases::broken_is_caught()?);
    Ok(report)
}

fn measure(
    options: &Options,
    large: &Ready,
    small: &Ready,
    peer: &cedar_policy::PolicySet,
    [anywhere, one_controller, few]: [&Vec<Tap>; 3],
) -> Result<Vec<Track>, Failed> {
    let count = options.decisions;
    let rule = large.plan.rules.first().ok_or("no rule")?;
    let alone = cedar::alone(rule)?;
    // Somebody whom that one rule lets in.
    let let_in = anywhere.iter().find(|tap| {
        let asked = large
            .asked(tap)
            .and_then(|a| cedar::allows(&cedar::request(&a, true)?, &alone, &cedar::entities(&a)?));
        matches!(asked, Ok(true))
    });
    let asked = large.asked(let_in.ok_or("nobody is let in by the first rule")?)?;
    let (request, entities) = (cedar::request(&asked, true)?, cedar::entities(&asked)?);
    let (mut only, mut all) = (anywhere.iter().cycle(), anywhere.iter().cycle());
    let allowed = |yes: bool| if yes { Ok(()) } else { Err(Failed::from("the one policy does not permit")) };
    let mut lanes = [
        lane("decide, any of all doors", large, anywhere, count),
        lane("decide, 64 doors", large, one_controller, count),
        Lane {
            name: "policy alone (may_enter), any of all doors",
            run: Box::new(|_| {
                each(count, |_| {
                    let verdict = large.ask(only.next().ok_or("no taps")?, Policies::may_enter)?;
                    let _ = std::hint::black_box(verdict);
                    Ok(())
                })
            }),
        },
        lane("decide, 10 people, 10 policies", small, few, count),
        Lane {
            name: "Cedar, one policy, request and entities ready",
            run: Box::new(|_| each(count, |_| allowed(cedar::allows(&request, &alone, &entities)?))),
        },
        Lane {
            name: "Cedar, one policy, request and entities built",
            run: Box::new(|_| {
                each(count, |_| {
                    allowed(cedar::allows(&cedar::request(&asked, true)?, &alone, &cedar::entities(&asked)?)?)
                })
            }),
        },
        Lane {
            name: "Cedar, whole set",
            run: Box::new(|_| {
                each(WHOLE_CALLS, |_| {
                    let asked = large.asked(all.next().ok_or("no taps")?)?;
                    let yes = cedar::allows(&cedar::request(&asked, true)?, peer, &cedar::entities(&asked)?)?;
                    std::hint::black_box(yes);
                    Ok(())
                })
            }),
        },
    ];
    interleave(options.rounds, &mut lanes)
}

/// Tells what the answers are: a benchmark of refusals alone would say little.
fn mix(report: &mut Report, ready: &Ready, taps: &[Tap]) -> Result<(), Failed> {
    let (mut granted, mut pin, mut denied) = (0, 0, 0);
    let some = taps.iter().take(10_000);
    for tap in some {
        match ready.decide(tap)? {
            Answer::Granted(..) => granted += 1,
            Answer::NeedPin | Answer::NeedSecond | Answer::NeedCard => pin += 1,
            Answer::Denied(..) => denied += 1,
        }
    }
    report.about(format!("of 10,000 answers: {granted} granted, {pin} ask for more, {denied} denied"));
    Ok(())
}
