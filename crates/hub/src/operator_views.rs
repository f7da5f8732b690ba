//! Operators on pages: their keys, their sessions, and who they are.

use crate::access::{By, SessionTold, SignedIn};
use crate::ceremony::{Party, passkeys};
use crate::logs::sha256;
use crate::own_keys::PUT_OWN;
use crate::views::Page;
use lockward_console::{KeyRow, MeView, OperatorRow, OperatorsView, OwnWays, SessionRow};
use lockward_model::{Operator, SigningKey};
use lockward_store::HubError;
use lockward_wire::config::key_id;

/// The verb of the change that makes an operator or gives it a key.
const PUT: &str = "put-operator";

/// What a browser calls itself, in a few words. Each claims to be most of the others; the order sorts them out.
fn browser(said: &str) -> String {
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| said.contains(mark)).map(|(_, name)| *name)
    };
    let name = first(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    let name = name.unwrap_or("A browser");
    system.map_or_else(|| name.to_owned(), |system| format!("{name} on {system}"))
}

impl Page<'_> {
    fn session_row(&self, told: &SessionTold, who: Option<&SignedIn>) -> SessionRow {
        SessionRow {
            handle: told.handle.clone(),
            opened: self.moment(told.opened),
            seen: self.moment(told.seen),
            from: told.from.to_string(),
            browser: browser(&told.browser),
            with: match told.by {
                By::Passkey(_) => None,
                By::Link => Some("link"),
                By::Password => Some("password"),
                By::OpenId => Some("OpenID"),
            },
            current: who.is_some_and(|who| who.session == told.session),
        }
    }

    fn key_rows(&self, operator: &Operator, who: &SignedIn, may: bool) -> Result<Vec<KeyRow>, HubError> {
        // One stays to sign in with; those of the signer's sign nobody in.
        let spare = |gone: &lockward_model::Passkey| {
            passkeys(operator).any(|p| !p.is_the_signers() && p.key != gone.key)
        };
        let row = |key: &lockward_model::OperatorKey| {
            let passkey = match &key.key {
                SigningKey::Passkey(passkey) => Some(passkey),
                SigningKey::Ed25519(_) => None,
            };
            let used = match passkey {
                Some(passkey) => self.office.store().passkey_used(sha256(&passkey.id))?,
                None => None,
            };
            Ok(KeyRow {
                title: key.title.to_string(),
                id: key_id(key.key.public()).to_string(),
                origin: passkey.map(|p| p.origin.to_string()),
                signers: passkey.is_some_and(lockward_model::Passkey::is_the_signers),
                used: used.map(|at| self.moment(at)),
                current: who.by == By::Passkey(sha256(key.key.public())),
                removable: may && passkey.is_some_and(spare),
            })
        };
        operator.keys.iter().map(row).collect()
    }

    /// An operator's own page; `None` if there is no such operator any more.
    pub(crate) fn me_view(
        &self,
        who: &SignedIn,
        sessions: &[SessionTold],
        party: Option<&Party>,
        banner: Option<&str>,
        proper: String,
        ways: OwnWays,
    ) -> Result<Option<MeView>, HubError> {
        let Some(operator) = self.site.operator(who.operator) else { return Ok(None) };
        let may_add = self.site.may_change(operator.id, PUT_OWN, self.now);
        let own = sessions.iter().filter(|s| s.operator == operator.id);
        Ok(Some(MeView {
            frame: self.frame(banner),
            title: operator.title.to_string(),
            roles: operator.roles.iter().map(ToString::to_string).collect(),
            until: operator.until.map(|at| self.moment(at)),
            keys: self.key_rows(operator, who, may_add)?,
            sessions: own.map(|s| self.session_row(s, Some(who))).collect(),
            may_add,
            drafts: !self.site.hub_signs_for(operator.id, PUT_OWN, self.now),
            elsewhere: party.is_none().then_some(proper),
            ways,
        }))
    }

    /// Everybody who may change the site. `who` reads it; a token has no rights of its own.
    pub(crate) fn operators_view(
        &self,
        who: Option<&SignedIn>,
        sessions: &[SessionTold],
        invited: Option<(String, String)>,
        banner: Option<&str>,
    ) -> OperatorsView {
        let row = |operator: &Operator| {
            let passkeys = passkeys(operator).count();
            let own = sessions.iter().filter(|s| s.operator == operator.id);
            OperatorRow {
                id: operator.id.to_string(),
                title: operator.title.to_string(),
                roles: operator.roles.iter().map(ToString::to_string).collect(),
                until: operator.until.map(|at| self.moment(at)),
                holds: self.site.standing_operator(operator.id, self.now).is_some(),
                passkeys: passkeys as u64,
                files: (operator.keys.len() - passkeys) as u64,
                sessions: own.map(|s| self.session_row(s, who)).collect(),
            }
        };
        let signs = |who: &SignedIn| self.site.may_change(who.operator, PUT, self.now);
        OperatorsView {
            frame: self.frame(banner),
            // Who may make operators and not see them makes its links blindly.
            rows: self.site.operators().filter(|_| self.reader.sight.operators.site()).map(row).collect(),
            may_invite: who.is_some_and(signs),
            invited,
            hardened: !self.site.policy_texts().any(|p| p.id.as_str() == lockward_policy::HUB_SIGNS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_in_a_few_words_of_ours() {
        for (said, told) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
                "Chrome on Linux",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
            ("Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Safari/537.36", "Chrome on Android"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:150.0) Firefox/150.0", "Firefox on Mac"),
            ("<script>alert(1)</script>", "A browser"),
            ("", "A browser"),
        ] {
            assert_eq!(browser(said), told);
        }
    }
}
