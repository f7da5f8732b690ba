//! A leaf of the event log: no panic, and nothing opens under a key that did not seal it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_wire::SourceKey;
use lockward_wire::event::Leaf;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Leaf::Event(sealed)) = Leaf::parse(bytes) {
        assert!(sealed.open(&SourceKey::from_bytes([9; 32])).is_err());
    }
});
