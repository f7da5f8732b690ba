//! An order as the hub hands it over: no panic, and nothing unsigned is an order that anybody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockward_wire::config::{Envelope, Payload, PayloadType, encode_order};

fuzz_target!(|bytes: &[u8]| {
    // As the whole envelope, and as what lies in one: the second reaches the order's own fields sooner.
    let inside = Envelope::new(PayloadType::Order, bytes.to_vec()).ok();
    for envelope in Envelope::parse(bytes).ok().into_iter().chain(inside) {
        if let Ok(Payload::Order(order)) = envelope.payload() {
            let again = encode_order(&order).and_then(|bytes| Envelope::new(PayloadType::Order, bytes));
            let again = again.ok().and_then(|envelope| envelope.payload().ok());
            assert!(matches!(again, Some(Payload::Order(again)) if again == order));
        }
    }
});
