//! The sums of the secure channel: session keys, cryptograms, MAC and encryption over AES-128 blocks.

use aes::Aes128;
use aes::cipher::{Block, BlockDecrypt, BlockEncrypt, KeyInit};
use zeroize::Zeroizing;

use super::BaseKey;

/// Bytes of an AES block.
pub(super) const BLOCK: usize = 16;
/// First byte of padding (OSDP 2.2, Annex D.4; ISO/IEC 9797-1 method 2).
const PAD: u8 = 0x80;

/// The session's keys, wiped when dropped.
pub(super) struct Keys {
    pub(super) enc: Aes128,
    pub(super) mac1: Aes128,
    pub(super) mac2: Aes128,
}

impl Keys {
    /// OSDP 2.2, Annex D.4.1: each key is the base key over a label and six bytes of RND.A.
    pub(super) fn derive(base: &BaseKey, rnd_a: &[u8; 8]) -> Self {
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
    pub(super) fn cryptogram(&self, first: &[u8; 8], second: &[u8; 8]) -> [u8; BLOCK] {
        let mut block = [0u8; BLOCK];
        for (to, from) in block.iter_mut().zip(first.iter().chain(second)) {
            *to = *from;
        }
        encrypt(&self.enc, block)
    }

    /// Annex D.4.4.
    pub(super) fn initial_mac(&self, server_cryptogram: [u8; BLOCK]) -> [u8; BLOCK] {
        encrypt(&self.mac2, encrypt(&self.mac1, server_cryptogram))
    }

    /// Annex D.4.5: CBC under S-MAC1, the last block under S-MAC2.
    pub(super) fn mac(&self, iv: [u8; BLOCK], message: &[u8]) -> [u8; BLOCK] {
        let last = message.len().saturating_sub(1) / BLOCK;
        let mut chain = iv;
        for (index, chunk) in message.chunks(BLOCK).enumerate() {
            let cipher = if index == last { &self.mac2 } else { &self.mac1 };
            chain = encrypt(cipher, xor(chain, padded(chunk)));
        }
        chain
    }

    pub(super) fn seal(&self, iv: [u8; BLOCK], data: &[u8], out: &mut Vec<u8>) {
        let mut chain = complement(iv);
        // One more block when data fills its last one: the padding byte always stands.
        for index in 0..=data.len() / BLOCK {
            let chunk = data.chunks(BLOCK).nth(index).unwrap_or_default();
            let block = Zeroizing::new(pad_always(chunk));
            chain = encrypt(&self.enc, xor(chain, *block));
            out.extend_from_slice(&chain);
        }
    }

    pub(super) fn open(&self, iv: [u8; BLOCK], sealed: &[u8]) -> Option<Vec<u8>> {
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

pub(super) fn encrypt(cipher: &Aes128, mut block: [u8; BLOCK]) -> [u8; BLOCK] {
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

pub(super) fn complement(iv: [u8; BLOCK]) -> [u8; BLOCK] {
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
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
