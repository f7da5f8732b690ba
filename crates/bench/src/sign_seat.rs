//! Where somebody signs: the hub of a hardened site, its owner's security key, and a browser that is signed in over TLS.

use crate::browser::{Answer, Browser};
use crate::hub::{HUB_NAME, change, lay, start_for_browsers};
use crate::machine;
use crate::rounds::{Failed, Round};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL64;
use lockward_hub::Running;
use lockward_model::{Change, Code, OperatorId, OperatorKey, SigningKey};
use lockward_policy::HUB_SIGNS;
use lockward_sim::authenticator::Authenticator;
use lockward_store::Log;
use lockward_wire::event::Leaf;
use serde_json::{Value, json};
use std::path::Path;

/// The only operator.
pub(crate) fn owner() -> Result<OperatorId, Failed> {
    Ok("owner".parse()?)
}

/// A hub, and whoever sits before it.
pub(crate) struct Seat {
    pub(crate) hub: Running,
    pub(crate) key: Authenticator,
    /// Somebody else's key, which says that it is the owner's.
    pub(crate) forger: Authenticator,
    pub(crate) browser: Browser,
}

impl Seat {
    /// Founds a site of these things in a new folder, gives the owner a passkey, and takes from the hub the right to sign for
    /// people.
    pub(crate) async fn take(dir: &Path, things: &[Vec<Change>]) -> Result<Self, Failed> {
        lay(dir)?;
        let hub = start_for_browsers(dir).await?;
        for some in things {
            change(&hub, some.clone())?;
        }
        let origin = format!("https://{HUB_NAME}:{}", hub.addr().port());
        let key = || Authenticator::new(HUB_NAME, &origin).ok_or("no passkey can be made");
        let (key, forger) = (key()?, key()?);
        let mut owner = hub.office().site().operator(owner()?).ok_or("no owner")?.clone();
        let passkey = SigningKey::Passkey(key.passkey().clone());
        owner.keys.push(OperatorKey { title: "Blue key".parse()?, key: passkey });
        change(&hub, vec![Change::PutOperator(owner), Change::RemovePolicy(HUB_SIGNS.parse()?)])?;
        let browser = Browser::open(&hub).await?;
        let mut seat = Self { hub, key, forger, browser };
        seat.sign_in(false).await?.is(200)?;
        Ok(seat)
    }

    /// What a page's script sends for a touch: the owner's, or one that is forged.
    pub(crate) fn touch(&self, asked: &Value, forged: bool) -> Result<Value, Failed> {
        let challenge =
            asked.pointer("/publicKey/challenge").and_then(Value::as_str).ok_or("no challenge")?;
        let key = if forged { &self.forger } else { &self.key };
        let touch = key.touch(challenge).ok_or("no signature can be made")?;
        let id = URL64.encode(&self.key.passkey().id);
        Ok(json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": URL64.encode(&touch.authenticator_data),
                "clientDataJSON": URL64.encode(&touch.client_data),
                "signature": URL64.encode(&touch.signature), "userHandle": null,
            },
        }))
    }

    /// A question of the hub's, and what answers it.
    pub(crate) async fn asked(&mut self, path: &str, forged: bool) -> Result<Value, Failed> {
        let asked = self.browser.post(path, &json!({})).await?.is(200)?.said();
        let ceremony = asked.get("ceremony").cloned().unwrap_or_default();
        Ok(json!({ "ceremony": ceremony, "credential": self.touch(&asked, forged)? }))
    }

    /// Signs in; the answer is that to the touch.
    pub(crate) async fn sign_in(&mut self, forged: bool) -> Result<Answer, Failed> {
        let body = self.asked("/sign-in/start", forged).await?;
        self.browser.post("/sign-in/finish", &body).await
    }

    /// So many sign-ins, each from its last request to the first byte of its answer.
    pub(crate) async fn sign_ins(&mut self, count: usize, forged: bool) -> Result<Round, Failed> {
        let (mut each, cpu) = (Vec::with_capacity(count), machine::process_cpu_ns());
        for _ in 0..count {
            let answer = self.sign_in(forged).await?;
            each.push((answer.heard - answer.sent).as_nanos() as f64);
            answer.is(if forged { 403 } else { 200 })?;
        }
        Ok(Round { each, cpu: (machine::process_cpu_ns() - cpu) / count.max(1) as f64 })
    }

    /// Whether the browser's session stands.
    pub(crate) async fn is_signed_in(&mut self) -> Result<bool, Failed> {
        let asked = self.browser.post("/me/touch/start", &json!({})).await?;
        Ok(asked.status == 200)
    }

    /// Events of a kind in the hub's log.
    pub(crate) fn records(&self, code: Code) -> Result<usize, Failed> {
        let mut found = 0;
        let count = |_: u64, leaf: &[u8]| {
            found += usize::from(matches!(Leaf::parse(leaf), Ok(Leaf::Event(e)) if e.code() == code));
            Ok::<_, lockward_store::HubError>(())
        };
        self.hub.office().store().for_each_entry(Log::Event, 0..u64::MAX, count)?;
        Ok(found)
    }
}
