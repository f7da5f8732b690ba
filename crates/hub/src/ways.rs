//! Passwords and one-time codes, checked: with the same answer, and after the same work, for everybody who is not let in.

use crate::core::Core;
use crate::dice;
use crate::keys::KeysError;
use crate::logs::sha256;
use crate::names::{FAILURES_MAX, Names};
use crate::waits::Waits;
use core::time::Duration;
use lockward_model::{Digest, Mono, OperatorId, Time};
use lockward_policy::SignIn;
use lockward_store::{HubError, Way};
use lockward_wire::credential::{
    OneTimeHash, OneTimeSecret, Password, PasswordError, STEP_SECONDS, hash_password, recovery_code,
    verify_password,
};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use zxcvbn::{Score, zxcvbn};

/// Argon2id at once: 19 MiB and a core for some 15 ms each. Two keep a core free for the doors' records.
const HASHING_MAX: usize = 2;
/// How long a try waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// How long a code app may take to be set up.
const SETTING_UP_LIFE: Duration = Duration::from_secs(600);
/// Set-ups of one operator that wait, and of all.
const SETTING_UP_EACH_MAX: usize = 8;
const SETTING_UP_MAX: usize = 256;
/// Wrong codes of one set-up: a person mistypes, and a guess of six digits needs a thousand times more.
const SETTING_UP_TRIES: u8 = 10;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// How long the hub signs nothing on what was set on another operator's word.
pub(crate) const RESET_HOLD: Duration = Duration::from_secs(24 * 3_600);
/// The hash of no password: whoever has none takes as long as whoever has one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password or a code can not be checked or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WayError {
    /// The store.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The key store.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Why something is no new password, as its owner is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotNew {
    /// By length.
    #[error(transparent)]
    Length(#[from] PasswordError),
    /// By what everybody tries first.
    #[error(
        "that password is among those that are tried first: a known one, a pattern of keys, a date, or made of names that belong here"
    )]
    Common,
}

/// What somebody types to sign in.
pub(crate) struct Typed {
    pub(crate) name: String,
    pub(crate) password: zeroize::Zeroizing<String>,
    pub(crate) code: zeroize::Zeroizing<String>,
}

/// Who typed the right things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Right {
    pub(crate) operator: OperatorId,
    /// Until when the hub signs nothing on it.
    pub(crate) held: Option<Time>,
    /// Whether a recovery code was used up.
    pub(crate) recovered: bool,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    Right(Right),
    /// It was wrong, and counts.
    Wrong,
    /// It was not looked at: the name must wait. Nobody uses up another's tries that way.
    Waits,
}

/// For whom something is set up, and on whose word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) operator: OperatorId,
    /// The session that asked.
    pub(crate) session: Option<Digest>,
    /// The link that is spent by it, and who made it.
    pub(crate) link: Option<(Digest, OperatorId)>,
}

/// A code app that waits for its first code.
#[derive(Clone)]
pub(crate) struct SettingUp {
    pub(crate) whose: Whose,
    /// The hash of a password that is put in place with it.
    pub(crate) password: Option<Box<str>>,
    pub(crate) secret: zeroize::Zeroizing<[u8; 32]>,
    tries: u8,
    begun: Mono,
}

/// What passwords and codes are checked with.
pub(crate) struct Ways {
    names: Names,
    hashing: Arc<Semaphore>,
    setting_up: Waits<OperatorId, SettingUp>,
}

impl Default for Ways {
    fn default() -> Self {
        let hashing = Arc::new(Semaphore::new(HASHING_MAX));
        Self { names: Names::default(), hashing, setting_up: Waits::new(SETTING_UP_EACH_MAX, SETTING_UP_MAX) }
    }
}

/// The one-time secret that these random bytes are: 20 of them, as RFC 4226 wants and every app takes.
pub(crate) fn one_time(random: &[u8; 32]) -> Option<OneTimeSecret> {
    let secret = random.get(..20)?;
    OneTimeSecret::new(OneTimeHash::Sha1, 6, STEP_SECONDS, secret).ok()
}

/// Judges a new password. `near`: words that somebody who knows this place tries first.
pub(crate) fn new_password(text: &str, near: &[&str]) -> Result<Password, NotNew> {
    let password = Password::chosen(text)?;
    let whole = near.iter().map(|name| name.split_whitespace().collect::<String>());
    let words =
        near.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()).map(ToOwned::to_owned));
    let near: Vec<String> = whole.chain(words).filter(|word| word.chars().count() > 2).collect();
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    // 10^8 guesses: at a dozen names and three dozen tries a day, and with the store stolen and its pepper, 17 days of a core.
    if zxcvbn(password.as_str(), &near).score() < Score::Three { Err(NotNew::Common) } else { Ok(password) }
}

/// New recovery codes, and what is kept of them.
pub(crate) fn recovery_codes(operator: OperatorId) -> (Vec<String>, Vec<Digest>) {
    let made = || recovery_code(&dice::roll::<15>()).to_string();
    let codes: Vec<_> = core::iter::repeat_with(made).take(RECOVERY_CODES).collect();
    let kept = codes.iter().map(|code| recovery_hash(operator, code)).collect();
    (codes, kept)
}

/// A recovery code has 120 random bits: nothing slow is needed to keep it (OWASP ASVS 5.0, 6.5.2).
fn recovery_hash(operator: OperatorId, code: &str) -> Digest {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_uppercase();
    sha256(
        &[b"lockward recovery code v1\0", operator.as_str().as_bytes(), b"\0", letters.as_bytes()].concat(),
    )
}

/// What a code is: the step it is of, or a recovery code's hash.
enum Code {
    Step(u64),
    Recovery(Digest),
    Neither,
}

fn read_code(operator: OperatorId, way: Option<&Way>, code: &str, core: &Core) -> Result<Code, WayError> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let wrapped = way.and_then(|way| way.secret.as_deref());
    // Whoever has no code app is checked against a made-up one.
    let random = match wrapped {
        Some(wrapped) => core.office.keys().code_secret(operator, wrapped)?,
        None => core.office.keys().decoy()?,
    };
    let used = way.map(|way| way.step);
    let step = one_time(&random).and_then(|s| s.verify_at(&digits, core.office.wall(), used));
    Ok(match step {
        Some(step) => Code::Step(step),
        None if digits.len() > 8 => Code::Recovery(recovery_hash(operator, code)),
        None => Code::Neither,
    })
}

impl Ways {
    /// Waits for a turn at hashing; `None` where too many do.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        timeout(TURN_WAIT, Arc::clone(&self.hashing).acquire_owned()).await.ok()?.ok()
    }

    /// A try was wrong. True where somebody is to be alarmed.
    pub(crate) fn wrong(&self, name: &str, now: Mono) -> bool {
        self.names.wrong(name, now)
    }

    /// Checks what somebody typed. Blocks for some 15 ms.
    pub(crate) fn check(&self, core: &Core, typed: &Typed) -> Result<Judged, WayError> {
        let (office, site) = (&core.office, core.office.site());
        let named = typed.name.trim().to_lowercase().parse::<OperatorId>().ok();
        let known = named.filter(|id| site.may_sign_in(*id, SignIn::Password, office.wall()));
        let Some(asked) = named.or_else(|| "nobody".parse().ok()) else { return Ok(Judged::Wrong) };
        let way = office.store().way(asked)?;
        let failures = way.as_ref().map_or(0, |way| way.failures);
        if !self.names.begin(&typed.name, failures, office.now().mono) {
            return Ok(Judged::Waits);
        }
        let phc = way.as_ref().and_then(|way| way.password.as_deref());
        let pepper = office.keys().password_pepper()?;
        let password = Password::typed(&typed.password);
        // Nobody types this one: it has a line end, which no field of a form has.
        let tried = password.as_ref().or(Err(())).cloned().or_else(|()| Password::typed("\n"));
        let Ok(tried) = tried else { return Ok(Judged::Wrong) };
        let right =
            verify_password(phc.unwrap_or(NOBODY), &tried, &pepper) && password.is_ok() && phc.is_some();
        let code = read_code(asked, way.as_ref(), &typed.code, core)?;
        let (Some(operator), Some(way), true) = (known, way, right && failures < FAILURES_MAX) else {
            return Ok(Judged::Wrong);
        };
        self.judged(core, operator, &way, code, &typed.name)
    }

    fn judged(
        &self,
        core: &Core,
        operator: OperatorId,
        way: &Way,
        code: Code,
        name: &str,
    ) -> Result<Judged, WayError> {
        let store = core.office.store();
        let recovered = match (way.secret.is_some(), code) {
            (true, Code::Step(step)) if store.take_step(operator, step)? => false,
            (true, Code::Recovery(hash)) if store.take_recovery_code(operator, hash)? => true,
            _ => return Ok(Judged::Wrong),
        };
        self.names.right(name);
        store.way_answered(operator, true)?;
        Ok(Judged::Right(Right { operator, held: way.held, recovered }))
    }

    /// Checks a code alone, beside what an account's provider proves.
    pub(crate) fn check_code(
        &self,
        core: &Core,
        operator: OperatorId,
        code: &str,
    ) -> Result<Judged, WayError> {
        let office = &core.office;
        let Some(way) = office.store().way(operator)? else { return Ok(Judged::Wrong) };
        if !self.names.begin(operator.as_str(), way.failures, office.now().mono) {
            return Ok(Judged::Waits);
        }
        let code = read_code(operator, Some(&way), code, core)?;
        if way.failures >= FAILURES_MAX {
            return Ok(Judged::Wrong);
        }
        self.judged(core, operator, &way, code, operator.as_str())
    }

    /// Whether this is an operator's password of now. Counts as a try. Blocks for some 15 ms.
    pub(crate) fn is_password(
        &self,
        core: &Core,
        operator: OperatorId,
        text: &str,
    ) -> Result<bool, WayError> {
        let office = &core.office;
        let way = office.store().way(operator)?;
        let failures = way.as_ref().map_or(0, |way| way.failures);
        let Some(phc) = way.and_then(|way| way.password) else { return Ok(false) };
        if failures >= FAILURES_MAX || !self.names.begin(operator.as_str(), failures, office.now().mono) {
            return Ok(false);
        }
        let pepper = office.keys().password_pepper()?;
        let right = Password::typed(text).is_ok_and(|typed| verify_password(&phc, &typed, &pepper));
        if right {
            self.names.right(operator.as_str());
        }
        office.store().way_answered(operator, right)?;
        Ok(right)
    }

    /// What is kept of a new password. Blocks for some 15 ms.
    pub(crate) fn hash(core: &Core, password: &Password) -> Result<Box<str>, WayError> {
        let pepper = core.office.keys().password_pepper()?;
        Ok(hash_password(password, dice::roll(), &pepper).into())
    }

    /// Begins to set up a code app: by what name its first code comes.
    pub(crate) fn set_up(&self, whose: Whose, password: Option<Box<str>>, now: Mono) -> (String, SettingUp) {
        let secret = zeroize::Zeroizing::new(dice::roll());
        let new = SettingUp { whose, password, secret, tries: 0, begun: now };
        (self.wait(new.clone(), now), new)
    }

    fn wait(&self, what: SettingUp, now: Mono) -> String {
        let (of, left) = (what.whose.operator, SETTING_UP_LIFE.saturating_sub(now.since(what.begun)));
        self.setting_up.wait(what, of, now, left)
    }

    /// What waits under this name: taken out.
    pub(crate) fn take_set_up(&self, name: &str, now: Mono) -> Option<SettingUp> {
        self.setting_up.take_if(name, now, |_, _| true).map(|(what, _)| what)
    }

    /// Puts back what was answered with a wrong code, under a new name; `None` after too many.
    pub(crate) fn put_back(&self, mut what: SettingUp, now: Mono) -> Option<String> {
        what.tries += 1;
        (what.tries < SETTING_UP_TRIES).then(|| self.wait(what, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_no_password_and_three_words_are_one() {
        let near = ["Halle 7", "ada", "Ada Lovelace", "lockward"];
        for common in [
            "password1234",
            "123456789012",
            "qwertyuiopas",
            "aaaaaaaaaaaaaaaa",
            "iloveyou2026",
            "Passw0rd!Passw0rd!",
            "lockward2026",
            "adalovelace1",
            "Halle7Halle7",
        ] {
            assert_eq!(new_password(common, &near), Err(NotNew::Common), "{common}");
        }
        for good in [
            "rhubarb tractor saturn",
            "gr\u{fc}ne T\u{fc}r am Kanal",
            "kX9#vq2Lm@7z",
            "vier nasse Ziegen lachen",
        ] {
            assert!(new_password(good, &near).is_ok(), "{good}");
        }
        assert!(matches!(new_password("kX9#vq2Lm@7", &near), Err(NotNew::Length(_))));
    }

    #[test]
    fn recovery_codes_are_ten_that_nobody_guesses_and_are_read_however_they_are_typed() {
        let operator: OperatorId = "ada".parse().unwrap();
        let (codes, kept) = recovery_codes(operator);
        let different: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!((different.len(), kept.len()), (10, 10));
        let first = &codes[0];
        assert_eq!(first.len(), 29);
        assert_eq!(recovery_hash(operator, &first.to_lowercase().replace('-', " ")), kept[0]);
        assert_ne!(recovery_hash("bob".parse().unwrap(), first), kept[0], "another operator's");
    }
}
