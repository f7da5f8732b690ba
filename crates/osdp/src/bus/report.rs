//! A reader's reports as events: what was read or pressed always, a state only when it is new.

use super::event::PdEvent;
use crate::reply::Reply;

/// The last state that was told of one reader.
#[derive(Debug, Default)]
pub(super) struct Reports {
    case: Option<bool>,
    readers: Option<bool>,
    tamper: Option<bool>,
    power: Option<bool>,
    inputs: Option<Vec<bool>>,
    outputs: Option<Vec<bool>>,
}

impl Reports {
    /// Takes a reply that came through the secure channel.
    pub(super) fn on(&mut self, reply: Reply, events: &mut Vec<PdEvent>) {
        match reply {
            Reply::Card { reader, format, card } => events.push(PdEvent::Card { reader, format, card }),
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
            | Reply::Busy
            | Reply::Vendor(..) => {}
        }
    }

    fn tamper(&mut self, events: &mut Vec<PdEvent>) {
        let tamper = self.case == Some(true) || self.readers == Some(true);
        if self.tamper.replace(tamper) != Some(tamper) {
            events.push(PdEvent::Tamper(tamper));
        }
    }
}
