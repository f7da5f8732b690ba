//! What one controller records, the others hear: at once, never from themselves, and never half.

use crate::device::*;
use crate::rig::*;
use core::time::Duration;
use lockward_hub::Clock;
use lockward_model::*;
use lockward_wire::credential::PassPlace;
use lockward_wire::link::*;

/// A controller that is linked and was told what is known.
pub struct Gate {
    pub device: Device,
    pub wire: Wire,
    pub chain: Chain,
}

impl Gate {
    pub async fn enrolled(rig: &Rig, id: &str, seed: u8) -> Self {
        let device = Device::enrolled(rig, id, seed).await;
        Self::linked(rig, device).await.0
    }

    /// And what it was told first.
    pub async fn linked(rig: &Rig, device: Device) -> (Self, Vec<Elsewhere>) {
        let mut linked = device.link(0).await;
        let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
        chain.time = rig.clock.now().wall;
        let (anew, facts) = linked.wire.elsewhere().await;
        assert!(anew, "what is told first is told anew: {facts:?}");
        (Self { device, wire: linked.wire, chain }, facts)
    }

    /// Sends what happened, and waits until it is durable.
    pub async fn tell(&mut self, what: Vec<(&str, Body)>) {
        self.wire.say(&self.chain.told(&self.device, what)).await;
        while self.wire.acked().await < self.chain.seq {}
    }
}

pub fn id<T: core::str::FromStr<Err: core::fmt::Debug>>(name: &str) -> T {
    name.parse().unwrap()
}

pub fn access(who: Option<&str>, side: Side, outcome: Outcome) -> Access {
    Access {
        side,
        token: Some(CardToken([7; 16])),
        person: who.map(id),
        factors: Factors::CARD,
        pin: PinFact::NotAsked,
        keypad: true,
        config: None,
        config_age: Duration::ZERO,
        known: Known::default(),
        outcome,
    }
}

pub fn granted(who: &str, side: Side) -> Body {
    let because = vec![if side == Side::Exit { "leaving".into() } else { "rule/all".into() }];
    Body::Access(access(Some(who), side, Outcome::Granted { because }))
}

pub fn denied(who: Option<&str>, why: Deny, pin: PinFact) -> Body {
    Body::Access(Access { pin, ..access(who, Side::Entry, Outcome::Denied { why, because: vec![] }) })
}

pub fn enters(who: &str) -> Vec<(&'static str, Body)> {
    vec![("door-1", granted(who, Side::Entry)), ("door-1", Body::DoorOpened(Opening::Granted))]
}

pub fn closes() -> (&'static str, Body) {
    ("door-1", Body::DoorClosed { open_for: Duration::from_secs(2) })
}

pub fn people(rig: &Rig, ids: &[&str]) {
    rig.change(ids.iter().map(|p| Change::PutPerson(person(id(p), None))).collect()).unwrap();
}

fn moved(facts: &[Elsewhere]) -> Vec<(String, Option<String>)> {
    let who = |f: &Elsewhere| match f {
        Elsewhere::Moved { person, into, .. } => Some((person.to_string(), into.map(|z| z.to_string()))),
        _ => None,
    };
    facts.iter().filter_map(who).collect()
}

fn is_moved(fact: &Elsewhere) -> bool {
    matches!(fact, Elsewhere::Moved { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_went_through_a_door_is_told_to_the_others_at_once_and_not_to_its_own_controller() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(vec![("door-1", granted("ann", Side::Entry))]).await;
    // A grant is no passage.
    let at = one.chain.time;
    one.wire.say(&one.chain.told(&one.device, vec![("door-1", Body::DoorOpened(Opening::Granted))])).await;
    let begun = std::time::Instant::now();
    let facts = two.wire.facts_until(is_moved).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(moved(&facts), [("ann".to_owned(), Some("hall".to_owned()))]);
    let seen = |f: &&Elsewhere| matches!(f, Elsewhere::Seen { person, .. } if *person == id("ann"));
    assert_eq!(facts.iter().filter(seen).count(), 1);
    assert!(facts.iter().any(|f| matches!(f, Elsewhere::Moved { at: t, .. } if *t < at)), "{facts:?}");
    // Its own controller hears of the other's link, and of nothing that it said itself.
    two.tell(vec![("door-2", denied(None, Deny::UnknownCredential, PinFact::NotAsked))]).await;
    let heard = one.wire.facts_until(|f| matches!(f, Elsewhere::Guessed { .. })).await;
    let own = |f: &Elsewhere| is_moved(f) || matches!(f, Elsewhere::Seen { .. });
    assert!(!heard.iter().any(own), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connection_is_told_everything_anew_and_a_restarted_hub_knows_it_still() {
    let mut rig = Rig::new().await;
    people(&rig, &["ann", "bob"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    one.tell(enters("ann")).await;
    one.tell(vec![closes(), ("door-1", denied(Some("bob"), Deny::WrongPin, PinFact::Wrong))]).await;
    one.tell(vec![
        ("door-1", Body::ExitRequested { released: false }),
        ("door-1", Body::DoorOpened(Opening::Exit)),
    ])
    .await;
    let device = Device::enrolled(&rig, "gate-2", 8).await;
    let expected = |facts: &[Elsewhere]| {
        assert_eq!(moved(facts), [("ann".to_owned(), Some("hall".to_owned()))]);
        let wrong = |f: &Elsewhere| matches!(f, Elsewhere::Guessed { secret: true, person: Some(p), .. } if *p == id("bob"));
        assert!(facts.iter().any(wrong), "{facts:?}");
        let left = |f: &Elsewhere| matches!(f, Elsewhere::SomeoneLeft { zone, .. } if *zone == id("hall"));
        assert!(facts.iter().any(left), "{facts:?}");
    };
    // What is acknowledged is folded a moment later.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (two, facts) = Gate::linked(&rig, device).await;
    expected(&facts);
    assert!(facts.iter().any(|f| matches!(f, Elsewhere::Touch { linked: true, .. })));
    let Gate { mut device, .. } = two;
    rig.stop().await;
    rig.start().await;
    device.moved(&rig);
    let (_, facts) = Gate::linked(&rig, device).await;
    expected(&facts);
    assert!(
        !facts.iter().any(|f| matches!(f, Elsewhere::Touch { linked: true, .. })),
        "nobody else is here yet"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_twice_is_told_once() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    let batch = one.chain.told(&one.device, enters("ann"));
    for _ in 0..3 {
        one.wire.say(&batch).await;
        assert_eq!(one.wire.acked().await, 2);
    }
    one.tell(vec![closes(), ("door-1", denied(None, Deny::UnknownCredential, PinFact::NotAsked))]).await;
    let facts = two.wire.facts_until(|f| matches!(f, Elsewhere::Guessed { secret: false, .. })).await;
    assert_eq!(moved(&facts).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_says_nothing_of_doors_that_it_does_not_drive() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    // Of another's door, of one that there is not, and of a time to come.
    let elsewhere =
        |door| vec![(door, granted("ann", Side::Entry)), (door, Body::DoorOpened(Opening::Granted))];
    one.tell(elsewhere("door-2")).await;
    one.tell(elsewhere("none")).await;
    let now = one.chain.time;
    one.chain.time = now + Duration::from_secs(86_400);
    one.tell(enters("ann")).await;
    one.chain.time = now;
    one.tell(vec![("door-1", denied(None, Deny::UnknownCredential, PinFact::NotAsked))]).await;
    let facts = two.wire.facts_until(|f| matches!(f, Elsewhere::Guessed { .. })).await;
    let said = |f: &&Elsewhere| !matches!(f, Elsewhere::Touch { .. } | Elsewhere::Guessed { .. });
    assert_eq!(facts.iter().filter(said).count(), 0, "{facts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_of_two_people_have_moved_and_a_door_that_did_not_open_moved_nobody() {
    let rig = Rig::new().await;
    people(&rig, &["ann", "bob", "cem"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(vec![("door-1", granted("cem", Side::Entry)), ("door-1", Body::NotEntered)]).await;
    let Body::Access(mut together) = granted("ann", Side::Entry) else { unreachable!() };
    together.known.second = Some(Box::new(Second {
        token: Some(CardToken([8; 16])),
        signed: None,
        pin: PinFact::NotAsked,
        person: Some(id("bob")),
    }));
    one.tell(vec![("door-1", Body::Access(together)), ("door-1", Body::DoorOpened(Opening::Granted))]).await;
    one.tell(vec![
        closes(),
        ("door-1", granted("ann", Side::Exit)),
        ("door-1", Body::DoorOpened(Opening::Granted)),
    ])
    .await;
    let facts = two.wire.facts_until(|f| matches!(f, Elsewhere::Moved { into: None, .. })).await;
    let hall = || Some("hall".to_owned());
    assert_eq!(
        moved(&facts),
        [("ann".to_owned(), hall()), ("bob".to_owned(), hall()), ("ann".to_owned(), None)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_is_in_touch_when_everything_that_it_had_kept_is_taken_and_no_sooner() {
    let rig = Rig::new().await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let touch = |wanted: bool| move |f: &Elsewhere| matches!(f, Elsewhere::Touch { controller, linked, .. } if *controller == id("gate-2") && *linked == wanted);
    let device = Device::enrolled(&rig, "gate-2", 8).await;
    // It has written three events while it was away.
    let mut linked = device.link(3).await;
    let mut chain = Chain::new(device.id, linked.keys.source_key.clone());
    chain.time = rig.clock.now().wall;
    linked
        .wire
        .say(&chain.told(&device, vec![("door-2", denied(None, Deny::UnknownCredential, PinFact::NotAsked))]))
        .await;
    let before = one.wire.facts_until(|f| matches!(f, Elsewhere::Guessed { .. })).await;
    assert!(!before.iter().any(touch(true)), "{before:?}");
    let rest = (0..2).map(|_| ("door-2", Body::NotEntered)).collect();
    linked.wire.say(&chain.told(&device, rest)).await;
    one.wire.facts_until(touch(true)).await;
    drop(linked);
    one.wire.facts_until(touch(false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_reads_nothing_holds_up_nobody_and_knows_everything_in_the_end() {
    let mut rig = Rig::new().await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut slow = Gate::enrolled(&rig, "gate-2", 8).await;
    let guess = || ("door-1", denied(None, Deny::UnknownCredential, PinFact::NotAsked));
    // Far more than a queue, a link's buffers and a socket hold.
    let begun = std::time::Instant::now();
    for _ in 0..60 {
        one.tell((0..1_000).map(|_| guess()).collect()).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let mut told_anew = false;
    let (mut since, last) = (0, one.chain.time.0 - 1);
    let is_last = |f: &Elsewhere| matches!(f, Elsewhere::Guessed { at, .. } if at.0 == last);
    loop {
        let (anew, facts) = slow.wire.elsewhere().await;
        if anew {
            (told_anew, since) = (true, 0);
        }
        since += facts.iter().filter(|f| matches!(f, Elsewhere::Guessed { .. })).count();
        if facts.iter().any(is_last) {
            break;
        }
    }
    // Whether or not its queue ran full: it knows every guess in the end.
    assert_eq!(since, 60_000, "told anew: {told_anew}");
    // And so does whoever comes after a restart, which reads all of it back.
    rig.stop().await;
    let begun = std::time::Instant::now();
    rig.start().await;
    println!("from start to listening: {:?}", begun.elapsed());
    let mut device = slow.device;
    device.moved(&rig);
    let mut again = device.link(0).await;
    let mut guesses = 0;
    while guesses < 60_000 {
        let (_, facts) = again.wire.elsewhere().await;
        guesses += facts.iter().filter(|f| matches!(f, Elsewhere::Guessed { .. })).count();
    }
    println!("from start to everything told: {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_operator_forgives_is_nowhere_any_more_and_a_restart_does_not_take_it_back() {
    let mut rig = Rig::new().await;
    people(&rig, &["ann"]);
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    one.chain.time = Time(rig.clock.now().wall.0 - 60_000);
    one.tell(enters("ann")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    rig.forgive(Forgiven::Person(id("ann")));
    tokio::time::sleep(Duration::from_millis(600)).await;
    let device = Device::enrolled(&rig, "gate-2", 8).await;
    let (two, facts) = Gate::linked(&rig, device).await;
    assert!(moved(&facts).is_empty(), "{facts:?}");
    let Gate { mut device, .. } = two;
    rig.stop().await;
    rig.start().await;
    device.moved(&rig);
    let (_, facts) = Gate::linked(&rig, device).await;
    assert!(moved(&facts).is_empty(), "{facts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_often_a_pass_has_served_at_each_controller_is_told_and_which_codes_are_used_and_a_restart_knows_it_still()
 {
    let mut rig = Rig::new().await;
    people(&rig, &["ann"]);
    let now = rig.clock.now().wall;
    let place = PassPlace::Zone(id("hall"));
    let pass = rig.hub().office().sign_pass(place, now, now + Duration::from_secs(3_600), 3).unwrap();
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    let shown = || {
        let bytes: Box<[u8]> = pass.text().into_bytes().into();
        let outcome = Outcome::Granted { because: vec!["policy/visitors".into()] };
        let known = Known {
            pass: Some(Box::new(ShownPass { bytes, used_up: false })),
            codes: vec![UsedCode { credential: id("ann-codes"), step: 41 }],
            ..Known::default()
        };
        Body::Access(Access { token: None, known, ..access(None, Side::Entry, outcome) })
    };
    let used = |facts: &[Elsewhere]| -> Vec<(ControllerId, u16)> {
        let of = |f: &Elsewhere| match f {
            Elsewhere::Used { by, times, .. } => Some((*by, *times)),
            _ => None,
        };
        facts.iter().filter_map(of).collect()
    };
    one.tell(vec![("door-1", shown())]).await;
    one.tell(vec![("door-1", shown())]).await;
    let twice = |f: &Elsewhere| matches!(f, Elsewhere::Used { times: 2, .. });
    let stepped = |f: &Elsewhere| matches!(f, Elsewhere::Stepped { step: 41, .. });
    let mut heard = two.wire.facts_until(twice).await;
    if !heard.iter().any(stepped) {
        heard.extend(two.wire.facts_until(stepped).await);
    }
    assert_eq!(used(&heard), [(id("gate-1"), 1), (id("gate-1"), 2)]);
    assert_eq!(heard.iter().filter(|f| stepped(f)).count(), 1, "once is enough: {heard:?}");
    two.tell(vec![("door-2", shown())]).await;
    assert_eq!(
        used(&one.wire.facts_until(|f| matches!(f, Elsewhere::Used { .. })).await),
        [(id("gate-2"), 1)]
    );
    rig.stop().await;
    rig.start().await;
    let mut device = one.device;
    device.moved(&rig);
    let (_, facts) = device.link(2).await.wire.elsewhere().await;
    assert_eq!(used(&facts), [(id("gate-1"), 2), (id("gate-2"), 1)]);
    assert!(facts.iter().any(stepped));
}
