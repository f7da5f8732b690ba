//! The hardened site that is attacked, from its first day to the audit after the thief is gone.

use super::kept::audit;
use super::link::{PATIENCE, Taken};
use super::script::{Attempt, Due, Script, envelope, until};
use super::stolen::Stolen;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::time::Duration;
use lockward_hub::Office;
use lockward_model::{
    Body, Change, ChangeSet, ControllerId, Event, Freshness, Operator, OperatorId, OperatorKey,
    Outcome as Decided, Person, PublicKey, SigningKey, Source, Time, Validity, Zone, ZoneRules,
};
use lockward_sim::authenticator::Authenticator;
use lockward_sim::card::Card;
use lockward_sim::chance::Chance;
use lockward_sim::clock::ScaledClock;
use lockward_sim::people::{Worker, people};
use lockward_sim::{House, settle_as};
use lockward_store::{HubError, Log};
use lockward_wire::config::{PayloadType, encode_changes};
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex};
use tempfile::TempDir;

/// Half past seven on a Tuesday, by the clock on the site's wall: in an hour two doors stand open by their schedules.
const BEGIN: &str = "2026-11-17T06:30:00Z";
/// How much faster than real the site's clocks go: the minute that a number lives takes a quarter of it.
const SPEED: f64 = 4.0;
/// How old the hub's word may be at the server room.
const FRESH: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Each controller, and the door of it that is wanted.
const WANTED: [(&str, &str, &str); 5] = [
    ("front", "staff-entrance", "managers"),
    ("docks", "returns", "managers"),
    ("halls", "picking", "managers"),
    ("vault", "server-room", "managers"),
    ("lockers", "locker-1", "drivers"),
];
/// The controller that is started again under attack, the one whose way out is pressed, and
/// the one that is given more than it takes.
const RESTARTED: &str = "halls";
const WAY_OUT: &str = "front";
const FLOODED: &str = "lockers";

/// The keys of people, which no hub has; and cards that are good no more, or not yet.
pub(crate) struct Operators {
    pub(crate) owner: Ed25519KeyPair,
    pub(crate) leaver: Ed25519KeyPair,
    pub(crate) auditor: Ed25519KeyPair,
    pub(crate) stranger: Ed25519KeyPair,
    /// An owner's passkey, touched at the pages of the hub that is not theirs any more.
    pub(crate) touched: Authenticator,
    pub(crate) ended: Card,
    pub(crate) to_come: Card,
}

/// What came of it all.
pub(crate) struct Outcome {
    pub(crate) attempts: Vec<Attempt>,
    /// What should stand in a controller's records and does not, and in the hub's log afterwards.
    pub(crate) unrecorded: Vec<String>,
    pub(crate) not_in_log: Vec<String>,
    /// Decisions that were made again from the log, and those that could not be.
    pub(crate) decided: u64,
    pub(crate) sealed: u64,
}

/// What machines do not tell by an event.
#[allow(clippy::disallowed_methods, reason = "a test waits for machines")]
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}

struct Attacked {
    kept: TempDir,
    house: House,
    clock: Arc<ScaledClock>,
    people: Arc<Operators>,
    staff: Vec<Worker>,
}

/// Founds the site, hardens it, steals its hub, tries everything, gives the hub back, and looks at what is on record.
pub(crate) fn run(seed: u64) -> Outcome {
    let mut site = Attacked::open(seed);
    let address = site.house.hub().unwrap().addr();
    site.house.stop_hub();
    let stolen = Arc::new(Stolen::from(&site.kept.path().join("hub")));
    // Somebody is thrown out, and the thief keeps that to himself.
    let size = site.throws_out("ivy");
    let controllers = site.house.controllers();
    let (taken, visitors) = Taken::new(&stolen, address, &controllers, &site.clock);
    let seen = Arc::new((Mutex::default(), Barrier::new(controllers.len())));
    let mut chance = Chance::new(seed);
    let doors = site.house.doors();
    let mut scripts = Vec::new();
    for (nth, visitor) in visitors.into_iter().enumerate() {
        let (_, door, group) = *WANTED.iter().find(|(id, ..)| *id == visitor.id.as_str()).unwrap();
        let door = door.parse().unwrap();
        let bus = Arc::clone(&doors[&door]);
        let mine = doors.iter().filter(|(_, line)| Arc::ptr_eq(line, &bus)).map(|(id, _)| *id);
        let rightly: BTreeMap<_, _> = mine.map(|id| (id, bus.releases(id))).collect();
        let card = site.staff.iter().filter(|w| w.group() == group).nth(nth).unwrap().card.clone();
        let (people, seen, chance) =
            (Arc::clone(&site.people), Arc::clone(&seen), Chance::new(chance.number()));
        scripts.push(Script { visitor, people, chance, attempts: vec![], seen, door, card, bus, rightly });
    }
    // All controllers at once.
    let mut scripts: Vec<(Script, Option<Vec<u8>>)> = std::thread::scope(|scope| {
        let played: Vec<_> = scripts.into_iter().map(|script| scope.spawn(|| play(script))).collect();
        played.into_iter().map(|script| script.join().unwrap()).collect()
    });
    for script in scripts.iter_mut().filter(|script| script.1.is_some()) {
        let (script, kept) = (&mut script.0, script.1.take().unwrap());
        site.house.stop_controller(script.visitor.id);
        site.house.start_controller(script.visitor.id).unwrap();
        until(|| script.bus.is_online());
        script.visitor.hang_up();
        script.refuses("from before the controller was started again", kept, "ORDER_REPLAYED");
        script.somebody_enters();
    }
    let attempts: Vec<Attempt> = scripts.into_iter().flat_map(|(script, _)| script.attempts).collect();
    drop(taken);
    site.ends(attempts, size)
}

/// Everything that is tried at one controller while it runs; what is kept for after its restart.
fn play(mut script: Script) -> (Script, Option<Vec<u8>>) {
    let kept = script.overhears();
    script.somebody_enters();
    let mut stages: Vec<fn(&mut Script)> = vec![
        Script::forges_orders,
        Script::forges_changes,
        Script::forks_logs,
        Script::hands_other_keys,
        Script::tells_the_wrong_time,
    ];
    while !stages.is_empty() {
        let next = usize::try_from(script.chance.below(stages.len() as u64)).unwrap();
        stages.swap_remove(next)(&mut script);
    }
    script.is_late();
    match script.visitor.id.as_str() {
        "vault" => script.is_kept_in_the_dark(FRESH),
        WAY_OUT => script.somebody_leaves(),
        _ => {}
    }
    script.is_too_late(&kept);
    if script.visitor.id.as_str() == FLOODED {
        script.floods();
    }
    script.somebody_enters();
    script.watches();
    let restart = (script.visitor.id.as_str() == RESTARTED).then_some(kept.restart);
    (script, restart)
}

fn public(pair: &Ed25519KeyPair) -> PublicKey {
    PublicKey(pair.public_key().as_ref().try_into().unwrap())
}

impl Attacked {
    fn open(seed: u64) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let begin = Time(BEGIN.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let clock = Arc::new(ScaledClock::from(begin, SPEED));
        // A PIN costs an Argon2id, and none is needed here.
        let staff = people(seed).into_iter().filter(|w| ["managers", "drivers"].contains(&w.group()));
        let staff: Vec<Worker> = staff.map(|w| Worker { pin: None, ..w }).collect();
        let managers: Vec<&Worker> = staff.iter().filter(|w| w.group() == "managers").collect();
        let pair = || Ed25519KeyPair::generate().unwrap();
        let people = Arc::new(Operators {
            owner: pair(),
            leaver: pair(),
            auditor: pair(),
            stranger: pair(),
            touched: Authenticator::new("localhost", "http://localhost:8080").unwrap(),
            ended: managers[13].card.clone(),
            to_come: managers[14].card.clone(),
        });
        let of = |worker: &Worker, valid| Person {
            id: worker.id.parse().unwrap(),
            groups: vec!["managers".parse().unwrap()],
            valid,
            suspended: false,
            extended: false,
            visit: None,
            sealed: None,
        };
        let operator = |id: &str, key, role: &str| {
            let (id, title) = (id.parse().unwrap(), id.parse().unwrap());
            Change::PutOperator(Operator::with_key(id, title, public(key), vec![role.parse().unwrap()]))
        };
        let rules = ZoneRules { fresh_within: Freshness::new(FRESH).ok(), ..ZoneRules::default() };
        let (ended, to_come) = (begin - DAY, begin + DAY);
        let more = vec![
            operator("ivy", &people.leaver, "owner"),
            operator("audrey", &people.auditor, "auditor"),
            Change::PutOperator(Operator {
                id: "tess".parse().unwrap(),
                title: "tess".parse().unwrap(),
                keys: vec![OperatorKey {
                    title: "desk".parse().unwrap(),
                    key: SigningKey::Passkey(people.touched.passkey().clone()),
                }],
                roles: vec!["owner".parse().unwrap()],
                until: None,
                person: None,
            }),
            Change::PutZone(Zone {
                id: "server-room".parse().unwrap(),
                title: "Server room".parse().unwrap(),
                parent: "offices".parse().ok(),
                rules,
            }),
            Change::PutPerson(of(managers[13], Validity { from: None, until: Some(ended) })),
            Change::PutPerson(of(managers[14], Validity { from: Some(to_come), until: None })),
            Change::PutPolicy(lockward_policy::signed_apart().unwrap()),
            Change::RemovePolicy(lockward_policy::HUB_SIGNS.parse().unwrap()),
        ];
        settle_as(&kept.path().join("hub"), &staff, &people.owner, more, &clock).unwrap();
        let house = House::open(kept.path(), &staff, &clock, "127.0.0.1:0".parse().unwrap(), None).unwrap();
        assert!(house.await_ready(PATIENCE), "the site comes up");
        let doors = house.doors();
        until(|| doors.iter().all(|(door, bus)| !bus.bolt_released(*door)));
        let this = Self { kept, house, clock, people, staff };
        // Each controller has cosigned the event log: it has seen a past.
        let (office, all) = (Arc::clone(this.house.hub().unwrap().office()), this.house.controllers().len());
        let cosigned = |size| office.store().cosignatures(Log::Event, size).unwrap();
        until(|| {
            let size = office.store().head(Log::Event).unwrap().size();
            let names: std::collections::BTreeSet<_> =
                (0..=size).flat_map(cosigned).map(|line| line.name).collect();
            names.len() == all
        });
        this
    }

    /// The owner ends somebody's authority, in the hub's own folder; the size of the log with that.
    fn throws_out(&self, who: &str) -> u64 {
        let office = self.house.office().unwrap();
        let who: OperatorId = who.parse().unwrap();
        let set = ChangeSet {
            site: office.id(),
            at: office.site().size(),
            drafted: office.now().wall,
            on_behalf: None,
            reason: None,
            changes: vec![Change::RemoveOperator(who)],
        };
        let payload = encode_changes(&set).unwrap();
        office.append_change(&envelope(PayloadType::ChangeSet, payload, &[&self.people.owner])).unwrap();
        office.site().size()
    }

    /// The real hub is back: everything that is due stands in the controllers' records, and then in its log.
    fn ends(mut self, attempts: Vec<Attempt>, size: u64) -> Outcome {
        let mut due = BTreeMap::<(ControllerId, Due), usize>::new();
        for attempt in attempts.iter().filter(|a| a.due != Due::Nothing) {
            *due.entry((attempt.at, attempt.due.clone())).or_default() += 1;
        }
        let controllers = self.house.controllers();
        let (office, mut held, mut written) = (self.house.office().unwrap(), Vec::new(), BTreeMap::new());
        for id in &controllers {
            self.house.stop_controller(*id);
            let leaves = self.house.spool(*id).unwrap();
            let events: Vec<Event> =
                leaves.iter().filter_map(|leaf| office.open_leaf(leaf).unwrap()).collect();
            written.insert(*id, events.last().map_or(0, |event| event.seq + 1));
            held.extend(events);
        }
        drop(office);
        let unrecorded = missing(&due, &held);
        self.house.start_hub().unwrap();
        for id in &controllers {
            self.house.start_controller(*id).unwrap();
        }
        assert!(self.house.await_ready(2 * PATIENCE), "the controllers come back to their hub");
        let office = Arc::clone(self.house.hub().unwrap().office());
        let count = |id: &ControllerId| office.store().source(id.as_str()).unwrap().map_or(0, |s| s.count);
        until(|| written.iter().all(|(id, due)| count(id) >= *due));
        let applied = |event: &Event| match (&event.source, &event.body) {
            (Source::Controller(_), Body::ConfigApplied(config)) => config.size == size,
            _ => false,
        };
        until(|| log_of(&office).iter().filter(|event| applied(event)).count() == controllers.len());
        let not_in_log = missing(&due, &log_of(&office));
        drop(office);
        let dir = self.kept.path().to_owned();
        let Self { kept, house, .. } = self;
        drop(house);
        let report = audit(&dir);
        drop(kept);
        Outcome { attempts, unrecorded, not_in_log, decided: report.decided, sealed: report.sealed_decisions }
    }
}

/// Every event that the hub has.
fn log_of(office: &Office) -> Vec<Event> {
    let mut found = Vec::new();
    let read = office.store().for_each_entry(Log::Event, 0..u64::MAX, |_, leaf| {
        found.extend(office.open_leaf(leaf).unwrap());
        Ok::<_, HubError>(())
    });
    read.unwrap();
    found
}

/// What is due and does not stand there often enough.
fn missing(due: &BTreeMap<(ControllerId, Due), usize>, events: &[Event]) -> Vec<String> {
    let mut there = BTreeMap::<(ControllerId, Due), usize>::new();
    for event in events {
        let Source::Controller(at) = event.source else { continue };
        let said = match &event.body {
            Body::Order(ordered) => match &ordered.outcome {
                Decided::Denied { why, .. } => Due::Order(ordered.envelope.to_vec(), why.code().into()),
                Decided::Granted { .. } => continue,
            },
            Body::ConfigRefused { at, code } => Due::Change(*at, code.to_string()),
            Body::LinkRefused { code, .. } => Due::Link(code.to_string()),
            _ => continue,
        };
        *there.entry((at, said)).or_default() += 1;
    }
    let short = |(what, times): (&(ControllerId, Due), &usize)| {
        let found = there.get(what).copied().unwrap_or(0);
        let (at, due) = what;
        let due = match due {
            Due::Order(_, code) => format!("an order refused for {code}"),
            Due::Change(size, code) => format!("entry {size} refused for {code}"),
            Due::Link(code) => format!("a link ended for {code}"),
            Due::Nothing => String::new(),
        };
        (found < *times).then(|| format!("{at}: {due}: {times} times, on record {found} times"))
    };
    due.iter().filter_map(short).collect()
}
