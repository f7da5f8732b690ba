//! Passwords of operators: one spelling of what is typed, and Argon2id under a pepper of the hub's own.

use super::pin::{HASH_BYTES, SALT_BYTES, argon2id, phc, read_phc};
use crate::PasswordPepper;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use core::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters of a new password. NIST SP 800-63B-4, 3.1.1.2, asks for 8 beside a second factor and for 15 without
/// one. A password is never enough alone here; but whoever watches a code being typed has half a minute with the password
/// alone, and 12 is what a passphrase of three words comes to.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Most characters: SP 800-63B-4 asks for 64 at least.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Why something is no new password. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Guessable because it is short.
    #[error(
        "a password has {PASSWORD_CHARS_MIN} characters or more; three or four words that have nothing to do with each other are easy to keep"
    )]
    Short,
    /// Longer than makes sense.
    #[error("a password has {PASSWORD_CHARS_MAX} characters at most")]
    Long,
}

/// What somebody types as a password, in the one spelling that is hashed (NFKC, SP 800-63B-4, 3.1.1.2): the same letters from
/// another keyboard are the same password. Wiped when dropped, never printed.
///
/// INVARIANT: 256 characters at most.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl Password {
    /// As it is typed to sign in.
    ///
    /// # Errors
    /// [`PasswordError::Long`].
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        // One character becomes 18 at most (UAX 15, section 9): so much is looked at, and no more.
        if text.chars().nth(PASSWORD_CHARS_MAX).is_some() {
            return Err(PasswordError::Long);
        }
        let spelt = Zeroizing::new(text.nfkc().collect::<String>());
        if spelt.chars().nth(PASSWORD_CHARS_MAX).is_some() {
            Err(PasswordError::Long)
        } else {
            Ok(Self(spelt))
        }
    }

    /// As it is chosen. Any character will do, blanks too; whether it is one that everybody chooses is the caller's to say.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn chosen(text: &str) -> Result<Self, PasswordError> {
        let password = Self::typed(text)?;
        if password.0.chars().count() < PASSWORD_CHARS_MIN { Err(PasswordError::Short) } else { Ok(password) }
    }

    /// The text, to be measured.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes a password, in PHC string form. The salt must be random and new. Takes some 15 ms and 19 MiB.
#[must_use]
pub fn hash_password(password: &Password, salt: [u8; SALT_BYTES], pepper: &PasswordPepper) -> String {
    phc(salt, &hashed(password, &salt, pepper))
}

/// True if it is this password's hash. Takes as long for any other; at once only for what [`hash_password`] never wrote.
#[must_use]
pub fn verify_password(hash: &str, password: &Password, pepper: &PasswordPepper) -> bool {
    let Some((salt, hash)) = read_phc(hash) else { return false };
    verify_slices_are_equal(hashed(password, &salt, pepper).as_slice(), &hash).is_ok()
}

fn hashed(password: &Password, salt: &[u8], pepper: &PasswordPepper) -> Zeroizing<[u8; HASH_BYTES]> {
    argon2id(password.0.as_bytes(), salt, pepper.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(seed: u8) -> PasswordPepper {
        PasswordPepper::from_bytes([seed; 32])
    }

    #[test]
    fn any_character_will_do_and_no_kind_is_asked_for() {
        for good in [
            "aaaaaaaaaaaa",
            "correct horse battery staple",
            "\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
            "            ",
            &"x".repeat(64),
            &"x".repeat(PASSWORD_CHARS_MAX),
        ] {
            assert!(Password::chosen(good).is_ok(), "{good}");
        }
        assert_eq!(Password::chosen("elevenchars"), Err(PasswordError::Short));
        assert_eq!(Password::chosen(&"x".repeat(PASSWORD_CHARS_MAX + 1)), Err(PasswordError::Long));
        // What grows when it is spelt out is measured after that (U+FDFA becomes 18 characters).
        assert_eq!(Password::chosen(&"\u{fdfa}".repeat(PASSWORD_CHARS_MAX)), Err(PasswordError::Long));
    }

    #[test]
    fn the_same_letters_from_another_keyboard_are_the_same_password() {
        let hash =
            hash_password(&Password::chosen("gr\u{fc}ne T\u{fc}r im Hof").unwrap(), [1; 16], &pepper(1));
        let apart = Password::typed("gru\u{308}ne Tu\u{308}r im Hof").unwrap();
        assert!(verify_password(&hash, &apart, &pepper(1)));
        assert!(!verify_password(&hash, &Password::typed("grune Tur im Hof").unwrap(), &pepper(1)));
        assert!(!verify_password(&hash, &apart, &pepper(2)), "without the pepper");
        assert!(
            !verify_password("", &apart, &pepper(1)) && !verify_password("$argon2id$", &apart, &pepper(1))
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", Password::typed("secret").unwrap()), "Password(..)");
    }
}
