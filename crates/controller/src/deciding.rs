//! Questions at a reader: what was typed is compared first, then the site is asked, and what of its answer must be on
//! record first waits for that.

use crate::airlocks::Claimant;
use crate::checking::{Against, Compared, Found, Open, PinCheck, Typed};
use crate::core::{Core, Effect, GRANT_LIFE};
use crate::records::{Awaited, refuse};
use core::time::Duration;
use lockward_door::{ANSWER_WAIT, Answer as DoorAnswer, PinEntry, Presented, Shown, Terms};
use lockward_history::{A_MOMENT, Reader};
use lockward_model::{Access, Body, CardToken, Deny, Known, Now, PinFact, Second, ShownPass, Side, UsedCode};
use lockward_policy::Grant;
use lockward_site::{Answer, Question, Site};
use lockward_wire::credential::Pin;

impl Core {
    /// A door asks. What was typed is compared on another thread; everything else is decided at once.
    pub(crate) fn ask(&mut self, now: Now, open: Open, out: &mut Vec<Effect>) {
        let typed = |p: &Presented| matches!(p.pin, PinEntry::Typed(_));
        if !typed(&open.asked.first) && !open.asked.second.as_ref().is_some_and(typed) {
            return self.decide(now, Compared { open, first: None, second: None }, out);
        }
        if open.side == Side::Entry && self.must_wait(now, &open) {
            // What was typed is not looked at: nobody learns anything from it.
            return self.decide(now, Compared { open, first: None, second: None }, out);
        }
        let first = self.to_compare(now, &open.asked.first);
        let second = open.asked.second.as_ref().and_then(|second| self.to_compare(now, second));
        match (&self.site, self.known.pepper(), self.known.card_key()) {
            (Some(site), Some(pepper), Some(card_key)) if first.is_some() || second.is_some() => {
                let (at, site) = (now.wall, site.id());
                let check = PinCheck { open, first, second, at, site, card_key, pepper };
                out.push(Effect::CheckPin(Box::new(check)));
            }
            _ => self.decide(now, Compared { open, first: None, second: None }, out),
        }
    }

    fn to_compare(&self, now: Now, presented: &Presented) -> Option<Typed> {
        let PinEntry::Typed(digits) = &presented.pin else { return None };
        let text = std::str::from_utf8(digits.ascii()).ok()?.parse::<Pin>().ok()?;
        let against = match (&self.site, &presented.shown) {
            (_, Shown::Nothing | Shown::Missing) => Against::Nobody,
            (Some(site), shown) => {
                let credentials = shown.token().map(|token| site.typed_beside(token, now.wall));
                let with_last = |c: lockward_model::Credential| {
                    let last = self.history.used.last_step(c.id);
                    (c, last)
                };
                Against::Beside(credentials.unwrap_or_default().into_iter().map(with_last).collect())
            }
            (None, _) => return None,
        };
        Some(Typed { text, against })
    }

    /// What was typed was compared.
    pub(crate) fn checked(&mut self, now: Now, compared: Compared, out: &mut Vec<Effect>) {
        let Compared { open, first, second } = compared;
        let late = open.since + ANSWER_WAIT <= now.mono;
        let first = first.map(|found| self.still(now, &open.asked.first, found, late));
        let second = match (second, &open.asked.second) {
            (Some(found), Some(presented)) => Some(self.still(now, presented, found, late)),
            _ => None,
        };
        self.decide(now, Compared { open, first, second }, out);
    }

    /// What a comparison is worth now. A door that has given up waiting opens for nobody, and is not recorded as if it
    /// had; a PIN that was right when it was typed may since have been revoked, or its card given to another; and a code
    /// may have served at another door meanwhile.
    fn still(&self, now: Now, presented: &Presented, found: Found, late: bool) -> Found {
        let Some(by) = &found.by else { return found };
        if late {
            return Found::nothing(PinFact::Missing);
        }
        let there = match (&self.site, presented.shown.token()) {
            (Some(site), Some(token)) => site.typed_beside(token, now.wall).contains(by),
            _ => false,
        };
        let served = |code: UsedCode| self.history.used.last_step(code.credential) >= Some(code.step);
        match found.code {
            _ if !there => Found::nothing(PinFact::Wrong),
            Some(code) if served(code) => Found::nothing(PinFact::UsedUp),
            _ => found,
        }
    }

    /// A controller that was revoked has no site any more: it lets nobody in, and everybody out.
    pub(crate) fn revoked(&self, site: &Site) -> bool {
        site.controller(self.id).is_some_and(|c| c.revoked)
    }

    fn decide(&mut self, now: Now, asked: Compared, out: &mut Vec<Effect>) {
        let (now, entry) = (self.after_guesses(now, &asked.open), asked.open.side == Side::Entry);
        if entry {
            self.look_at_airlock(now, asked.open.door, out);
        }
        let Some(mut question) = self.question(now, &asked) else { return };
        let (door, number) = (asked.open.door, asked.open.question);
        self.tell_openings(now, door, question.known.openings_spent);
        let mut answer = self.judged(now, &question);
        let (granted, hangs) = (matches!(answer, Answer::Granted(..)), self.disk_hangs(now.mono));
        if asked.open.claimed == Some(true) && (hangs || !granted) {
            self.give_back_airlock(now, door, out);
        }
        // Nobody waits for a record that can not come: it will say so, when it does.
        if let (Answer::Granted(_, access, _), true) = (&answer, hangs) {
            let mut body = Body::Access(access.clone());
            refuse(&mut body);
            self.note_door(now, door, body);
            return self.answer(now, door, number, DoorAnswer::Denied(Deny::NotRecorded), out);
        }
        if granted && entry {
            if !self.reserve_airlock(now, door, out) {
                // It is not to be had after all: that is known now, and decided again, so that the record says it.
                question.known.airlock_busy = true;
                answer = self.judged(now, &question);
            } else if asked.open.claimed.is_none() && self.is_shared(now, door) {
                return self.claim_airlock(now, door, Claimant::Badge(Box::new(asked)), out);
            }
        }
        let open = &asked.open;
        match answer {
            Answer::Granted(grant, access, terms) => {
                let terms =
                    Terms { extended: terms.extended, hold: terms.hold, in_lockdown: self.locked_down(door) };
                self.granted(now, open, (grant, access, terms));
            }
            Answer::NeedPin => self.answer(now, door, number, DoorAnswer::NeedPin, out),
            Answer::NeedCard => self.answer(now, door, number, DoorAnswer::NeedCard, out),
            Answer::NeedSecond => self.answer(now, door, number, DoorAnswer::NeedSecond, out),
            Answer::Denied(why, access) => self.denied(now, open, why, access, out),
        }
    }

    /// No two guesses at one reader are the same, not even in the same millisecond: a decision there is later than the
    /// last guess, on record too.
    fn after_guesses(&mut self, now: Now, open: &Open) -> Now {
        let Some(door) = self.units.get(open.door).map(crate::unit::Unit::id) else { return now };
        let reader = Reader { door, side: open.side };
        let guesses = [&self.history.secrets, &self.history.cards];
        let last = guesses.into_iter().filter_map(|g| g.not_before(reader, now.wall)).max();
        let Some(wall) = last.map(|last| last + A_MOMENT) else { return now };
        self.clock.not_before(wall);
        Now { wall, ..now }
    }

    /// What the site says. Without one, nobody enters.
    fn judged(&self, now: Now, question: &Question) -> Answer {
        match self.site.as_ref().filter(|site| !self.revoked(site)) {
            Some(site) => site.decide_among(question, now.mono + GRANT_LIFE, &self.answers),
            None => Answer::Denied(Deny::NoConfiguration, lockward_site::undecided(question)),
        }
    }

    /// The grant waits for its record.
    fn granted(&mut self, now: Now, open: &Open, (grant, access, terms): (Grant, Access, Terms)) {
        let (door, question) = (open.door, open.question);
        if let (Some(site), Some(unit), false) = (&self.site, self.units.get_mut(door), terms.hold) {
            unit.grant(question, open.side);
            self.history.awaits(site, unit.id(), question, now.wall, &access);
        }
        let record = self.note_door(now, door, Body::Access(access));
        self.records.wait(record, door, Awaited::Opening { question, grant, terms });
    }

    /// Where something was guessed, the answer waits for the record: no power cut gives a guess for nothing.
    fn denied(&mut self, now: Now, open: &Open, why: Deny, access: Access, out: &mut Vec<Effect>) {
        let (door, question) = (open.door, open.question);
        let (guessed, waiting) = (crate::history::guessed(&access), access.known.waiting);
        let record = self.note_door(now, door, Body::Access(access));
        if !waiting {
            self.tell_guessing(now, open);
        }
        if guessed && !self.disk_hangs(now.mono) {
            self.records.wait(record, door, Awaited::Refusal { question, why, until: now.mono + GRANT_LIFE });
        } else {
            self.answer(now, door, question, DoorAnswer::Denied(why), out);
        }
    }

    /// Everything that the decision depends on, besides the site.
    fn question(&self, now: Now, Compared { open, first, second }: &Compared) -> Option<Question> {
        let unit = self.units.get(open.door)?;
        let codes = [first, second].into_iter().flatten().filter_map(|f| f.code).collect();
        let presented = &open.asked.first;
        let mut question = Question {
            controller: self.id,
            door: unit.id(),
            side: open.side,
            token: self.token_of(presented, first.as_ref()),
            pin: self.fact_of(presented, first.as_ref()),
            keypad: unit.keypad(),
            at: now.wall,
            config_age: self.config_age(now),
            config: self.known.config(),
            known: Known {
                wish: open.asked.wish,
                signed: signed(&presented.shown),
                second: open.asked.second.as_ref().map(|p| Box::new(self.second(p, second.as_ref()))),
                pass: self.shown_pass(now, &presented.shown),
                codes,
                ..Known::default()
            },
        };
        self.what_had_happened(now, open, &mut question);
        Some(question)
    }

    /// Of a PIN that was typed alone, what it is found by counts only where somebody is found.
    fn token_of(&self, presented: &Presented, found: Option<&Found>) -> Option<CardToken> {
        let alone = found.and_then(|f| f.alone);
        let known = |token: &CardToken| self.site.as_ref().is_some_and(|s| s.holder_of(*token).is_some());
        presented.shown.token().or(alone.filter(known))
    }

    /// What became of what was typed. What could not be compared, or was not looked at, is no PIN of anybody. A PIN that
    /// stands alone says who, and is no second factor; and where no card came for it, that is what is missing.
    fn fact_of(&self, presented: &Presented, found: Option<&Found>) -> PinFact {
        match (&presented.pin, &presented.shown, found) {
            (PinEntry::NotAsked, ..) => PinFact::NotAsked,
            (PinEntry::Missing, ..) | (_, Shown::Missing, _) => PinFact::Missing,
            (_, Shown::Nothing, found) if self.token_of(presented, found).is_some() => PinFact::NotAsked,
            (_, _, Some(found)) => found.fact,
            (_, _, None) => PinFact::Wrong,
        }
    }

    fn second(&self, presented: &Presented, found: Option<&Found>) -> Second {
        let (token, signed) = (self.token_of(presented, found), signed(&presented.shown));
        Second { token, signed, pin: self.fact_of(presented, found), person: None }
    }

    fn shown_pass(&self, now: Now, shown: &Shown) -> Option<Box<ShownPass>> {
        let Shown::Pass(bytes) = shown else { return None };
        let used_up = self.site.as_ref().is_some_and(|site| self.history.is_used_up(site, bytes, now.wall));
        Some(Box::new(ShownPass { bytes: bytes.clone(), used_up }))
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

    pub(crate) fn config_age(&self, now: Now) -> Duration {
        // Whole seconds: what is recorded must decide the same when it is read back.
        Duration::from_secs(now.wall.since(self.heard).as_secs())
    }
}

fn signed(shown: &Shown) -> Option<bool> {
    match shown {
        Shown::Key { signed, .. } => Some(*signed),
        _ => None,
    }
}
