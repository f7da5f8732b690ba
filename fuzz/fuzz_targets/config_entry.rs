//! An entry of the config log: no panic, and what is read is written back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_wire::config::Envelope;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::parse(bytes) {
        let _ = envelope.payload();
        let again = Envelope::parse(&envelope.to_bytes());
        assert!(again.is_ok_and(|again| again == envelope));
    }
});
