//! The steps from a challenge to an open session, and from the default key to a reader's own.

use super::event::{Micros, PdEvent};
use super::link::{Link, Phase, Stage, first_code};
use crate::frame::Frame;
use crate::reply::{Reply, says_secure};
use crate::secure::{Answered, BaseKey, Challenged, Secured, scs};

impl Link {
    pub(super) fn on_asked(
        &mut self,
        now: Micros,
        clear: Option<&Reply>,
        frame: &Frame,
        events: &mut Vec<PdEvent>,
    ) {
        let was_secure = self.capabilities.as_deref().is_some_and(says_secure);
        let trouble = match clear {
            Some(Reply::Capabilities(all)) if says_secure(all) => PdEvent::KeyRefused,
            Some(Reply::Capabilities(_)) if was_secure => PdEvent::Downgrade,
            _ => PdEvent::InsecureRefused(first_code(frame)),
        };
        self.refuse(now, trouble, events);
    }

    pub(super) fn on_challenged(
        &mut self,
        now: Micros,
        step: Challenged,
        frame: &Frame,
        clear: Option<&Reply>,
        events: &mut Vec<PdEvent>,
    ) {
        let reply = match (frame.security(), Reply::decode(frame.body())) {
            (Some((scs::CCRYPT, &[flag])), Some(Reply::Ccrypt(reply))) => {
                if flag == 0 && matches!(step.base(), BaseKey::Own(_)) {
                    return self.refuse(now, PdEvent::DefaultKeyRefused, events);
                }
                reply
            }
            _ if matches!(clear, Some(Reply::Nak(_))) => {
                self.phase = Phase::Asking;
                return;
            }
            _ => return self.refuse(now, PdEvent::InsecureRefused(first_code(frame)), events),
        };
        match step.on_ccrypt(&reply) {
            Ok(answered) => self.phase = Phase::Answered(answered),
            // The first may be a late answer to an earlier challenge.
            Err(_) => self.refuse_at_second(now, PdEvent::KeyRefused, events),
        }
    }

    pub(super) fn on_answered(
        &mut self,
        now: Micros,
        step: Answered,
        frame: &Frame,
        events: &mut Vec<PdEvent>,
    ) {
        let own = matches!(step.base(), BaseKey::Own(_));
        let session = match (frame.security(), Reply::decode(frame.body())) {
            (Some((scs::RMAC_I, _)), Some(Reply::InitialMac(mac))) => step.on_rmac_i(&mac).ok(),
            _ => None,
        };
        match session {
            None => self.refuse_at_second(now, PdEvent::KeyRefused, events),
            Some(session) if own => {
                if self.pairing.as_ref().is_some_and(|p| p.key_sent) {
                    events.push(PdEvent::Paired);
                    self.pairing = None;
                    events.push(PdEvent::PairingClosed);
                }
                self.heard = now;
                self.phase = Phase::Open(session, Stage::Identify);
            }
            Some(session) => self.phase = Phase::Pairing(session),
        }
    }

    /// KEYSET was answered. Some readers drop the session before they acknowledge, so the answer may be clear;
    /// it is not believed either way: the next handshake, under the reader's own key, is the proof.
    pub(super) fn on_key_set(
        &mut self,
        now: Micros,
        session: Secured,
        frame: &Frame,
        clear: Option<&Reply>,
        events: &mut Vec<PdEvent>,
    ) {
        let opened = session.open_reply(frame).ok().and_then(|(_, body)| Reply::decode(&body));
        match (opened.as_ref().or(clear), &mut self.pairing) {
            (Some(Reply::Ack), Some(pairing)) => {
                pairing.key_sent = true;
                self.pace.start_over(now);
            }
            _ => self.refuse(now, PdEvent::KeyRefused, events),
        }
    }
}
