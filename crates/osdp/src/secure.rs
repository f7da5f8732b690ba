//! The secure channel: who may speak, one type a step, and a session in which every frame proves the one before.
//!
//! OSDP 2.2, Annex D. Each step takes the last one by value: a failed step leaves nothing to go on from.
//!
//! ```text
//! panel   Challenged --CCRYPT--> Answered --RMAC_I--> Secured
//! reader  Invited ----SCRYPT--> Secured
//! ```

mod cipher;
#[cfg(test)]
mod tests;

use cipher::{BLOCK, Keys, same};
use thiserror::Error;

use crate::frame::{Draft, Frame, MAC_LEN, REPLY};
use crate::key::{DEFAULT_KEY, Scbk};
use crate::reply::{Ccrypt, code};

/// Security block types (OSDP 2.2, Annex D.1.3).
pub(crate) mod scs {
    pub(crate) const CHLNG: u8 = 0x11;
    pub(crate) const CCRYPT: u8 = 0x12;
    pub(crate) const SCRYPT: u8 = 0x13;
    pub(crate) const RMAC_I: u8 = 0x14;
    pub(crate) const COMMAND_MAC: u8 = 0x15;
    pub(crate) const REPLY_MAC: u8 = 0x16;
    pub(crate) const COMMAND_SEALED: u8 = 0x17;
    pub(crate) const REPLY_SEALED: u8 = 0x18;
}

/// Why a handshake or a secured frame was refused. Every one of them ends the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecureError {
    /// The reader does not hold the key (OSDP 2.2, Annex D.5).
    #[error("the reader's cryptogram is wrong: it holds another key; provision it again")]
    ClientCryptogram,
    /// The panel does not hold the key.
    #[error("the panel's cryptogram is wrong: it holds another key")]
    ServerCryptogram,
    /// The first reply MAC is not what both sides computed.
    #[error("the initial reply MAC is wrong; the handshake starts again")]
    InitialMac,
    /// The frame has no security block, or one that does not belong here.
    #[error("the frame is outside the secure channel; it is refused")]
    Insecure,
    /// Altered, replayed, out of its order, or from someone else.
    #[error("the frame's MAC is wrong; the session is dropped")]
    Mac,
    /// The MAC is right, and the data is not encrypted or not padded as the standard says.
    #[error("the secured frame's data is malformed; the session is dropped")]
    Malformed,
}

/// Which base key a handshake uses.
#[derive(Debug, Clone)]
pub enum BaseKey {
    /// The reader's own.
    Own(Scbk),
    /// SCBK-D. For a pairing window and nothing else; no data is ever taken from its session.
    Default,
}

impl BaseKey {
    fn bytes(&self) -> &[u8; 16] {
        match self {
            Self::Own(key) => key.bytes(),
            Self::Default => &DEFAULT_KEY,
        }
    }

    /// Data byte of the handshake's security blocks: 0 for SCBK-D, 1 for SCBK.
    #[must_use]
    pub fn flag(&self) -> u8 {
        match self {
            Self::Own(_) => 1,
            Self::Default => 0,
        }
    }
}

/// The panel has sent RND.A and waits for the reader's proof.
pub struct Challenged {
    base: BaseKey,
    rnd_a: [u8; 8],
}

impl Challenged {
    /// Starts a handshake. `rnd_a` must come from a cryptographic source and be used once.
    #[must_use]
    pub fn new(base: BaseKey, rnd_a: [u8; 8]) -> Self {
        Self { base, rnd_a }
    }

    /// Data of CHLNG.
    #[must_use]
    pub fn challenge(&self) -> [u8; 8] {
        self.rnd_a
    }

    /// Which key the handshake is under.
    #[must_use]
    pub fn base(&self) -> &BaseKey {
        &self.base
    }

    /// OSDP 2.2, Annex D.5: a wrong client cryptogram ends the handshake; there is no retry from here.
    ///
    /// # Errors
    /// [`SecureError::ClientCryptogram`]: the reader does not hold the key.
    pub fn on_ccrypt(self, reply: &Ccrypt) -> Result<Answered, SecureError> {
        let keys = Keys::derive(&self.base, &self.rnd_a);
        if !same(&keys.cryptogram(&self.rnd_a, &reply.rnd_b), &reply.cryptogram) {
            return Err(SecureError::ClientCryptogram);
        }
        let server = keys.cryptogram(&reply.rnd_b, &self.rnd_a);
        Ok(Answered { base: self.base, server, keys })
    }
}

/// The reader has proved itself; the panel's own proof is to be sent and answered.
pub struct Answered {
    base: BaseKey,
    server: [u8; BLOCK],
    keys: Keys,
}

impl Answered {
    /// Data of SCRYPT.
    #[must_use]
    pub fn server_cryptogram(&self) -> [u8; BLOCK] {
        self.server
    }

    /// Which key the handshake is under.
    #[must_use]
    pub fn base(&self) -> &BaseKey {
        &self.base
    }

    /// The reader's first MAC, from which the chain of MACs hangs.
    ///
    /// # Errors
    /// [`SecureError::InitialMac`]: it is not the one that both sides must have.
    pub fn on_rmac_i(self, rmac_i: &[u8; BLOCK]) -> Result<Secured, SecureError> {
        let expected = self.keys.initial_mac(self.server);
        if !same(&expected, rmac_i) {
            return Err(SecureError::InitialMac);
        }
        Ok(Secured { keys: self.keys, command_mac: [0; BLOCK], reply_mac: expected, heard: true })
    }
}

/// The reader's side: challenged, its answer given, waiting for the panel's proof.
pub struct Invited {
    server: [u8; BLOCK],
    answer: [u8; BLOCK],
    keys: Keys,
}

impl Invited {
    /// Answers a challenge. `rnd_b` must come from a cryptographic source and be used once.
    #[must_use]
    pub fn new(base: &BaseKey, rnd_a: &[u8; 8], rnd_b: &[u8; 8]) -> Self {
        let keys = Keys::derive(base, rnd_a);
        Self { server: keys.cryptogram(rnd_b, rnd_a), answer: keys.cryptogram(rnd_a, rnd_b), keys }
    }

    /// The client cryptogram of CCRYPT.
    #[must_use]
    pub fn client_cryptogram(&self) -> [u8; BLOCK] {
        self.answer
    }

    /// Checks the panel's proof; gives the session and the data of RMAC_I.
    ///
    /// # Errors
    /// [`SecureError::ServerCryptogram`]: the panel does not hold the key.
    pub fn on_scrypt(self, server_cryptogram: &[u8; BLOCK]) -> Result<(Secured, [u8; BLOCK]), SecureError> {
        if !same(&self.server, server_cryptogram) {
            return Err(SecureError::ServerCryptogram);
        }
        let reply_mac = self.keys.initial_mac(self.server);
        Ok((Secured { keys: self.keys, command_mac: [0; BLOCK], reply_mac, heard: false }, reply_mac))
    }
}

/// An established session. Every MAC hangs on the one before, so a frame is good once, in its place.
pub struct Secured {
    keys: Keys,
    command_mac: [u8; BLOCK],
    reply_mac: [u8; BLOCK],
    /// The other side has had its turn. A MAC hangs on what the other side said last, so without this the same
    /// frame would be good again until we speak.
    heard: bool,
}

impl std::fmt::Debug for Secured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secured(..)")
    }
}

/// Who spoke a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Panel,
    Reader,
}

impl Secured {
    /// The panel's next frame. Data is always encrypted (SCS_17); a command without data is only signed (SCS_15).
    #[must_use]
    pub fn command(&mut self, address: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
        self.speak(Speaker::Panel, address & !REPLY, sequence, body)
    }

    /// The reader's next frame (SCS_18, or SCS_16 without data).
    #[must_use]
    pub fn reply(&mut self, address: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
        self.speak(Speaker::Reader, address | REPLY, sequence, body)
    }

    fn speak(&mut self, speaker: Speaker, address: u8, sequence: u8, body: &[u8]) -> Vec<u8> {
        let iv = match speaker {
            Speaker::Panel => self.reply_mac,
            Speaker::Reader => self.command_mac,
        };
        let (code, data) = body.split_at_checked(1).unwrap_or_default();
        let mut sent = code.to_vec();
        let kind = match (speaker, data.is_empty()) {
            (Speaker::Panel, true) => scs::COMMAND_MAC,
            (Speaker::Panel, false) => scs::COMMAND_SEALED,
            (Speaker::Reader, true) => scs::REPLY_MAC,
            (Speaker::Reader, false) => scs::REPLY_SEALED,
        };
        if !data.is_empty() {
            self.keys.seal(iv, data, &mut sent);
        }
        self.heard = false;
        let draft = Draft::new(address, sequence, Some(&[kind]), &sent, true);
        let mac = self.keys.mac(iv, draft.covered());
        match speaker {
            Speaker::Panel => self.command_mac = mac,
            Speaker::Reader => self.reply_mac = mac,
        }
        draft.finish(mac.first_chunk::<MAC_LEN>().unwrap_or(&[0; MAC_LEN]))
    }

    /// Opens a reader's frame; gives the session back, and code and data. A refused frame ends the session.
    ///
    /// # Errors
    /// [`SecureError::Insecure`], [`SecureError::Mac`] or [`SecureError::Malformed`].
    pub fn open_reply(self, frame: &Frame) -> Result<(Self, Vec<u8>), SecureError> {
        self.hear(Speaker::Reader, frame)
    }

    /// Opens a panel's frame; gives the session back, and code and data. A refused frame ends the session.
    ///
    /// # Errors
    /// [`SecureError::Insecure`], [`SecureError::Mac`] or [`SecureError::Malformed`].
    pub fn open_command(self, frame: &Frame) -> Result<(Self, Vec<u8>), SecureError> {
        self.hear(Speaker::Panel, frame)
    }

    fn hear(mut self, speaker: Speaker, frame: &Frame) -> Result<(Self, Vec<u8>), SecureError> {
        let (kind, _) = frame.security().ok_or(SecureError::Insecure)?;
        if frame.is_reply() != (speaker == Speaker::Reader) || kind < scs::COMMAND_MAC {
            return Err(SecureError::Insecure);
        }
        let (covered, mac) = frame.split_mac().ok_or(SecureError::Mac)?;
        let iv = match speaker {
            Speaker::Panel => self.reply_mac,
            Speaker::Reader => self.command_mac,
        };
        let expected = self.keys.mac(iv, covered);
        let right = same(expected.first_chunk::<MAC_LEN>().map_or(&[], <[u8; MAC_LEN]>::as_slice), mac);
        if !right || self.heard {
            return Err(SecureError::Mac);
        }
        self.heard = true;
        match speaker {
            Speaker::Panel => self.command_mac = expected,
            Speaker::Reader => self.reply_mac = expected,
        }
        let body = frame.body();
        let (code, data) = body
            .get(..body.len().saturating_sub(MAC_LEN))
            .and_then(<[u8]>::split_first)
            .ok_or(SecureError::Malformed)?;
        let mut opened = vec![*code];
        match (speaker, kind) {
            (Speaker::Panel, scs::COMMAND_MAC) | (Speaker::Reader, scs::REPLY_MAC) if data.is_empty() => {}
            (Speaker::Panel, scs::COMMAND_SEALED) | (Speaker::Reader, scs::REPLY_SEALED) => {
                opened.append(&mut self.keys.open(iv, data).ok_or(SecureError::Malformed)?);
            }
            // Off-spec: common readers send a status with the panel's block type, and some refusals, under a MAC but
            // not encrypted. The MAC has been checked, the data is no secret, and a lost tamper report or session
            // would be the greater harm.
            (Speaker::Reader, scs::COMMAND_MAC | scs::REPLY_MAC) if code::names_nobody(*code) => {
                opened.extend_from_slice(data);
            }
            _ => return Err(SecureError::Malformed),
        }
        Ok((self, opened))
    }
}
