//! Everything that can be seen of a site: every view, and decisions over a sample of questions. Two sites with the same
//! picture are the same site to anyone outside.

use crate::house::{ANN, BEN, House, UNKNOWN, night, noon};
use core::time::Duration;
use lockward_model::*;
use lockward_site::{Answer, Keep, Question, Site};

#[derive(Debug, PartialEq)]
pub(crate) struct Picture {
    head: (SiteId, u64, Founding),
    zones: Vec<Zone>,
    doors: Vec<Door>,
    schedules: Vec<Schedule>,
    groups: Vec<Group>,
    rules: Vec<Rule>,
    policies: Vec<PolicyText>,
    controllers: Vec<Controller>,
    operators: Vec<Operator>,
    services: Vec<Service>,
    statements: Vec<Statement>,
    recovery: Option<lockward_site::Recovery>,
    people: Vec<(Person, Vec<Credential>)>,
    counts: (usize, usize),
    lockdowns: Vec<ZoneId>,
    threats: Vec<(ZoneId, ThreatLevel)>,
    shortest_pin_alone: Option<u8>,
    decisions: Vec<String>,
}

/// What is asked to take a picture.
pub(crate) struct Sample {
    pub(crate) doors: Vec<DoorId>,
    pub(crate) tokens: Vec<CardToken>,
    pub(crate) times: Vec<Time>,
}

/// For the warehouse: every door and card, and one of each that does not exist.
pub(crate) fn warehouse_sample() -> Sample {
    Sample {
        doors: ["gate", "aisle-1", "cage", "shop", "nowhere"].map(|d| d.parse().unwrap()).into(),
        tokens: vec![ANN, BEN, UNKNOWN],
        times: vec![noon(), night()],
    }
}

pub(crate) fn question(door: DoorId, token: CardToken, pin: PinFact, at: Time, size: u64) -> Question {
    Question {
        controller: crate::house::id("k1"),
        door,
        side: Side::Entry,
        token: Some(token),
        pin,
        keypad: true,
        at,
        config_age: Duration::from_secs(5),
        config: ConfigRef { size, root: Digest([0x0c; 32]) },
        known: Known::default(),
    }
}

/// An answer as text, whole.
pub(crate) fn told(answer: &Answer) -> String {
    match answer {
        Answer::Granted(grant, access, terms) => {
            format!("{} until {:?} {access:?} {terms:?}", grant.door(), grant.until())
        }
        Answer::NeedPin => "PIN".into(),
        Answer::NeedSecond => "a second person".into(),
        Answer::NeedCard => "the card".into(),
        Answer::Denied(why, access) => format!("{why:?} {access:?}"),
    }
}

pub(crate) fn picture(site: &Site, sample: &Sample) -> Picture {
    let mut decisions = Vec::new();
    for at in &sample.times {
        decisions.push(format!("{:?}", site.open_schedules(*at)));
        for door in &sample.doors {
            decisions.push(format!("{:?}", site.who_can(*door, *at)));
            let free = site.door(*door).map(|d| site.free_by_schedule(d, *at));
            decisions.push(format!("{free:?} {:?}", site.entered(*door)));
            for token in &sample.tokens {
                for pin in [PinFact::NotAsked, PinFact::Right] {
                    let q = question(*door, *token, pin, *at, site.size());
                    decisions.push(told(&site.decide(&q, Mono(1))));
                }
            }
        }
        let typed = sample.tokens.iter().flat_map(|t| site.typed_beside(*t, *at));
        decisions.extend(typed.map(|c| c.id.to_string()));
        let pins = sample.tokens.iter().flat_map(|t| site.pins_beside(*t, *at));
        decisions.extend(pins.map(|hash| hash.0.into()));
    }
    let mut people: Vec<_> =
        site.people().map(|id| (site.person(id).unwrap(), site.credentials_of(id))).collect();
    people.sort_by_key(|(p, _)| p.id);
    Picture {
        head: (site.id(), site.size(), site.founding().clone()),
        zones: site.zones().cloned().collect(),
        doors: site.doors().cloned().collect(),
        schedules: site.schedules().cloned().collect(),
        groups: site.groups().cloned().collect(),
        rules: site.rules().cloned().collect(),
        policies: site.policy_texts().cloned().collect(),
        controllers: site.controllers().cloned().collect(),
        operators: site.operators().cloned().collect(),
        services: site.services().cloned().collect(),
        statements: site.statements().cloned().collect(),
        recovery: site.recovery().cloned(),
        people,
        counts: site.counts(),
        lockdowns: site.lockdowns().collect(),
        threats: site.threats().collect(),
        shortest_pin_alone: site.shortest_pin_alone(),
        decisions,
    }
}

/// Refused with this code; and the site is what it was, and what a fold of the log without the entry is.
#[track_caller]
pub(crate) fn assert_refused(house: &mut House, entry: &[u8], code: &str) {
    let sample = warehouse_sample();
    let before = picture(&house.site, &sample);
    let refusal = house.site.apply(entry).unwrap_err();
    assert_eq!(refusal.code(), code, "{refusal}");
    assert_eq!(picture(&house.site, &sample), before, "after {refusal}");
    assert_eq!(picture(&house.replay(Keep::Everything), &sample), before);
}

#[test]
fn a_picture_shows_what_a_person_may_and_what_a_title_says() {
    let mut house = House::warehouse();
    let sample = warehouse_sample();
    let mut pictures = vec![picture(&house.site, &sample)];
    let title =
        Change::PutZone(Zone { title: "Hof".parse().unwrap(), ..crate::house::zone_of("yard", None) });
    for change in
        [title, Change::RemoveRule("in".parse().unwrap()), Change::SuspendPerson("ben".parse().unwrap())]
    {
        house.put(vec![change]);
        let mut now = picture(&house.site, &sample);
        now.head.1 = 2;
        assert!(!pictures.contains(&now));
        pictures.push(now);
    }
}
