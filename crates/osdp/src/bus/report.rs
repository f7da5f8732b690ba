//! A reader's reports as events: what was read or pressed always, a state only when it is new.

use super::event::{Micros, PdEvent};
use super::key_card::KeyCards;
use crate::code::Code;
use crate::pkoc;
use crate::reply::{CardData, CardFormat, Reply};

/// The last state that was told of one reader.
#[derive(Debug, Default)]
pub(super) struct Reports {
    case: Option<bool>,
    readers: Option<bool>,
    tamper: Option<bool>,
    power: Option<bool>,
    inputs: Option<Vec<bool>>,
    outputs: Option<Vec<bool>>,
    pub(super) key_cards: KeyCards,
    /// What a report of the maker's own begins with if a code follows.
    pub(super) code_prefix: Option<Vec<u8>>,
}

impl Reports {
    /// The reader is offline: whatever it says when it is back is news.
    pub(super) fn forget(&mut self) {
        *self = Self { code_prefix: self.code_prefix.take(), ..Self::default() };
    }

    /// Takes a reply that came through the secure channel.
    pub(super) fn on(&mut self, now: Micros, reply: Reply, events: &mut Vec<PdEvent>) {
        match reply {
            Reply::Card { reader, format, card } => events.push(match Code::of(format, &card) {
                Some(code) => PdEvent::Code { reader, code },
                None => PdEvent::Card { reader, format, card },
            }),
            Reply::KeyCardPresent(fields) => self.key_cards.on_present(now, &fields, events),
            Reply::Vendor(pkoc::VENDOR, data) => self.key_cards.on(now, &data, events),
            Reply::Vendor(vendor, data) => self.vendor(vendor, &data, events),
            Reply::Keys { reader, digits } => events.push(PdEvent::Keys { reader, digits }),
            Reply::Local { tamper, power } => {
                self.case = Some(tamper);
                self.tamper(events);
                if self.power.replace(power) != Some(power) {
                    events.push(PdEvent::PowerFailure(power));
                }
            }
            Reply::Readers(all) => {
                self.readers = Some(all.contains(&true));
                self.tamper(events);
            }
            Reply::Inputs(all) => {
                if self.inputs.as_ref() != Some(&all) {
                    events.push(PdEvent::Inputs(all.clone()));
                    self.inputs = Some(all);
                }
            }
            Reply::Outputs(all) => {
                if self.outputs.as_ref() != Some(&all) {
                    events.push(PdEvent::Outputs(all.clone()));
                    self.outputs = Some(all);
                }
            }
            Reply::Ack
            | Reply::Nak(_)
            | Reply::Identity(_)
            | Reply::Capabilities(_)
            | Reply::Com(..)
            | Reply::Ccrypt(_)
            | Reply::InitialMac(_)
            | Reply::Busy => {}
        }
    }

    fn vendor(&self, vendor: [u8; 3], data: &[u8], events: &mut Vec<PdEvent>) {
        let whole = [&vendor, data].concat();
        let Some(text) = self.code_prefix.as_ref().and_then(|prefix| whole.strip_prefix(prefix.as_slice()))
        else {
            return;
        };
        if let Some(code) = Code::new(text) {
            events.push(PdEvent::Code { reader: 0, code });
        } else if let Some(card) =
            u16::try_from(text.len() * 8).ok().and_then(|bits| CardData::new(bits, text.to_vec()))
        {
            // Longer than any code, as it may come in RAW too: a card that no site knows, so that it is on record.
            events.push(PdEvent::Card { reader: 0, format: CardFormat::Characters, card });
        }
    }

    fn tamper(&mut self, events: &mut Vec<PdEvent>) {
        let tamper = self.case == Some(true) || self.readers == Some(true);
        if self.tamper.replace(tamper) != Some(tamper) {
            events.push(PdEvent::Tamper(tamper));
        }
    }
}
