//! Two controllers and an airlock between them: one door at a time, by the hub's own arbiter; without it, as declared.

use crate::house::{
    ANN, BEN, DIR, DOORS, FOREIGN, FRONT, House, OPEN, OWNER, SHUT, STRANGER, card, card_at, door, id, key,
};
use crate::house::{small, wirings};
use crate::hub::FakeHub;
use crate::link::Dice;
use crate::rig::{NONE, Rig, Seen, at};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Feedback;
use lockward_history::Arbiter;
use lockward_model::*;
use lockward_site::Site;
use lockward_store::SimDisk;
use lockward_wire::link::{Elsewhere, ToController, ToHub};
use std::collections::VecDeque;
use std::path::Path;

/// The airlock's door at each controller.
const MINE: [usize; 2] = [FRONT, FOREIGN];
const WHO: [(&str, u8); 2] = [("dock", crate::house::DEVICE), ("other", STRANGER)];

/// Two controllers, the links between them and a hub, and the hub's arbiter.
struct Two {
    rigs: [Rig; 2],
    hubs: [FakeHub; 2],
    up: [bool; 2],
    /// It takes what it hears, and says nothing of airlocks.
    mute: bool,
    site: Site,
    arbiter: Arbiter,
    folded: [usize; 2],
    said: [VecDeque<(Mono, ToHub)>; 2],
    told: [VecDeque<(Mono, ToController)>; 2],
    /// How long a word takes at most, in milliseconds.
    delay: u64,
    dice: Dice,
    feedback: [Vec<Feedback>; 2],
    /// Whether each leaf stands open.
    open: [bool; 2],
    /// What the owner orders of each door, once its number is there; and what became of her orders.
    wanted: [Option<OrderAct>; 2],
    ordered: [Vec<Option<Box<str>>>; 2],
}

impl Two {
    fn new(seed: u64, alone: Alone) -> Self {
        let mut house = House::furnished();
        let airlock = Some(Airlock { id: id("lock"), alone });
        let of = |name: &str, controller: &str| {
            let rules = DoorRules { airlock, ..DoorRules::default() };
            Change::PutDoor(Door { rules, controller: id(controller), ..door(name) })
        };
        let bound = Change::BindController { id: id("other"), key: key(STRANGER) };
        house.change(vec![bound, of("front", "dock"), of("foreign", "other")]);
        let site = house.fold(house.size());
        let start = |n: usize| {
            let disk = SimDisk::new(seed * 2 + n as u64);
            house.enrol_as(&disk, Path::new(DIR), small(), house.entries.len(), WHO[n]);
            let now = at(Duration::from_secs(1));
            Rig::try_start(house.clone(), disk, &wirings(), small(), now).unwrap()
        };
        let mut two = Self {
            rigs: [start(0), start(1)],
            hubs: WHO.map(|who| FakeHub::of(house.clone(), who)),
            up: [false; 2],
            mute: false,
            site,
            arbiter: Arbiter::default(),
            folded: [0; 2],
            said: Default::default(),
            told: Default::default(),
            delay: 1,
            dice: Dice(seed),
            feedback: Default::default(),
            open: [false; 2],
            wanted: [None; 2],
            ordered: Default::default(),
        };
        for n in 0..2 {
            two.give(n, DOORS.iter().enumerate().map(|(door, _)| Input::Contact(door, SHUT)).collect());
            two.link(n);
        }
        two.pass(3_000);
        two
    }

    fn now(&self) -> Now {
        self.rigs[0].now
    }

    fn link(&mut self, n: usize) {
        self.up[n] = true;
        self.give(n, vec![Input::Linked]);
        let at = self.now().wall;
        for (of, to) in [(n, 1 - n), (1 - n, n)] {
            if self.up == [true; 2] {
                let fact = Elsewhere::Touch { controller: id(WHO[of].0), linked: true, at };
                self.tell(to, fact);
            }
        }
    }

    fn cut(&mut self, n: usize) {
        self.up[n] = false;
        self.said[n].clear();
        self.told[n].clear();
        self.hubs[n].unlinked();
        self.give(n, vec![Input::Unlinked]);
        let fact = Elsewhere::Touch { controller: id(WHO[n].0), linked: false, at: self.now().wall };
        self.tell(1 - n, fact);
    }

    fn tell(&mut self, to: usize, fact: Elsewhere) {
        self.say(to, ToController::Elsewhere { anew: false, facts: vec![fact] });
    }

    fn say(&mut self, to: usize, message: ToController) {
        if self.up[to] {
            let due = self.due(self.told[to].back().map(|(due, _)| *due));
            self.told[to].push_back((due, message));
        }
    }

    /// In order: nothing overtakes.
    fn due(&mut self, last: Option<Mono>) -> Mono {
        let due = self.now().mono + Duration::from_millis(self.dice.below(self.delay));
        last.map_or(due, |last| due.max(last))
    }

    fn give(&mut self, n: usize, inputs: Vec<Input>) -> Seen {
        let mut seen = self.rigs[n].turn(inputs);
        for said in std::mem::take(&mut seen.sent) {
            if self.up[n] {
                let due = self.due(self.said[n].back().map(|(due, _)| *due));
                self.said[n].push_back((due, said));
            }
        }
        let mine = seen.feedback.iter().filter(|(door, _)| *door == MINE[n]);
        self.feedback[n].extend(mine.map(|(_, feedback)| *feedback));
        seen
    }

    fn hear(&mut self, n: usize, said: ToHub) {
        let now = self.now().wall;
        if let ToHub::Claim { airlock, door, take, number } = said {
            assert_eq!(id::<DoorId>(DOORS[MINE[n]]), door, "each claims for its own door");
            if self.mute {
                return;
            }
            if !take {
                self.arbiter.give_back(door);
            } else if self.up == [true; 2] {
                let of = self.site.door(door).unwrap();
                let granted = self.arbiter.claim(of, [id(DOORS[MINE[1 - n]])], now);
                self.tell(n, Elsewhere::Claimed { airlock, door, granted, number });
            }
            let busy = self.arbiter.is_busy(door, now);
            return self.tell(1 - n, Elsewhere::Busy { door, busy, at: now });
        }
        match said {
            ToHub::Nonce { question, nonce: Some(nonce) } => return self.sign(n, question, nonce),
            ToHub::Ordered { refused, .. } => return self.ordered[n].push(refused),
            _ => {}
        }
        for answer in self.hubs[n].hear(now, said).unwrap() {
            self.say(n, answer);
        }
        let events = self.hubs[n].events();
        for event in &events[self.folded[n]..] {
            if let Some(door) = event.door.and_then(|door| self.site.door(door)) {
                self.arbiter.hear(door, &event.body, now);
            }
        }
        self.folded[n] = events.len();
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.rigs.iter_mut().for_each(|rig| rig.skip(Duration::from_millis(1)));
            let now = self.now().mono;
            for n in 0..2 {
                while let Some((_, said)) = self.said[n].pop_front_if(|(due, _)| *due <= now) {
                    self.hear(n, said);
                }
                let mut inputs = Vec::new();
                while let Some((_, told)) = self.told[n].pop_front_if(|(due, _)| *due <= now) {
                    inputs.push(Input::Hub(Box::new(told)));
                }
                if !inputs.is_empty() || self.rigs[n].core.wake_at() <= now {
                    self.give(n, inputs);
                }
            }
        }
    }

    /// The owner wants something of a door.
    fn order(&mut self, n: usize, act: OrderAct) {
        self.wanted[n] = Some(act);
        self.say(n, ToController::WantNonce { question: 1 });
    }

    fn sign(&mut self, n: usize, question: u32, nonce: Nonce) {
        let Some(act) = self.wanted[n].take() else { return };
        let order = Order {
            site: self.rigs[n].house.site,
            controller: id(WHO[n].0),
            door: id(DOORS[MINE[n]]),
            act,
            nonce,
            until: self.now().wall + Duration::from_secs(30),
            on_behalf: None,
            reason: None,
        };
        let envelope = crate::far::signed(&order, &[OWNER]);
        self.say(n, ToController::Order { question, envelope });
    }

    fn badge(&mut self, n: usize, who: u8) -> Seen {
        self.give(n, vec![card(MINE[n], who)])
    }

    fn leaf(&mut self, n: usize, open: bool) {
        self.open[n] = open;
        self.give(n, vec![Input::Contact(MINE[n], if open { OPEN } else { SHUT })]);
    }

    /// Whether each door is released or open.
    fn ways(&self) -> [bool; 2] {
        [0, 1].map(|n| self.rigs[n].out[MINE[n]] || self.open[n])
    }

    /// What the hub has, and what is still to come.
    fn events(&self, n: usize) -> Vec<Event> {
        let mut events = self.hubs[n].events();
        let held = events.len() as u64;
        events.extend(self.rigs[n].so_far().into_iter().filter(|e| e.seq >= held));
        events
    }

    fn count(&self, n: usize, code: Code) -> usize {
        self.events(n).iter().filter(|e| e.body.code() == code).count()
    }

    /// What each controller decided.
    fn outcomes(&self, n: usize) -> Vec<Result<(), Deny>> {
        let of = |body: &Body| match body {
            Body::Access(Access { outcome: Outcome::Granted { .. }, .. }) => Some(Ok(())),
            Body::Access(Access { outcome: Outcome::Denied { why, .. }, known, .. }) => {
                assert_eq!(known.airlock_busy, *why == Deny::AirlockBusy);
                Some(Err(*why))
            }
            _ => None,
        };
        self.events(n).iter().filter_map(|e| of(&e.body)).collect()
    }
}

#[test]
fn given_two_badges_at_two_controllers_in_one_moment_then_one_of_them_enters() {
    let mut two = Two::new(1, Alone::Refuse);
    two.delay = 100;
    two.feedback = Default::default();
    let [one, other] = [two.badge(0, ANN), two.badge(1, BEN)];
    assert_eq!((one.released(), other.released()), (vec![], vec![]), "the hub is asked first");
    assert_eq!(two.feedback, [[Feedback::Wait], [Feedback::Wait]], "both see that they are waited for");
    two.pass(400);
    assert_eq!(two.ways().iter().filter(|way| **way).count(), 1);
    let mut outcomes = [two.outcomes(0), two.outcomes(1)].concat();
    outcomes.sort_by_key(Result::is_err);
    assert_eq!(outcomes, [Ok(()), Err(Deny::AirlockBusy)], "each on record once");
    assert_eq!([two.count(0, Code::NotEntered), two.count(1, Code::NotEntered)], [0; 2]);
    // Who did not get in may when the other is through.
    let first = two.ways().iter().position(|way| *way).unwrap();
    two.leaf(first, true);
    two.pass(1_000);
    two.leaf(first, false);
    two.pass(1_000);
    two.badge(1 - first, ANN);
    two.pass(400);
    assert!(two.ways()[1 - first]);
}

#[test]
fn given_somebody_who_leaves_through_an_airlock_of_two_controllers_then_nothing_is_waited_for() {
    let mut two = Two::new(2, Alone::Refuse);
    two.mute = true;
    let seen = two.give(0, vec![card_at(FRONT, Side::Exit, ANN)]);
    assert_eq!(seen.late, [FRONT]);
}

#[test]
fn given_an_unknown_card_then_the_hub_is_not_asked_and_nobody_waits() {
    let mut two = Two::new(3, Alone::Refuse);
    two.delay = 200;
    let seen = two.badge(0, crate::house::NOBODY);
    assert!(seen.shows(FRONT, Feedback::Denied));
    assert_eq!(two.outcomes(0), [Err(Deny::UnknownCredential)]);
}

const DECLARED: [(Alone, bool); 3] = [(Alone::Own, true), (Alone::Open, true), (Alone::Refuse, false)];

#[test]
fn given_no_hub_then_what_the_door_declares_for_being_alone_holds_at_once() {
    for (alone, enters) in DECLARED {
        let mut two = Two::new(4, alone);
        two.cut(0);
        let seen = two.badge(0, ANN);
        assert_eq!(seen.late.contains(&FRONT), enters, "{alone:?}");
        let outcome = if enters { Ok(()) } else { Err(Deny::AirlockBusy) };
        assert_eq!(two.outcomes(0), [outcome]);
        assert_eq!(two.count(0, Code::AirlockDegraded), 2, "at the start, and now");
    }
}

#[test]
fn given_a_hub_that_does_not_answer_then_after_a_moment_what_the_door_declares_holds_and_is_on_record_once() {
    for (alone, enters) in DECLARED {
        let mut two = Two::new(5, alone);
        two.mute = true;
        assert_eq!(two.badge(0, ANN).released(), NONE);
        two.pass(498);
        assert_eq!(two.outcomes(0), [], "{alone:?}");
        two.pass(3);
        assert_eq!(two.ways()[0], enters, "{alone:?}");
        let outcome = if enters { Ok(()) } else { Err(Deny::AirlockBusy) };
        assert_eq!(two.outcomes(0), [outcome]);
    }
}

#[test]
fn given_a_link_that_is_lost_while_the_hub_is_asked_then_the_answer_comes_at_once() {
    let mut two = Two::new(6, Alone::Refuse);
    two.badge(0, ANN);
    two.cut(0);
    assert_eq!(two.outcomes(0), [Err(Deny::AirlockBusy)]);
    assert_eq!(two.ways(), [false; 2]);
}

#[test]
fn an_order_asks_the_hub_for_the_airlock_first_as_a_badge_does() {
    for act in [OrderAct::Unlock, OrderAct::Hold(Duration::from_secs(5))] {
        let mut two = Two::new(7, Alone::Refuse);
        two.order(0, act);
        two.pass(20);
        assert_eq!((two.ways(), &two.ordered[0][..]), ([true, false], &[None][..]));
        two.order(1, act);
        two.pass(20);
        assert_eq!((two.ways(), &two.ordered[1][..]), ([true, false], &[Some("AIRLOCK_BUSY".into())][..]));
        two.pass(8_000);
        two.order(1, act);
        two.pass(20);
        assert_eq!(two.ways(), [false, true], "once the first is shut again");
        let events = two.events(0).into_iter().chain(two.events(1)).collect::<Vec<_>>();
        assert_eq!(crate::explained::all_again(&two.rigs[0].house, &events), 3);
    }
}

#[test]
fn given_a_hub_that_does_not_answer_for_the_airlock_then_an_order_does_what_the_door_declares() {
    for (alone, opens) in [(Alone::Refuse, false), (Alone::Open, true)] {
        let mut two = Two::new(8, alone);
        two.mute = true;
        two.order(0, OrderAct::Unlock);
        two.pass(400);
        assert_eq!((two.ways(), two.ordered[0].len()), ([false; 2], 0), "it waits for the hub");
        two.pass(200);
        assert_eq!((two.ways(), two.ordered[0].len()), ([opens, false], 1), "{alone:?}");
    }
}

/// Two people who badge when they like, an owner who orders, words that take their time, and links that break.
#[test]
fn two_doors_of_an_airlock_over_two_controllers_are_never_both_open_to_somebody_entering() {
    let (mut entered, mut obeyed) = (0, 0);
    for seed in 0..12 {
        let mut two = Two::new(100 + seed, Alone::Refuse);
        two.delay = [2, 50, 300, 700][usize::try_from(seed % 4).unwrap()];
        for _ in 0..150 {
            let n = usize::try_from(two.dice.below(2)).unwrap();
            match two.dice.below(8) {
                0..3 => drop(two.badge(n, [ANN, BEN][n])),
                3 if two.ways()[n] => two.leaf(n, true),
                4 | 5 if two.open[n] => two.leaf(n, false),
                6 if two.dice.once_in(6) && two.up[n] => two.cut(n),
                6 if !two.up[n] => two.link(n),
                7 if two.dice.once_in(2) => two.order(n, OrderAct::Unlock),
                7 => two.order(n, OrderAct::Hold(Duration::from_millis(200))),
                _ => {}
            }
            let pause = 1 + two.dice.below(300);
            for _ in 0..pause {
                two.pass(1);
                assert_ne!(two.ways(), [true; 2], "seed {seed}");
            }
        }
        let granted = |n: usize| two.outcomes(n).iter().filter(|o| o.is_ok()).count();
        entered += granted(0) + granted(1);
        obeyed += two.ordered.iter().flatten().filter(|refused| refused.is_none()).count();
    }
    assert!(entered > 100 && obeyed > 30, "{entered} entered, {obeyed} were obeyed: nothing was tried");
}
