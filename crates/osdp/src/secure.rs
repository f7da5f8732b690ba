//! The secure channel: who may speak, one type a step, and a session in which every frame proves the one before.
//!
//! OSDP 2.2, Annex D. Each step takes the last one by value: a failed step leaves nothing to go on from.
//!
//! ```text
//! panel   Challenged --CCRYPT--> Answered --RMAC_I--> Secured
//! reader  Invited ----SCRYPT--> Secured
//! ```

use aes::Aes128;
use aes::cipher::{Block, BlockDecrypt, BlockEncrypt, KeyInit};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::frame::{Draft, Frame, MAC_LEN, REPLY};
use crate::key::{DEFAULT_KEY, Scbk};
use crate::reply::{Ccrypt, code};

const BLOCK: usize = 16;
/// First byte of padding (OSDP 2.2, Annex D.4; ISO/IEC 9797-1 method 2).
const PAD: u8 = 0x80;

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

/// The session's keys, wiped when dropped.
struct Keys {
    enc: Aes128,
    mac1: Aes128,
    mac2: Aes128,
}

impl Keys {
    /// OSDP 2.2, Annex D.4.1: each key is the base key over a label and six bytes of RND.A.
    fn derive(base: &BaseKey, rnd_a: &[u8; 8]) -> Self {
        let cipher = Aes128::new(base.bytes().into());
        let key = |label: [u8; 2]| {
            let mut block = Zeroizing::new([0u8; BLOCK]);
            for (to, from) in block.iter_mut().zip(label.iter().chain(rnd_a.iter().take(6))) {
                *to = *from;
            }
            cipher.encrypt_block(Block::<Aes128>::from_mut_slice(block.as_mut_slice()));
            Aes128::new(Block::<Aes128>::from_slice(block.as_slice()))
        };
        Self { enc: key([0x01, 0x82]), mac1: key([0x01, 0x01]), mac2: key([0x01, 0x02]) }
    }

    /// Annex D.4.3: what one side encrypts to show that it holds the key.
    fn cryptogram(&self, first: &[u8; 8], second: &[u8; 8]) -> [u8; BLOCK] {
        let mut block = [0u8; BLOCK];
        for (to, from) in block.iter_mut().zip(first.iter().chain(second)) {
            *to = *from;
        }
        encrypt(&self.enc, block)
    }

    /// Annex D.4.4.
    fn initial_mac(&self, server_cryptogram: [u8; BLOCK]) -> [u8; BLOCK] {
        encrypt(&self.mac2, encrypt(&self.mac1, server_cryptogram))
    }

    /// Annex D.4.5: CBC under S-MAC1, the last block under S-MAC2.
    fn mac(&self, iv: [u8; BLOCK], message: &[u8]) -> [u8; BLOCK] {
        let last = message.len().saturating_sub(1) / BLOCK;
        let mut chain = iv;
        for (index, chunk) in message.chunks(BLOCK).enumerate() {
            let cipher = if index == last { &self.mac2 } else { &self.mac1 };
            chain = encrypt(cipher, xor(chain, padded(chunk)));
        }
        chain
    }

    fn seal(&self, iv: [u8; BLOCK], data: &[u8], out: &mut Vec<u8>) {
        let mut chain = complement(iv);
        // One more block when data fills its last one: the padding byte always stands.
        for index in 0..=data.len() / BLOCK {
            let chunk = data.chunks(BLOCK).nth(index).unwrap_or_default();
            let block = Zeroizing::new(pad_always(chunk));
            chain = encrypt(&self.enc, xor(chain, *block));
            out.extend_from_slice(&chain);
        }
    }

    fn open(&self, iv: [u8; BLOCK], sealed: &[u8]) -> Option<Vec<u8>> {
        let (blocks, ragged) = sealed.as_chunks::<BLOCK>();
        if blocks.is_empty() || !ragged.is_empty() {
            return None;
        }
        let mut chain = complement(iv);
        let mut data = Vec::with_capacity(sealed.len());
        for sealed in blocks {
            data.extend_from_slice(&xor(chain, decrypt(&self.enc, *sealed)));
            chain = *sealed;
        }
        let end = data.iter().rposition(|byte| *byte != 0)?;
        // The padding is one block at most, and begins with its mark.
        (data.get(end) == Some(&PAD) && data.len() - end <= BLOCK).then(|| data.truncate(end))?;
        Some(data)
    }
}

fn encrypt(cipher: &Aes128, mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    cipher.encrypt_block(Block::<Aes128>::from_mut_slice(&mut block));
    block
}

fn decrypt(cipher: &Aes128, mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    cipher.decrypt_block(Block::<Aes128>::from_mut_slice(&mut block));
    block
}

fn xor(mut a: [u8; BLOCK], b: [u8; BLOCK]) -> [u8; BLOCK] {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    a
}

fn complement(iv: [u8; BLOCK]) -> [u8; BLOCK] {
    iv.map(|byte| !byte)
}

/// A chunk as a block: padded if it is short, as it is if it is full.
fn padded(chunk: &[u8]) -> [u8; BLOCK] {
    chunk.try_into().unwrap_or_else(|_| pad_always(chunk))
}

fn pad_always(chunk: &[u8]) -> [u8; BLOCK] {
    let mut block = [0u8; BLOCK];
    for (to, from) in block.iter_mut().zip(chunk.iter().chain(&[PAD])) {
        *to = *from;
    }
    block
}

/// Compares without telling, by its time, where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
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
        Ok(Secured { keys: self.keys, command_mac: [0; BLOCK], reply_mac: expected })
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
        Ok((Secured { keys: self.keys, command_mac: [0; BLOCK], reply_mac }, reply_mac))
    }
}

/// An established session. Every MAC hangs on the one before, so a frame is good once, in its place.
pub struct Secured {
    keys: Keys,
    command_mac: [u8; BLOCK],
    reply_mac: [u8; BLOCK],
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
        if !same(expected.first_chunk::<MAC_LEN>().map_or(&[], <[u8; MAC_LEN]>::as_slice), mac) {
            return Err(SecureError::Mac);
        }
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
            // Off-spec: common readers answer a status request with the panel's block type and clear data. The MAC
            // has been checked, the data is no secret, and a lost tamper report would be the greater harm.
            (Speaker::Reader, scs::COMMAND_MAC | scs::REPLY_MAC) if code::is_status(*code) => {
                opened.extend_from_slice(data);
            }
            _ => return Err(SecureError::Malformed),
        }
        Ok((self, opened))
    }
}
