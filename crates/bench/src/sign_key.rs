//! A passkey's signature on an order, as a controller looks at it: the signature alone, and the whole decision.

use crate::rounds::{Failed, Lane, each};
use crate::sign_change::controller;
use crate::world::door_id;
use lockward_model::{ConfigRef, Digest, Mono, Nonce, Order, OrderAct, OrderKnown, SigningKey, Time};
use lockward_sim::authenticator::Authenticator;
use lockward_site::{OrderQuestion, Site};
use lockward_wire::config::{Envelope, PayloadType, challenge_of, encode_challenge, encode_order};
use std::time::Duration;

/// The lane of the signature alone.
pub(crate) const VERIFIED: &str = "a passkey's signature on an order, verified";
/// When the order comes: before its end.
const BEFORE: Duration = Duration::from_secs(30);

/// An order with one signature.
pub(crate) struct Signed {
    pub(crate) envelope: Envelope,
    pub(crate) key: SigningKey,
    question: OrderQuestion,
}

impl Signed {
    /// Door 0's, signed by `by` under the name of `key`.
    pub(crate) fn new(
        site: &Site,
        at: Time,
        key: &Authenticator,
        by: &Authenticator,
    ) -> Result<Self, Failed> {
        let order = Order {
            site: site.id(),
            controller: controller(0)?,
            door: door_id(0)?,
            act: OrderAct::Unlock,
            nonce: Nonce([7; 16]),
            until: at + BEFORE,
            on_behalf: None,
            reason: None,
        };
        let mut envelope = Envelope::new(PayloadType::Order, encode_order(&order)?)?;
        let challenge = encode_challenge(&challenge_of(&envelope.message()));
        let touch = by.touch(&challenge).ok_or("no signature can be made")?;
        envelope.sign_with(by.passkey(), touch)?;
        let question = OrderQuestion {
            controller: order.controller,
            envelope: envelope.to_bytes().into(),
            at,
            config: ConfigRef { size: site.size(), root: Digest([0; 32]) },
            config_age: Duration::ZERO,
            known: OrderKnown { fresh: true, ..OrderKnown::default() },
        };
        Ok(Self { envelope, key: SigningKey::Passkey(key.passkey().clone()), question })
    }

    /// Whether its signature holds.
    pub(crate) fn holds(&self) -> bool {
        self.envelope.verified_by(&self.key)
    }

    /// Whether a controller would obey.
    pub(crate) fn is_obeyed(&self, site: &Site) -> bool {
        site.order(&self.question, Mono(0)).1.is_some()
    }

    /// The signature alone, and the whole decision.
    pub(crate) fn lanes<'a>(&'a self, site: &'a Site, count: usize) -> [Lane<'a>; 2] {
        let hold = |is: bool| if is { Ok(()) } else { Err(Failed::from("a good signature is refused")) };
        [
            Lane { name: VERIFIED, run: Box::new(move |_| each(count, |_| hold(self.holds()))) },
            Lane {
                name: "  the controller's whole decision on the order",
                run: Box::new(move |_| each(count, |_| hold(self.is_obeyed(site)))),
            },
        ]
    }
}
