//! A public-key card at a LibOSDP reader, which carries what panel and card say in its maker's reports.

use crate::dock::Dock;
use crate::readers::{GREEN, RED, Readers, command, flash, release};
use crate::site::ann_key;
use crate::{A_WHILE, front};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::KeyPair as _;
use core::fmt::Write as _;
use lockward_osdp::command::PdCommand;
use lockward_osdp::pkoc::{Report, Request, Transaction, VENDOR};

/// LibOSDP's reports are short, so an answer comes in two; with more the controller could take it for a relayed one.
const ROOM: usize = 100;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        write!(text, "{b:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|p| u8::from_str_radix(str::from_utf8(p).unwrap(), 16).unwrap()).collect()
}

fn report(readers: &mut Readers, report: &Report) {
    for part in report.encode(ROOM) {
        readers.say(&format!("0 report {} {}", hex(&VENDOR), hex(&part)));
    }
}

/// The card is held to the reader: what it is asked to sign.
fn held(readers: &mut Readers) -> Transaction {
    report(readers, &Report::Present { own_id: true });
    let asked = readers.until("the card is asked to sign", |v| command(v, 0, "Manufacturer"));
    let data = unhex(asked["data"].as_str().unwrap());
    let Some(Request::Authenticate { transaction, reader_id: None }) =
        Request::of(&PdCommand::Vendor(VENDOR, data))
    else {
        panic!("not what a card is asked: {asked}")
    };
    transaction
}

fn signed(message: &[u8]) -> Report {
    let pair = ann_key();
    let signature = pair.sign(&SystemRandom::new(), message).unwrap().as_ref().try_into().unwrap();
    let public_key = pair.public_key().as_ref().try_into().unwrap();
    Report::Response { transaction: None, public_key, signature }
}

fn refused(dock: &Dock, readers: &mut Readers, why: &str) {
    readers.until("the lamp is red", |v| flash(v, 0, RED));
    readers.never("a released lock", A_WHILE, |v| release(v, 0));
    dock.until(why, 1);
}

#[test]
fn a15_a_card_that_signs_what_it_was_asked_opens_and_neither_an_old_answer_nor_a_wrong_one_does() {
    let (dock, mut readers) = front();
    let transaction = held(&mut readers);
    let answer = signed(transaction.as_bytes());
    report(&mut readers, &answer);
    readers.until("the lock is released", |v| release(v, 0));
    readers.until("the lamp is green", |v| flash(v, 0, GREEN));
    assert_eq!(dock.count("ACCESS_GRANTED"), 1, "RECORD-FIRST: the reader was told after the disk");
    dock.until("NOT_ENTERED", 1);

    assert_ne!(held(&mut readers), transaction, "it is asked something new");
    report(&mut readers, &answer);
    refused(&dock, &mut readers, "CRED_SIG_INVALID");
    report(&mut readers, &answer);
    refused(&dock, &mut readers, "CRED_MALFORMED");
    assert_eq!(dock.count("ACCESS_GRANTED"), 1);
}
