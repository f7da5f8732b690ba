//! Operators' keys, one by one, in a change file: read, and written for whoever makes or removes one.

use crate::file::{ChangeFile, FileError, OwnKey};
use crate::plan::Planner;
use crate::read;
use lockward_model::{Change, Digest, Operator, OperatorId, OperatorKey, Passkey, SigningKey};
use lockward_wire::config::key_digest;
use lockward_wire::unhex;

/// The record of a change file that gives an operator one more key.
#[must_use]
pub fn key_record(operator: OperatorId, key: &OperatorKey) -> String {
    let title = toml::Value::String(key.title.to_string());
    let head = format!("[[operator_key]]\noperator = \"{operator}\"\ntitle = {title}\n");
    match &key.key {
        SigningKey::Ed25519(key) => format!("{head}key = \"{key}\"\n"),
        SigningKey::Passkey(p) => {
            let origin = toml::Value::String(p.origin.to_string());
            format!("{head}key = \"{}\"\npasskey = \"{}\"\norigin = {origin}\n", hex(&p.key), hex(&p.id))
        }
    }
}

/// The part of a change file that takes a key away from an operator.
#[must_use]
pub fn key_removal(operator: OperatorId, key: Digest) -> String {
    format!("[remove]\noperator_keys = [\"{}\"]\n", named(operator, key))
}

/// What a change file calls a key by: whose it is, and the SHA-256 of its public half.
fn named(operator: OperatorId, key: Digest) -> String {
    format!("{operator}:{}", hex(&key.0))
}

fn hex(bytes: &[u8]) -> String {
    lockward_wire::hex(bytes).to_string()
}

fn key_of(given: &OwnKey) -> Result<SigningKey, read::Wrong> {
    match (&given.passkey, &given.origin) {
        (None, None) => Ok(SigningKey::Ed25519(read::public("key", &given.key)?)),
        (Some(id), Some(origin)) => Ok(SigningKey::Passkey(passkey(id, &given.key, origin)?)),
        _ => Err("a passkey has `passkey` and `origin`; a key file has neither".into()),
    }
}

/// A passkey from what its registration gave: the credential id and the point in hex, and whose pages may ask it.
pub(crate) fn passkey(id: &str, key: &str, origin: &str) -> Result<Passkey, read::Wrong> {
    let key = unhex::<65>(key).ok_or("`key`: give the public key, 130 hex digits that begin with 04")?;
    let id = bytes(id).ok_or("`passkey`: give the credential id that its registration gave, in hex")?;
    let rest = origin.split_once("://").map_or("", |(_, rest)| rest);
    let rp = rest.split([':', '/']).next().unwrap_or_default();
    let passkey = Passkey { id: id.into(), key: *key, rp: rp.into(), origin: origin.into() };
    let wrong = "`origin`: give the address whose pages made it, such as `https://hub.example.org`";
    if passkey.is_sound() { Ok(passkey) } else { Err(wrong.into()) }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    let one = |[high, low]: &[u32; 2]| u8::try_from(high << 4 | low).ok();
    if rest.is_empty() { pairs.iter().map(one).collect() } else { None }
}

impl Planner<'_> {
    /// Keys that come and go, each by itself.
    pub(super) fn operator_keys(&mut self, file: &ChangeFile) -> Result<(), FileError> {
        for record in &file.operator_key {
            let (span, given) = (record.span(), record.get_ref());
            let operator: OperatorId =
                self.read("operator_key", span.clone(), read::key("operator", &given.operator))?;
            let title = self.read("operator_key", span.clone(), read::key("title", &given.title))?;
            let key = self.read("operator_key", span.clone(), key_of(given))?;
            let key = OperatorKey { title, key };
            self.put("operator_key", span, Change::PutOperatorKey { operator, key })?;
        }
        let all = |o: &Operator| {
            let of = o.id;
            o.keys.iter().map(move |k| named(of, key_digest(k.key.public()))).collect::<Vec<_>>()
        };
        let known: Vec<_> = self.site.operators().flat_map(all).collect();
        self.named("operator_keys", &file.remove.operator_keys, &known, |name| {
            let (operator, key) = name.split_once(':').unwrap_or_default();
            let key = unhex::<32>(key).map(|d| Digest(*d)).unwrap_or(Digest([0; 32]));
            Ok(Change::RemoveOperatorKey { operator: operator.parse()?, key })
        })
    }
}
