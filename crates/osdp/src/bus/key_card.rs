//! Public-key cards at one reader: what was asked, of whom nothing else is taken, once, and in time.

use super::event::{Micros, PdEvent};
use crate::command::PdCommand;
use crate::pkoc::{Answer, Assembly, Refusal, Report, Request, Transaction};

/// Longest time from a request to the whole answer. A card signs in half a second; the line at 9,600 baud and two
/// polls take another.
pub(super) const ANSWER_MAX: Micros = 3_000_000;

#[derive(Debug)]
struct Asked {
    transaction: Transaction,
    /// When the request went out; `None` for a card that was yet to come.
    at: Option<Micros>,
}

/// One reader's cards. The text names no reader within a PD: reader 0.
#[derive(Debug, Default)]
pub(super) struct KeyCards {
    asked: Option<Asked>,
    assembly: Assembly,
    /// A card waits in the field: the reader is told to keep it there.
    pub(super) waits: bool,
}

impl KeyCards {
    /// A command goes out for the first time.
    pub(super) fn sent(&mut self, now: Micros, command: &PdCommand) {
        self.asked = match Request::of(command) {
            Some(Request::Authenticate { transaction, .. }) => Some(Asked { transaction, at: Some(now) }),
            Some(Request::Next(transaction)) => Some(Asked { transaction, at: None }),
            None => return,
        };
        self.waits = false;
    }

    /// A command was declined.
    pub(super) fn declined(&mut self, command: &PdCommand) {
        if Request::of(command).is_some() {
            self.asked = None;
        }
    }

    /// Takes a report of the extension's vendor, which came through the secure channel.
    pub(super) fn on(&mut self, now: Micros, data: &[u8], events: &mut Vec<PdEvent>) {
        match self.assembly.take(data) {
            Ok(None) => {}
            read => self.told(now, read.and_then(|report| report.ok_or(Refusal::Malformed)), events),
        }
    }

    /// Takes "card present" in its other form, the fields without a header.
    pub(super) fn on_present(&mut self, now: Micros, fields: &[u8], events: &mut Vec<PdEvent>) {
        self.told(now, Report::present(fields), events);
    }

    fn told(&mut self, now: Micros, read: Result<Report, Refusal>, events: &mut Vec<PdEvent>) {
        events.push(match read {
            Ok(Report::Present { own_id }) => {
                self.waits = true;
                PdEvent::KeyCardPresent { reader: 0, own_id }
            }
            Ok(Report::Refresh) => PdEvent::KeyCardWanted,
            Ok(Report::Response { transaction, public_key, signature }) => {
                match self.answer(now, transaction.as_deref()) {
                    Ok((transaction, took)) => {
                        let answer = Answer { transaction, public_key, signature };
                        PdEvent::KeyCard { reader: 0, answer, took }
                    }
                    Err(refusal) => PdEvent::KeyCardRefused { reader: 0, refusal },
                }
            }
            Err(refusal) => {
                // Whatever went wrong went wrong with the card that was asked.
                self.asked = None;
                PdEvent::KeyCardRefused { reader: 0, refusal }
            }
        });
    }

    /// Consumes what was asked: a second answer finds nothing.
    fn answer(
        &mut self,
        now: Micros,
        named: Option<&[u8]>,
    ) -> Result<(Transaction, Option<Micros>), Refusal> {
        let Asked { transaction, at } = self.asked.take().ok_or(Refusal::Unasked)?;
        let took = at.map(|at| now.saturating_sub(at));
        if took.is_some_and(|took| took > ANSWER_MAX) {
            return Err(Refusal::Late);
        }
        if named.is_some_and(|named| named != transaction.as_bytes()) {
            return Err(Refusal::OtherTransaction);
        }
        Ok((transaction, took))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Buzzer, OutputControl};

    #[test]
    fn a_request_that_was_declined_leaves_nothing_to_answer() {
        let transaction = Transaction::new(&[7; 16]).unwrap();
        let request = Request::Authenticate { transaction, reader_id: None }.command();
        let response = Report::Response { transaction: None, public_key: [4; 65], signature: [1; 64] };
        let other = PdCommand::Output(0, OutputControl::Off);
        let buzzer = Buzzer { reader: 0, sound: false, on: 0, off: 0, count: 0 };
        for (declined, taken) in [(&request, false), (&other, true), (&PdCommand::Buzzer(buzzer), true)] {
            let (mut cards, mut events) = (KeyCards::default(), Vec::new());
            cards.sent(0, &request);
            cards.declined(declined);
            response.encode(400).iter().for_each(|part| cards.on(1, part, &mut events));
            assert_eq!(matches!(&events[..], [PdEvent::KeyCard { .. }]), taken, "{events:?}");
        }
    }

    #[test]
    fn a15_an_answer_replayed_at_once_and_after_an_hour_is_refused() {
        let transaction = Transaction::new(&[7; 16]).unwrap();
        let response = Report::Response { transaction: None, public_key: [4; 65], signature: [1; 64] };
        let part = response.encode(400).remove(0);
        let (mut cards, mut events) = (KeyCards::default(), Vec::new());
        cards.sent(0, &Request::Next(transaction).command());
        cards.on(1, &part, &mut events);
        assert!(matches!(events.pop(), Some(PdEvent::KeyCard { .. })));
        for at in [1, 3_600_000_000] {
            cards.on(at, &part, &mut events);
            assert_eq!(events.pop(), Some(PdEvent::KeyCardRefused { reader: 0, refusal: Refusal::Unasked }));
        }
    }
}
