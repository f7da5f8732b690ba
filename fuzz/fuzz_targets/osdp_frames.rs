//! A reader's bytes, through the parser and through a whole bus: no panic, and no event from what nobody secured.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_osdp::bus::{Bus, BusConfig, Input, Output, PdConfig, PdEvent};
use lockward_osdp::frame::Parser;
use lockward_osdp::key::Scbk;

fuzz_target!(|bytes: &[u8]| {
    let mut parser = Parser::default();
    parser.push(bytes);
    while parser.next_frame().is_some() {}

    let Ok(key) = Scbk::new(*b"\x8f\x3a\x91\xc2\xd4\xe5\xb6\x07\x18\x29\xaa\xbb\xcc\xdd\xee\x01") else { return };
    let pd = PdConfig { address: 0, key, identity: None, capabilities: None };
    let Ok(mut bus) = Bus::new(BusConfig { baud: 9_600, pds: vec![pd] }, 0, Box::new(|| [7; 8])) else { return };
    let (mut out, mut now) = (Vec::new(), 0);
    bus.handle(now, Input::Timer, &mut out);
    for chunk in bytes.chunks(64) {
        now += 100_000;
        bus.handle(now, Input::Bytes(chunk), &mut out);
        bus.handle(now + 1_000, Input::Timer, &mut out);
    }
    let reports = |o: &Output| matches!(o, Output::Event(_, PdEvent::Card { .. } | PdEvent::Keys { .. } | PdEvent::Online));
    assert!(!out.iter().any(reports), "nobody proved a key");
});
