//! Questions at a reader: what the site is asked, what it answers, and what of the answer waits for its record.

use crate::core::{Core, Effect, GRANT_LIFE, PinCheck, PinQuestion};
use crate::records::Awaited;
use core::time::Duration;
use lockward_door::{ANSWER_WAIT, Answer as DoorAnswer, PinEntry};
use lockward_model::{Body, CardToken, Deny, Now, PinFact, Side};
use lockward_site::{Answer, Question, Site};
use lockward_wire::credential::Pin;

/// What a door asks.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) side: Side,
    pub(crate) token: Option<CardToken>,
    pub(crate) question: u32,
}

impl Core {
    pub(crate) fn ask(&mut self, now: Now, door: usize, asked: Asked, pin: PinEntry, out: &mut Vec<Effect>) {
        let Some(unit) = self.units.get(door) else { return };
        let base = Question {
            controller: self.id,
            door: unit.id(),
            side: asked.side,
            token: asked.token,
            pin: PinFact::NotAsked,
            keypad: unit.keypad(),
            at: now.wall,
            config_age: self.config_age(now),
            config: self.known.config(),
        };
        let question = asked.question;
        match pin {
            PinEntry::NotAsked => self.decide(now, door, question, &base, out),
            PinEntry::Missing => {
                self.decide(now, door, question, &Question { pin: PinFact::Missing, ..base }, out);
            }
            PinEntry::Typed(digits) => {
                let hashes = match (&self.site, asked.token) {
                    (Some(site), Some(token)) => site.pins_beside(token, now.wall),
                    _ => Vec::new(),
                };
                match (
                    std::str::from_utf8(digits.ascii()).unwrap_or_default().parse::<Pin>(),
                    self.known.pepper(),
                ) {
                    (Ok(typed), Some(pepper)) => {
                        let question =
                            PinQuestion { door, question, asked: base, since: now.mono, found: None };
                        out.push(Effect::CheckPin(Box::new(PinCheck { question, typed, hashes, pepper })));
                    }
                    _ => self.decide(now, door, question, &Question { pin: PinFact::Wrong, ..base }, out),
                }
            }
        }
    }

    /// A PIN was compared.
    pub(crate) fn pin_checked(&mut self, now: Now, q: &PinQuestion, fact: PinFact, out: &mut Vec<Effect>) {
        let pin = self.pin_still(now, q, fact);
        self.decide(now, q.door, q.question, &Question { pin, ..q.asked }, out);
    }

    /// What a comparison is worth now. A door that has given up waiting opens for nobody, and is not recorded as if it
    /// had; and a PIN that was right when it was typed may since have been revoked, or its card given to another.
    fn pin_still(&self, now: Now, q: &PinQuestion, fact: PinFact) -> PinFact {
        let pins = match (&self.site, q.asked.token) {
            (Some(site), Some(token)) => site.pins_beside(token, now.wall),
            _ => Vec::new(),
        };
        match (fact, &q.found) {
            (PinFact::Right, _) if q.since + ANSWER_WAIT <= now.mono => PinFact::Missing,
            (PinFact::Right, Some(found)) if !pins.contains(found) => PinFact::Wrong,
            _ => fact,
        }
    }

    /// A controller that was revoked has no site any more: it lets nobody in, and everybody out.
    pub(crate) fn revoked(&self, site: &Site) -> bool {
        site.controller(self.id).is_some_and(|c| c.revoked)
    }

    fn decide(&mut self, now: Now, door: usize, question: u32, asked: &Question, out: &mut Vec<Effect>) {
        let Some(site) = self.site.as_ref().filter(|site| !self.revoked(site)) else {
            self.note_door(now, door, Body::Access(lockward_site::undecided(asked)));
            return self.answer(now, door, question, DoorAnswer::Denied(Deny::NoConfiguration), out);
        };
        // The configuration may have moved while a PIN was compared: the decision and its record name one moment.
        let asked = Question { at: now.wall, config: self.known.config(), ..asked.clone() };
        match site.decide(&asked, now.mono + GRANT_LIFE) {
            // Nobody waits for a record that can not come. A grant that is not used is not recorded as one.
            Answer::Granted(..) if self.disk_hangs(now.mono) => {
                self.answer(now, door, question, DoorAnswer::Denied(Deny::NoConfiguration), out);
            }
            Answer::Granted(grant, access) => {
                let record = self.note_door(now, door, Body::Access(access));
                self.records.wait(record, door, Awaited::Opening { question, grant });
            }
            Answer::NeedPin => self.answer(now, door, question, DoorAnswer::NeedPin, out),
            Answer::Denied(why, access) => {
                self.note_door(now, door, Body::Access(access));
                self.answer(now, door, question, DoorAnswer::Denied(why), out);
            }
        }
    }

    pub(crate) fn answer(
        &mut self,
        now: Now,
        door: usize,
        question: u32,
        answer: DoorAnswer,
        out: &mut Vec<Effect>,
    ) {
        self.door(now, door, lockward_door::Input::Decided { question, answer }, out);
    }

    fn config_age(&self, now: Now) -> Duration {
        // Whole seconds: what is recorded must decide the same when it is read back.
        Duration::from_secs(now.wall.since(self.heard).as_secs())
    }
}
