//! A door as this controller has it: the state machine, and what it waits for.

use crate::config::DoorWiring;
use crate::history::DoorWas;
use core::time::Duration;
use lockward_door::{Action, Cause, Door, Input, Stand, State, Wiring};
use lockward_model::{
    CardToken, ControllerId, Door as Settings, DoorId, DoorKind, DoorRules, ExitHardware, Mono, Now,
    OpenLimit, ReleaseTime, Relock, Side, Text, ZoneId,
};

pub(crate) struct Unit {
    id: DoorId,
    inputs: Wiring,
    machine: Door,
    /// Why its schedule sets it free, as far as that was begun.
    scheduled: Option<Cause>,
    came_first: bool,
    /// The card whose answer came late, at each side's reader: outside, inside.
    late: [Option<CardToken>; 2],
    /// Whether the case of each side's reader is open, and whether the cabinet's is.
    open_cases: [bool; 3],
    /// Grants under way that let somebody through: the questions that they answer, and at which side.
    grants: Vec<(u32, Side)>,
}

impl Unit {
    /// A door that the site may not know yet: nobody is let in, and everybody is let out.
    pub(crate) fn new(wiring: &DoorWiring, now: Now) -> Self {
        let inputs = Wiring {
            contact: wiring.contact.is_some(),
            bolt: wiring.bolt.is_some(),
            keypad: wiring.readers().any(|(_, r)| r.keypad),
        };
        let machine = Door::new(unplaced(wiring.id), inputs, now);
        Self {
            id: wiring.id,
            inputs,
            machine,
            scheduled: None,
            came_first: false,
            late: [None; 2],
            open_cases: [false; 3],
            grants: vec![],
        }
    }

    /// What its records last said of it.
    pub(crate) fn remember(&mut self, was: DoorWas) {
        if let Some(opened) = was.opened {
            self.machine.left_open(opened);
        }
    }
    pub(crate) fn id(&self) -> DoorId {
        self.id
    }
    pub(crate) fn keypad(&self) -> bool {
        self.inputs.keypad
    }
    /// Whether something tells that somebody went through.
    pub(crate) fn tells(&self) -> bool {
        self.inputs.contact
    }
    pub(crate) fn state(&self) -> State {
        self.machine.state()
    }
    pub(crate) fn stand(&self) -> Stand {
        self.machine.stand()
    }
    /// Whether an order holds it open.
    pub(crate) fn is_held(&self) -> bool {
        self.machine.is_free_by(Cause::Order)
    }
    pub(crate) fn wake_at(&self) -> Option<Mono> {
        self.machine.wake_at()
    }
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.wake_at().is_some_and(|at| at <= now)
    }
    pub(crate) fn scheduled(&self) -> Option<Cause> {
        self.scheduled
    }
    /// Whether somebody has come first in this window already, before the start.
    pub(crate) fn came_first(&self) -> bool {
        self.came_first
    }
    pub(crate) fn set_came_first(&mut self, came: bool) {
        self.came_first = came;
    }
    pub(crate) fn set_scheduled(&mut self, cause: Option<Cause>) {
        self.scheduled = cause;
    }
    pub(crate) fn late(&self, side: Side) -> Option<CardToken> {
        let [outside, inside] = self.late;
        if side == Side::Entry { outside } else { inside }
    }
    /// A card's answer came in time, or late.
    pub(crate) fn set_late(&mut self, side: Side, late: Option<CardToken>) {
        let [outside, inside] = &mut self.late;
        *(if side == Side::Entry { outside } else { inside }) = late;
    }
    /// A case is open or closed again: a reader's, or the cabinet's. Whether any is.
    pub(crate) fn set_case(&mut self, of: Option<Side>, open: bool) -> bool {
        let [outside, inside, cabinet] = &mut self.open_cases;
        let case = match of {
            Some(Side::Entry) => outside,
            Some(Side::Exit) => inside,
            None => cabinet,
        };
        *case = open;
        self.open_cases.contains(&true)
    }
    /// A grant for somebody to pass is on its way.
    pub(crate) fn grant(&mut self, question: u32, side: Side) {
        self.grants.push((question, side));
    }
    /// A grant has ended: at which side, if it was for passing.
    pub(crate) fn spend(&mut self, question: u32) -> Option<Side> {
        let at = self.grants.iter().position(|(q, _)| *q == question)?;
        Some(self.grants.swap_remove(at).1)
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
        rules: DoorRules::default(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_door_that_nobody_configured_has_settings() {
        assert_eq!(super::unplaced("x".parse().unwrap()).exit, lockward_model::ExitHardware::Released);
    }
}
