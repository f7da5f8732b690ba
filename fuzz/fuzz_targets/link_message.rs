//! A stream from the other end of the link: no panic, and no message beyond the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_wire::link::{EnrollOffer, EnrollReply, EnrollRequest, FRAME_BYTES_MAX, Frames, ToController, ToHub};

fuzz_target!(|bytes: &[u8]| {
    let mut frames = Frames::default();
    frames.push(bytes);
    while let Ok(Some(frame)) = frames.next_frame() {
        assert!(frame.len() <= FRAME_BYTES_MAX);
        let _ = (ToHub::decode(frame), ToController::decode(frame));
        let _ = (EnrollOffer::decode(frame), EnrollRequest::decode(frame), EnrollReply::decode(frame));
    }
});
