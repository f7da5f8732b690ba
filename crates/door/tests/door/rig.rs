//! A door on the bench: a clock that the test turns, and everything that the door said.

use core::time::Duration;
use lockward_door::{
    Action, Answer, Asked, Bolt, Cause, Contact, Door, Feedback, Input, Key, PinEntry, Shown, State, Terms,
    Wire, Wiring,
};
use lockward_model::{
    Body, CardToken, Deny, DoorId, DoorKind, DoorRules, ExitHardware, Factors, InputFault, Mono, Now,
    OpenLimit, OrderAct, PolicyText, ReleaseTime, Relock, Side, Time,
};
use lockward_policy::{Act, Grant, Place, Policies, Situation, Who};
use std::sync::OnceLock;

pub(crate) const RELEASE_MS: u64 = 5_000;
pub(crate) const OPEN_LIMIT_MS: u64 = 20_000;
/// Longer than a release and an open door's limit.
pub(crate) const HOLD_MS: u64 = 90_000;
pub(crate) const ALICE: CardToken = CardToken([1; 16]);
pub(crate) const BOB: CardToken = CardToken([2; 16]);

pub(crate) fn config(relock: Relock, exit: ExitHardware) -> lockward_model::Door {
    lockward_model::Door {
        id: this_door(),
        title: "Goods in".parse().unwrap(),
        kind: DoorKind::Room,
        from: None,
        to: "hall".parse().unwrap(),
        controller: "c1".parse().unwrap(),
        release: ReleaseTime::new(Duration::from_millis(RELEASE_MS)).unwrap(),
        open_limit: OpenLimit::new(Duration::from_millis(OPEN_LIMIT_MS)).unwrap(),
        relock,
        exit,
        unlocked: None,
        rules: DoorRules::default(),
    }
}

pub(crate) fn card(token: CardToken) -> Shown {
    Shown::Card(token)
}

pub(crate) fn this_door() -> DoorId {
    "goods-in".parse().unwrap()
}

pub(crate) fn at(ms: u64) -> Now {
    Now { mono: Mono(ms * 1_000), wall: Time(1_790_000_000_000 + i64::try_from(ms).unwrap()) }
}

/// A grant as sites get it: there is no other way to one.
pub(crate) fn grant(door: DoorId, until_ms: u64) -> Grant {
    static OPEN_HOUSE: OnceLock<Policies> = OnceLock::new();
    let policies = OPEN_HOUSE.get_or_init(|| {
        let text = r#"permit(principal, action == Action::"enter", resource);"#;
        let mut policies = Policies::new();
        policies.put_policy(&PolicyText { id: "all".parse().unwrap(), text: text.into() }).unwrap();
        policies
    });
    let who = Who { person: "alice".parse().unwrap(), groups: &[] };
    let place = Place { door, kind: DoorKind::Room, zones: &[] };
    let now = Situation { factors: Factors::CARD, ..Situation::default() };
    policies.enter(Act::Enter, &who, &place, &now, Mono(until_ms * 1_000)).unwrap().0
}

pub(crate) const ALL_WIRED: Wiring = Wiring { contact: true, bolt: true, keypad: true };

/// Something that is done to a door.
pub(crate) type Way = fn(&mut Rig);

/// One door, past its start.
pub(crate) struct Rig {
    pub(crate) door: Door,
    pub(crate) ms: u64,
    pub(crate) released: bool,
    pub(crate) said: Vec<Action>,
}

impl Rig {
    pub(crate) fn with(config: lockward_model::Door, wiring: Wiring) -> Self {
        let door = Door::new(config, wiring, at(0));
        let mut rig = Self { door, ms: 0, released: false, said: vec![] };
        rig.tell(Input::Timer);
        rig
    }

    pub(crate) fn new(relock: Relock, exit: ExitHardware) -> Self {
        Self::with(config(relock, exit), ALL_WIRED)
    }

    /// Gives the input, keeps what was said, and follows the lock.
    pub(crate) fn tell(&mut self, input: Input) -> &mut Self {
        self.said.clear();
        self.door.handle(at(self.ms), input, &mut self.said);
        for action in &self.said {
            match action {
                Action::Release => self.released = true,
                Action::Lock => self.released = false,
                _ => {}
            }
        }
        self
    }

    /// Lets time pass, with every timer on its moment; what the last of them said is kept.
    pub(crate) fn wait(&mut self, ms: u64) -> &mut Self {
        let end = self.ms + ms;
        while let Some(due) = self.door.wake_at().filter(|w| w.0 <= end * 1_000) {
            self.ms = self.ms.max(due.0.div_ceil(1_000));
            self.tell(Input::Timer);
            assert!(self.door.wake_at().is_none_or(|w| w > due), "a timer that never ends");
        }
        self.ms = end;
        self
    }

    pub(crate) fn card(&mut self, token: CardToken) -> u32 {
        self.card_at(Side::Entry, token)
    }

    pub(crate) fn card_at(&mut self, side: Side, token: CardToken) -> u32 {
        self.show(side, card(token));
        self.question().expect("the door asks")
    }

    pub(crate) fn show(&mut self, side: Side, shown: Shown) -> &mut Self {
        self.tell(Input::Shown { side, shown })
    }

    pub(crate) fn question(&self) -> Option<u32> {
        self.said.iter().rev().find_map(|a| match a {
            Action::Decide { question, .. } => Some(*question),
            _ => None,
        })
    }

    /// What was asked last.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        self.said.iter().rev().find_map(|a| match a {
            Action::Decide { asked, .. } => Some(&**asked),
            _ => None,
        })
    }

    /// The PIN of the first person, in what was asked last.
    pub(crate) fn pin(&self) -> Option<&PinEntry> {
        self.asked().map(|a| &a.first.pin)
    }

    pub(crate) fn answer(&mut self, question: u32, answer: Answer) -> &mut Self {
        self.tell(Input::Decided { question, answer })
    }

    pub(crate) fn permit(&mut self, question: u32) -> &mut Self {
        self.permit_on(question, Terms::default())
    }

    pub(crate) fn permit_on(&mut self, question: u32, terms: Terms) -> &mut Self {
        let grant = grant(this_door(), self.ms + 1_000);
        self.answer(question, Answer::Granted(grant, terms))
    }

    /// Somebody is let out by the inner reader.
    pub(crate) fn let_out(&mut self) -> &mut Self {
        let question = self.card_at(Side::Exit, BOB);
        self.permit(question)
    }

    pub(crate) fn admit(&mut self) -> &mut Self {
        let question = self.card(ALICE);
        self.permit(question)
    }

    pub(crate) fn deny(&mut self, question: u32) -> &mut Self {
        self.answer(question, Answer::Denied(Deny::NothingPermits))
    }

    pub(crate) fn key(&mut self, key: Key) -> &mut Self {
        self.tell(Input::Key { side: Side::Entry, key })
    }

    pub(crate) fn digits(&mut self, typed: &str) -> &mut Self {
        for c in typed.bytes() {
            self.key(Key::Digit(c - b'0'));
        }
        self
    }

    pub(crate) fn open(&mut self) -> &mut Self {
        self.tell(Input::Contact(Wire::Says(Contact::Open)))
    }

    pub(crate) fn close(&mut self) -> &mut Self {
        self.tell(Input::Contact(Wire::Says(Contact::Closed)))
    }

    pub(crate) fn press(&mut self) -> &mut Self {
        self.tell(Input::Exit(Wire::Says(true)))
    }

    pub(crate) fn let_go(&mut self) -> &mut Self {
        self.tell(Input::Exit(Wire::Says(false)))
    }

    pub(crate) fn free(&mut self, on: bool) -> &mut Self {
        self.free_by(Cause::Schedule, on)
    }

    pub(crate) fn free_by(&mut self, cause: Cause, on: bool) -> &mut Self {
        self.tell(Input::Free { cause, on })
    }

    /// An order that is permitted. Its number is the time.
    pub(crate) fn order(&mut self, act: OrderAct) -> &mut Self {
        let (order, grant) = (u32::try_from(self.ms).unwrap(), grant(this_door(), self.ms + 1_000));
        self.tell(Input::Ordered { order, act, grant, passes: None })
    }

    pub(crate) fn hold(&mut self) -> &mut Self {
        self.order(OrderAct::Hold(Duration::from_millis(HOLD_MS)))
    }

    /// Whether the last order was obeyed.
    pub(crate) fn obeyed(&self) -> bool {
        let done = |a: &Action| match a {
            Action::Obeyed { done, .. } => Some(*done),
            _ => None,
        };
        self.said.iter().find_map(done).expect("an order is answered")
    }

    pub(crate) fn lock_down(&mut self, on: bool) -> &mut Self {
        self.tell(Input::Lockdown(on))
    }

    pub(crate) fn cut(&mut self) -> &mut Self {
        self.tell(Input::Contact(Wire::Fault(InputFault::Open)))
    }

    pub(crate) fn sense(&mut self, bolt: Bolt) -> &mut Self {
        self.tell(Input::Bolt(Wire::Says(bolt)))
    }

    /// What became of grants: the question, and whether the bearer entered.
    pub(crate) fn spent(&self) -> Vec<(u32, bool)> {
        let spent = |a: &Action| match a {
            Action::Spent { question, entered } => Some((*question, *entered)),
            _ => None,
        };
        self.said.iter().filter_map(spent).collect()
    }

    pub(crate) fn records(&self) -> Vec<Body> {
        self.said
            .iter()
            .filter_map(|a| match a {
                Action::Record(body) => Some(body.clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn shown(&self) -> Vec<(Side, Feedback)> {
        self.said
            .iter()
            .filter_map(|a| match a {
                Action::Feedback { side, feedback } => Some((*side, *feedback)),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn state(&self) -> State {
        self.door.state()
    }
}
