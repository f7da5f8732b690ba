//! What the signer is asked: to show and sign, to make a key, and to tell a key's public half.

use crate::Shown;
use crate::dice::roll;
use crate::refusal::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use lockward_console::{Back, MakeView, SignView, signer_make, signer_record, signer_sign};
use lockward_draft::{count, key_record, told};
use lockward_model::{
    ChangeSet, OperatorId, OperatorKey, Order, Passkey, SIGNER_ORIGIN, SIGNER_RP, SigningKey, SiteId,
};
use lockward_wire::config::{Envelope, Payload, challenge_of, encode_challenge};
use std::collections::BTreeMap;

/// A form's fields.
pub(crate) type Given = BTreeMap<String, String>;

fn field<'a>(given: &'a Given, name: &str) -> &'a str {
    given.get(name).map_or("", String::as_str)
}

fn bytes(given: &Given, name: &str) -> Option<Vec<u8>> {
    B64.decode(field(given, name)).ok()
}

/// Ids as a hub's form has them; whatever is none is left out. A lie there can only name other keys.
fn keys(given: &Given) -> String {
    let all = field(given, "keys").split(' ').filter(|id| !id.is_empty() && B64.decode(id).is_ok());
    all.take(16).collect::<Vec<_>>().join(" ")
}

/// To whom the answer goes: a hub over TLS, or one on this machine.
fn back(given: &Given) -> Result<Back, Refusal> {
    let url = field(given, "back");
    let (scheme, rest) = url.split_once("://").ok_or(Refusal::Back)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    // As browsers write it: without zeros before it, or another origin would be meant than the one that is compared.
    let numbered = port.is_none_or(|p| p.parse::<u16>().is_ok_and(|number| number.to_string() == p));
    let fits = match scheme {
        "https" => true,
        "http" => host == "localhost",
        _ => false,
    };
    let plain = url.len() <= 512 && url.bytes().all(|b| b.is_ascii_graphic());
    if !(fits && named && numbered && plain) || url.starts_with(SIGNER_ORIGIN) {
        return Err(Refusal::Back);
    }
    let origin = format!("{scheme}://{authority}");
    Ok(Back { url: url.to_owned(), origin, ticket: field(given, "ticket").to_owned() })
}

fn site(id: &SiteId) -> String {
    // As much of it as people compare.
    let (head, _) = id.0.split_at(8);
    lockward_wire::hex(head).to_string()
}

/// What an envelope says, told by this program alone, and the button that asks for the touch.
pub(crate) fn sign(given: &Given) -> Result<Shown, Refusal> {
    let back = back(given)?;
    let message = bytes(given, "message").ok_or(Refusal::Unreadable)?;
    let envelope = Envelope::of_message(&message).ok_or(Refusal::Unreadable)?;
    let (title, facts, lines) = match envelope.payload().map_err(|_| Refusal::Unreadable)? {
        Payload::Changes(set) => changes(&set),
        Payload::Order(order) => ordered(&order),
        Payload::Founding(_) => return Err(Refusal::Founding),
    };
    // What is signed is what was read, and nothing else that came along.
    let challenge = encode_challenge(&challenge_of(&envelope.message()));
    let answers = Some(back.origin.clone());
    let view = SignView { title, facts, lines, challenge, keys: keys(given), back };
    Ok(Shown { html: signer_sign(&view), answers })
}

/// What would turn the writing direction, join letters or hide between them is shown as a mark: nobody signs what does not
/// look like what it is.
fn plain(text: &str) -> String {
    let odd = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.replace(odd, "\u{fffd}")
}

type Told = (String, Vec<(&'static str, String)>, Vec<String>);

fn changes(set: &ChangeSet) -> Told {
    let mut facts = vec![
        ("Site", site(&set.site)),
        ("Entry of its log", set.at.to_string()),
        ("Drafted", set.drafted.to_string()),
    ];
    facts.extend(set.reason.as_ref().map(|why| ("Reason", plain(why.as_str()))));
    facts.extend(set.on_behalf.map(|who| ("In the place of", who.to_string())));
    let lines = set.changes.iter().map(|change| plain(&told::by_itself(change))).collect();
    (format!("{} of a site", count(set.changes.len(), "change")), facts, lines)
}

fn ordered(order: &Order) -> Told {
    let mut facts = vec![
        ("Site", site(&order.site)),
        ("Controller", order.controller.to_string()),
        ("Good until", order.until.to_string()),
    ];
    facts.extend(order.reason.as_ref().map(|why| ("Reason", plain(why.as_str()))));
    facts.extend(order.on_behalf.map(|who| ("In the place of", who.to_string())));
    (told::order(order), facts, Vec::new())
}

/// The page that makes a key: for a hub that waits for its public half, or for nobody.
pub(crate) fn make(given: &Given) -> Result<Shown, Refusal> {
    let back = if field(given, "back").is_empty() { None } else { Some(back(given)?) };
    // Never one that a hub gives: an authenticator would put the new key in the place of the one that signs in there.
    let (handle, challenge) = (roll().ok_or(Refusal::Chance)?, roll().ok_or(Refusal::Chance)?);
    let view = MakeView {
        operator: field(given, "operator").to_owned(),
        title: field(given, "title").to_owned(),
        handle: B64.encode(handle),
        keys: keys(given),
        challenge: B64.encode(challenge),
        back,
    };
    let answers = view.back.as_ref().map(|b| b.origin.clone());
    Ok(Shown { html: signer_make(&view), answers })
}

/// The public half of a key that was made for nobody in particular, as a piece of a change file.
pub(crate) fn made(given: &Given) -> Result<Shown, Refusal> {
    let read = || {
        let operator: OperatorId = field(given, "operator").trim().parse().ok()?;
        let title = field(given, "title").trim().parse().ok()?;
        let (id, key) = (bytes(given, "credential")?.into(), bytes(given, "key")?.try_into().ok()?);
        let passkey = Passkey { id, key, rp: SIGNER_RP.into(), origin: SIGNER_ORIGIN.into() };
        let key = OperatorKey { title, key: SigningKey::Passkey(passkey.clone()) };
        passkey.is_sound().then_some((operator, key))
    };
    let (operator, key) = read().ok_or(Refusal::Key)?;
    let html = signer_record(&key_record(operator, &key), &told::fingerprint(&key.key));
    Ok(Shown { html, answers: None })
}
