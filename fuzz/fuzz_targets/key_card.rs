//! A reader's reports of a public-key card, and a panel's commands about one: no panic, and one meaning each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_osdp::code::{CODE_BYTES_MAX, Code};
use lockward_osdp::command::PdCommand;
use lockward_osdp::pkoc::{Assembly, Request, VENDOR};

fuzz_target!(|bytes: &[u8]| {
    let mut assembly = Assembly::default();
    for data in bytes.chunks(100) {
        if let Ok(Some(report)) = assembly.take(data) {
            let mut again = Assembly::default();
            let read = report.encode(64).iter().map(|part| again.take(part)).last();
            assert_eq!(read, Some(Ok(Some(report))));
        }
    }
    if let Some(request) = Request::of(&PdCommand::Vendor(VENDOR, bytes.to_vec())) {
        assert_eq!(Request::of(&request.command()), Some(request));
    }
    assert!(Code::new(bytes).is_none_or(|code| code.as_bytes().len() <= CODE_BYTES_MAX));
});
