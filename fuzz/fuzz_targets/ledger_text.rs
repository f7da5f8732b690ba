//! Notes, checkpoints, tile paths and entry bundles: no panic, and one spelling each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_ledger::{Checkpoint, Note, TilePath, decode_bundle};

fuzz_target!(|bytes: &[u8]| {
    let _ = Note::parse(bytes);
    let _ = decode_bundle(bytes, 256);
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(path) = text.parse::<TilePath>() {
        assert_eq!(path.to_string(), text);
    }
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
});
