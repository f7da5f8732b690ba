//! Orders on their way: a number from the controller, somebody's signature, the door's own answer, or none.
//!
//! The hub carries, and opens nothing: what it sends is signed by a person, or by the hub where the site's policy takes
//! its word, and the controller judges it by itself. What was not sent is told as not done; what was sent and not answered,
//! as not known: the door's record will say.

use crate::core::Core;
use core::time::Duration;
use lockward_model::{
    Body, ControllerId, Deny, DoorId, Nonce, OperatorId, Order, OrderAct, PublicKey, ServiceId, SigningKey,
    Text,
};
use lockward_wire::config::{Assertion, EncodeError, Envelope, PayloadType, encode_order};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Calls that wait for one link: more than people press buttons of one controller.
const CALLS_MAX: usize = 16;
/// A controller gives a number within a turn or two of its loop, or it is too busy to be ordered about.
const NONCE_WAIT: Duration = Duration::from_secs(3);
/// How long an answer is waited for: the record's fsync, five seconds at most, and the way.
const ANSWER_WAIT: Duration = Duration::from_secs(8);

/// Why a door did not obey, or is not known to have obeyed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is no such door.
    #[error("there is no door `{0}`")]
    NoDoor(DoorId),
    /// Its controller is not connected.
    #[error("controller `{0}` is not connected: nothing was done")]
    Away(ControllerId),
    /// Its controller gives out no number.
    #[error("controller `{0}` takes no order now: too many are under way; nothing was done")]
    Busy(ControllerId),
    /// The order can not be put into bytes, or the passkey's signature does not hold.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The operator has no such key.
    #[error("operator `{0}` has no such passkey: nothing was done")]
    NoKey(OperatorId),
    /// The controller refused.
    #[error("the door's controller refused: {0}; nothing was done")]
    Refused(Box<str>),
    /// No answer came in time. The controller takes the order no more once its number is old.
    #[error("controller `{0}` has not answered: look at the door's records for what became of the order")]
    Unanswered(ControllerId),
}

impl OrderError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        use lockward_model::ApiRefusal;
        match self {
            Self::NoDoor(_) => ApiRefusal::NotFound.as_str(),
            Self::Away(_) | Self::Busy(_) => ApiRefusal::ControllerAway.as_str(),
            Self::Encode(_) | Self::NoKey(_) => Deny::OrderSignature.code(),
            Self::Refused(code) => code,
            Self::Unanswered(_) => lockward_model::Code::OrderLost.as_str(),
        }
    }
}

/// What is wanted of a controller over its link.
#[derive(Debug)]
pub(crate) enum Call {
    /// A number for an order.
    Nonce(oneshot::Sender<Option<Nonce>>),
    /// To obey; answered with the code of why not, or `None`.
    Order(Vec<u8>, oneshot::Sender<Option<Box<str>>>),
}

/// The links that take calls.
#[derive(Default)]
pub(crate) struct Orders(Mutex<HashMap<ControllerId, mpsc::Sender<Call>>>);

impl Orders {
    /// A link stands: calls for its controller come out of this.
    pub(crate) fn listen(&self, id: ControllerId) -> mpsc::Receiver<Call> {
        let (sender, calls) = mpsc::channel(CALLS_MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        calls
    }

    fn call(&self, id: ControllerId, call: Call) -> Result<(), OrderError> {
        let links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match links.get(&id).map(|link| link.try_send(call)) {
            Some(Ok(())) => Ok(()),
            Some(Err(mpsc::error::TrySendError::Full(_))) => Err(OrderError::Busy(id)),
            // A link that ended dropped its end.
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => Err(OrderError::Away(id)),
        }
    }
}

/// The calls of one link that wait for the controller's answer. Dropping them tells their callers that none will come.
#[derive(Default)]
pub(crate) struct Asked {
    next: u32,
    nonces: HashMap<u32, oneshot::Sender<Option<Nonce>>>,
    orders: HashMap<u32, oneshot::Sender<Option<Box<str>>>>,
}

impl Asked {
    /// Numbers a call, and gives what to say.
    pub(crate) fn ask(&mut self, call: Call) -> lockward_wire::link::ToController {
        use lockward_wire::link::ToController;
        let question = self.next;
        self.next = self.next.wrapping_add(1);
        // Those whose caller has gone are of no use.
        self.nonces.retain(|_, answer| !answer.is_closed());
        self.orders.retain(|_, answer| !answer.is_closed());
        match call {
            Call::Nonce(answer) => {
                self.nonces.insert(question, answer);
                ToController::WantNonce { question }
            }
            Call::Order(envelope, answer) => {
                self.orders.insert(question, answer);
                ToController::Order { question, envelope }
            }
        }
    }

    pub(crate) fn nonce(&mut self, question: u32, nonce: Option<Nonce>) {
        if let Some(answer) = self.nonces.remove(&question) {
            let _ = answer.send(nonce);
        }
    }

    pub(crate) fn ordered(&mut self, question: u32, refused: Option<Box<str>>) {
        if let Some(answer) = self.orders.remove(&question) {
            let _ = answer.send(refused);
        }
    }
}

/// An order that waits for its signature.
#[derive(Debug, Clone)]
pub struct OrderDraft {
    order: Order,
    envelope: Envelope,
}

impl OrderDraft {
    /// What it says.
    #[must_use]
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// What is signed ([`Envelope::message`]).
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.envelope.message()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.envelope.payload_bytes()
    }

    pub(crate) fn payload_type(&self) -> &'static str {
        self.envelope.payload_type().as_str()
    }

    /// With the signature of a service, made elsewhere.
    pub(crate) fn signed_by(mut self, key: &PublicKey, signature: [u8; 64]) -> Result<Self, OrderError> {
        self.envelope.sign_by(key, signature)?;
        Ok(self)
    }
}

impl Core {
    /// Drafts an order of somebody's own phone, which its holder is to touch within seconds.
    pub(crate) async fn draft_phone_order(self: &Arc<Self>, door: DoorId) -> Result<OrderDraft, OrderError> {
        let mut draft = self.draft_order(door, OrderAct::Unlock, None, None).await?;
        draft.order.until = self.office.wall() + Order::PHONE_LIFE_MAX;
        draft.envelope = Envelope::new(PayloadType::Order, encode_order(&draft.order)?)?;
        Ok(draft)
    }

    /// Gives an order that a phone has signed. Whether the lock takes it, it says itself.
    pub(crate) async fn give_by_phone(
        self: &Arc<Self>,
        mut draft: OrderDraft,
        passkey: &lockward_model::Passkey,
        assertion: Assertion,
    ) -> Result<(), OrderError> {
        draft.envelope.sign_with(passkey, assertion)?;
        self.give(draft, None, None).await
    }

    /// Drafts an order with a number of the door's controller. `on_behalf`: in whose place the hub will sign it; `None`
    /// where a person signs.
    pub(crate) async fn draft_order(
        self: &Arc<Self>,
        door: DoorId,
        act: OrderAct,
        reason: Option<Text>,
        on_behalf: Option<OperatorId>,
    ) -> Result<OrderDraft, OrderError> {
        let controller = self.office.site().door(door).map(|d| d.controller);
        let controller = controller.ok_or(OrderError::NoDoor(door))?;
        let (answer, nonce) = oneshot::channel();
        self.orders.call(controller, Call::Nonce(answer))?;
        let nonce = match timeout(NONCE_WAIT, nonce).await {
            Ok(Ok(nonce)) => nonce.ok_or(OrderError::Busy(controller))?,
            Ok(Err(_)) => return Err(OrderError::Away(controller)),
            Err(_) => return Err(OrderError::Busy(controller)),
        };
        let until = self.office.wall() + Order::LIFE_MAX;
        let site = self.office.id();
        let order = Order { site, controller, door, act, nonce, until, on_behalf, reason };
        let envelope = Envelope::new(PayloadType::Order, encode_order(&order)?)?;
        Ok(OrderDraft { order, envelope })
    }

    /// Gives an order that one of an operator's passkeys has signed.
    pub(crate) async fn give_signed(
        self: &Arc<Self>,
        mut draft: OrderDraft,
        operator: OperatorId,
        credential: &[u8],
        assertion: Assertion,
    ) -> Result<(), OrderError> {
        let passkey = self.passkey(operator, credential).ok_or(OrderError::NoKey(operator))?;
        draft.envelope.sign_with(&passkey, assertion)?;
        self.give(draft, Some(operator), None).await
    }

    /// Gives an order that a service has signed.
    pub(crate) async fn give_by_service(
        self: &Arc<Self>,
        draft: OrderDraft,
        service: ServiceId,
    ) -> Result<(), OrderError> {
        self.give(draft, None, Some(service)).await
    }

    /// Gives an order with the hub's own signature, in the place of the operator whom it names.
    pub(crate) async fn give_own(self: &Arc<Self>, mut draft: OrderDraft) -> Result<(), OrderError> {
        draft.envelope.sign(self.office.keys().hub())?;
        let operator = draft.order.on_behalf;
        self.give(draft, operator, None).await
    }

    /// A passkey of an operator, by its credential id.
    pub(crate) fn passkey(&self, operator: OperatorId, credential: &[u8]) -> Option<lockward_model::Passkey> {
        let site = self.office.site();
        site.operator(operator)?.keys.iter().find_map(|k| match &k.key {
            SigningKey::Passkey(passkey) if *passkey.id == *credential => Some(passkey.clone()),
            _ => None,
        })
    }

    async fn give(
        self: &Arc<Self>,
        draft: OrderDraft,
        operator: Option<OperatorId>,
        service: Option<ServiceId>,
    ) -> Result<(), OrderError> {
        let controller = draft.order.controller;
        let (answer, answered) = oneshot::channel();
        self.orders.call(controller, Call::Order(draft.envelope.to_bytes(), answer))?;
        match timeout(ANSWER_WAIT, answered).await {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(code))) => Err(OrderError::Refused(code)),
            Ok(Err(_)) | Err(_) => {
                self.sequencer.note(Body::OrderLost { controller, operator, service }).await;
                Err(OrderError::Unanswered(controller))
            }
        }
    }
}

/// What the running hub does for tools in its own process: with the hub's word, where the site takes it.
impl crate::Running {
    /// Orders a door in an operator's place. Returns when the door's controller has obeyed, and its record is durable.
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn order(
        &self,
        operator: OperatorId,
        door: DoorId,
        act: OrderAct,
        reason: Option<Text>,
    ) -> Result<(), OrderError> {
        let core = self.core();
        let draft = core.draft_order(door, act, reason, Some(operator)).await?;
        core.give_own(draft).await
    }
}
