//! A door as this controller has it: the state machine, and what it waits for.

use crate::config::{DoorWiring, Point};
use core::time::Duration;
use lockward_door::{Action, Door, Input, State, Wiring};
use lockward_model::{
    ControllerId, Door as Settings, DoorId, DoorKind, ExitHardware, Mono, Now, OpenLimit, ReleaseTime,
    Relock, Text, ZoneId,
};

pub(crate) struct Unit {
    id: DoorId,
    keypad: bool,
    machine: Door,
    stands_unlocked: bool,
}

impl Unit {
    /// A door that the site may not know yet: nobody is let in, and everybody is let out.
    pub(crate) fn new(wiring: &DoorWiring, now: Now) -> Self {
        let keypad = wiring.reader.as_ref().is_some_and(|r| r.keypad);
        let inputs = Wiring { contact: wiring.contact != Point::None, keypad };
        let machine = Door::new(unplaced(wiring.id), inputs, now);
        Self { id: wiring.id, keypad, machine, stands_unlocked: false }
    }

    pub(crate) fn id(&self) -> DoorId {
        self.id
    }
    pub(crate) fn keypad(&self) -> bool {
        self.keypad
    }
    pub(crate) fn state(&self) -> State {
        self.machine.state()
    }
    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.machine.wake_at()
    }
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.wake_at().is_some_and(|at| at <= now)
    }
    pub(crate) fn stands_unlocked(&self) -> bool {
        self.stands_unlocked
    }
    pub(crate) fn set_stands_unlocked(&mut self, free: bool) {
        self.stands_unlocked = free;
    }
    pub(crate) fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Action>) {
        self.machine.handle(now, input, out);
    }
    pub(crate) fn reconfigure(&mut self, settings: Settings) {
        self.machine.reconfigure(settings);
    }
}

/// Settings for a door that is wired but not in the site's configuration. Its request to exit releases the lock: a
/// controller that knows nothing yet must not keep anyone in.
fn unplaced(id: DoorId) -> Settings {
    #[expect(clippy::expect_used, reason = "constants that the test below parses")]
    let (title, zone, controller, release, open_limit): (
        Text,
        ZoneId,
        ControllerId,
        ReleaseTime,
        OpenLimit,
    ) = (
        "not configured".parse().expect("a title"),
        "unplaced".parse().expect("an id"),
        "unplaced".parse().expect("an id"),
        ReleaseTime::new(Duration::from_secs(5)).expect("within bounds"),
        OpenLimit::new(Duration::from_secs(30)).expect("within bounds"),
    );
    Settings {
        id,
        title,
        kind: DoorKind::Room,
        from: None,
        to: zone,
        controller,
        release,
        open_limit,
        relock: Relock::OnClose,
        exit: ExitHardware::Released,
        unlocked: None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_door_that_nobody_configured_has_settings() {
        assert_eq!(super::unplaced("x".parse().unwrap()).exit, lockward_model::ExitHardware::Released);
    }
}
