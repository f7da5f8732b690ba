//! Claims of the secure channel: the standard's own numbers, and every frame that is not the next one.
use aes::Aes128;
use aes::cipher::KeyInit;

use super::cipher::{complement, encrypt};
use super::*;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
}

const RND_A: &str = "b0b1b2b3b4b5b6b7";
const RND_B: &str = "a0a1a2a3a4a5a6a7";
const CLIENT: &str = "fde5d2f428ec16312471ea3c02bd7796";
const SERVER: &str = "26d3356e07762d262801fc8e6665a891";
const RMAC_I: &str = "b2a30057eb98ba2229ec1f875662b524";

fn ccrypt(cryptogram: [u8; 16]) -> Ccrypt {
    Ccrypt { client: [0; 8], rnd_b: hex(RND_B), cryptogram }
}

#[test]
fn annex_e_session_keys_are_derived() {
    let keys = Keys::derive(&BaseKey::Default, &hex(RND_A));
    let expected = [
        (keys.enc, "bf8dc2a8329acb8c67c6d0cd9a451682"),
        (keys.mac1, "5e86c676603bdee2d8beafe178637332"),
        (keys.mac2, "6fda86e857777e81132035758239172e"),
    ];
    for (cipher, key) in expected {
        let by_hand = Aes128::new(&hex::<16>(key).into());
        assert_eq!(encrypt(&cipher, [7; 16]), encrypt(&by_hand, [7; 16]), "{key}");
    }
}

#[test]
fn annex_e_handshake_is_reproduced_by_both_sides() {
    let challenged = Challenged::new(BaseKey::Default, hex(RND_A));
    let invited = Invited::new(&BaseKey::Default, &challenged.challenge(), &hex(RND_B));
    assert_eq!(invited.client_cryptogram(), hex(CLIENT));
    let answered = challenged.on_ccrypt(&ccrypt(hex(CLIENT))).unwrap();
    assert_eq!(answered.server_cryptogram(), hex(SERVER));
    let (_, rmac_i) = invited.on_scrypt(&hex(SERVER)).unwrap();
    assert_eq!(rmac_i, hex(RMAC_I));
    assert!(answered.on_rmac_i(&hex(RMAC_I)).is_ok());
}

#[test]
fn a_wrong_proof_ends_the_handshake() {
    let challenged = || Challenged::new(BaseKey::Default, hex(RND_A));
    let mut wrong: [u8; 16] = hex(CLIENT);
    wrong[15] ^= 1;
    assert_eq!(challenged().on_ccrypt(&ccrypt(wrong)).err(), Some(SecureError::ClientCryptogram));
    let answered = challenged().on_ccrypt(&ccrypt(hex(CLIENT))).unwrap();
    assert_eq!(answered.on_rmac_i(&hex(SERVER)).err(), Some(SecureError::InitialMac));
    let invited = Invited::new(&BaseKey::Default, &hex(RND_A), &hex(RND_B));
    assert_eq!(invited.on_scrypt(&hex(CLIENT)).err(), Some(SecureError::ServerCryptogram));
}

/// Key and vector of NIST SP 800-38A, F.2.1; the sums are OpenSSL's.
#[test]
fn data_is_padded_and_chained_as_the_standard_says() {
    let aes = || Aes128::new(&hex::<16>("2b7e151628aed2a6abf7158809cf4f3c").into());
    let keys = Keys { enc: aes(), mac1: aes(), mac2: aes() };
    let iv = complement(hex("000102030405060708090a0b0c0d0e0f"));
    let data: Vec<u8> = (0..16).collect();
    let mut short = Vec::new();
    keys.seal(iv, &data[..15], &mut short);
    assert_eq!(short, hex::<16>("c5311f3d23d086ea86f5ee7f85247b40"));
    let mut full = Vec::new();
    keys.seal(iv, &data, &mut full);
    assert_eq!(full, hex::<32>("7df76b0c1ab899b33e42f047b91b546fe2fe5bd6c1dfcdd19124f03e1a134d3b"));
    assert_eq!(keys.open(iv, &short).unwrap(), data[..15]);
    assert_eq!(keys.open(iv, &full).unwrap(), data);
    assert_eq!(keys.open(iv, &[]), None);
    assert_eq!(keys.open(iv, &full[..31]), None);
}

fn sessions() -> (Secured, Secured) {
    let base = BaseKey::Own(Scbk::new(hex("9a01c7e35b8844f012d6770c9eb3a15f")).unwrap());
    let step = Challenged::new(base.clone(), [1; 8]);
    let invited = Invited::new(&base, &[1; 8], &[2; 8]);
    let step =
        step.on_ccrypt(&Ccrypt { client: [0; 8], rnd_b: [2; 8], cryptogram: invited.client_cryptogram() });
    let step = step.unwrap();
    let (reader, mac) = invited.on_scrypt(&step.server_cryptogram()).unwrap();
    (step.on_rmac_i(&mac).unwrap(), reader)
}

#[test]
fn every_length_of_data_arrives_as_it_was_sent() {
    let (mut panel, mut reader) = sessions();
    for len in 0..70u8 {
        let body: Vec<u8> = (0..=len).map(|i| i ^ 0x60).collect();
        let frame = Frame::parse(&panel.command(5, 1, &body)).unwrap();
        let (next, opened) = reader.open_command(&frame).unwrap();
        assert_eq!(opened, body);
        reader = next;
        let frame = Frame::parse(&reader.reply(5, 1, &body)).unwrap();
        let (next, opened) = panel.open_reply(&frame).unwrap();
        assert_eq!(opened, body);
        panel = next;
    }
}

#[test]
fn a_replayed_reordered_or_reflected_frame_is_refused() {
    let (mut panel, reader) = sessions();
    let first = Frame::parse(&panel.command(5, 1, &[0x60])).unwrap();
    let (mut reader, _) = reader.open_command(&first).unwrap();
    let answer = Frame::parse(&reader.reply(5, 1, &[0x50, 1, 2])).unwrap();
    assert_eq!(reader.open_command(&first).err(), Some(SecureError::Mac), "replayed");
    let (mut panel, _) = panel.open_reply(&answer).unwrap();
    let next = Frame::parse(&panel.command(5, 2, &[0x60])).unwrap();
    assert_eq!(panel.open_reply(&next).err(), Some(SecureError::Insecure), "reflected");
    let (mut panel, reader) = sessions();
    let bytes = panel.command(5, 1, &[0x60]);
    let (mut reader, _) = reader.open_command(&Frame::parse(&bytes).unwrap()).unwrap();
    let answer = Frame::parse(&reader.reply(5, 1, &[0x40])).unwrap();
    let (panel, _) = panel.open_reply(&answer).unwrap();
    assert_eq!(panel.open_reply(&answer).err(), Some(SecureError::Mac), "answered twice");
}

#[test]
fn a_reply_to_an_earlier_command_is_refused() {
    let (mut panel, reader) = sessions();
    let bytes = panel.command(5, 1, &[0x60]);
    let (mut reader, _) = reader.open_command(&Frame::parse(&bytes).unwrap()).unwrap();
    let old = Frame::parse(&reader.reply(5, 1, &[0x50, 7])).unwrap();
    let (mut panel, _) = panel.open_reply(&old).unwrap();
    let _next = panel.command(5, 1, &[0x60]);
    assert_eq!(panel.open_reply(&old).err(), Some(SecureError::Mac));
}

#[test]
fn data_in_the_clear_under_a_right_mac_is_taken_from_no_card() {
    for (code, taken) in [(code::RAW, false), (code::KEYPAD, false), (code::LSTATR, true), (code::NAK, true)]
    {
        let (mut panel, reader) = sessions();
        let command = panel.command(5, 1, &[0x60]);
        let (reader, _) = reader.open_command(&Frame::parse(&command).unwrap()).unwrap();
        let body = [code, 1, 0];
        let draft = Draft::new(5 | REPLY, 1, Some(&[scs::REPLY_MAC]), &body, true);
        let mac = reader.keys.mac(reader.command_mac, draft.covered());
        let frame = Frame::parse(&draft.finish(&mac[..4])).unwrap();
        assert_eq!(panel.open_reply(&frame).is_ok(), taken, "{code:#x}");
    }
}

#[test]
fn any_flipped_bit_of_a_secured_frame_is_refused() {
    let (mut panel, _) = sessions();
    let bytes = panel.command(5, 1, &[0x69, 1, 2, 3]);
    for bit in 0..(bytes.len() - 2) * 8 {
        let mut bent = bytes.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        let end = bent.len() - 2;
        let crc = crate::frame::crc16(&bent[..end]).to_le_bytes();
        bent[end..].copy_from_slice(&crc);
        let Ok(frame) = Frame::parse(&bent) else { continue };
        let (_, reader) = sessions();
        assert!(reader.open_command(&frame).is_err(), "bit {bit}");
    }
}
