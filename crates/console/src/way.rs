//! Passwords, code apps and accounts elsewhere: what they are set up with, and the steps on the way in.

use askama::Template;

use crate::frame::Moment;
use crate::rendered;

/// An account at the OpenID provider that signs an operator in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Whose word it is.
    pub issuer: String,
    /// What the issuer calls the account.
    pub subject: String,
    /// Since when it signs in.
    pub bound: Moment,
    /// When it last did.
    pub used: Option<Moment>,
}

/// An operator's ways in beside passkeys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnWays {
    /// Whether policy lets this operator sign in with a password.
    pub may_password: bool,
    /// The OpenID provider's host, where policy lets this operator sign in by it.
    pub may_openid: Option<String>,
    /// Whether there is a password.
    pub password: bool,
    /// Recovery codes that are left; `None` without a code app.
    pub codes: Option<u64>,
    /// When either was last changed.
    pub changed: Option<Moment>,
    /// Until when the hub signs nothing on their word.
    pub held: Option<Moment>,
    /// Accounts at providers.
    pub accounts: Vec<AccountRow>,
}

impl OwnWays {
    /// Whether there is anything to show.
    pub fn any(&self) -> bool {
        self.may_password
            || self.may_openid.is_some()
            || self.password
            || self.codes.is_some()
            || !self.accounts.is_empty()
    }
}

/// What a code app is set up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeApp {
    /// Where the first code is sent to: an address of this hub.
    pub action: &'static str,
    /// By what this set-up is found again.
    pub enrolment: String,
    /// The outline of the QR code's dark squares, one unit each, as an SVG path.
    pub outline: String,
    /// Its width in squares, quiet zone and all.
    pub width: usize,
    /// The secret, in base32, in groups of four.
    pub secret: String,
    /// Whether the last code was wrong.
    pub wrong: bool,
    /// Whether a passkey or the password is asked for again before the answer is taken.
    pub touch: bool,
}

#[derive(Template)]
#[template(path = "code_app.html")]
struct CodeAppPage<'a> {
    view: &'a CodeApp,
}

/// The page on which a code app is set up.
pub fn code_app(view: &CodeApp) -> String {
    rendered(&CodeAppPage { view })
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodes<'a> {
    codes: &'a [String],
    onward: &'static str,
    word: &'static str,
}

/// Recovery codes, shown this once. `onward`: an address of this hub, and the word for it.
pub fn recovery_codes(codes: &[String], onward: &'static str, word: &'static str) -> String {
    rendered(&RecoveryCodes { codes, onward, word })
}

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactor<'a> {
    host: &'a str,
    wrong: bool,
    code: bool,
}

/// The page between an account's word, which proves one factor, and a session. `code`: whether there may be a code app.
pub fn second_factor(host: &str, wrong: bool, code: bool) -> String {
    rendered(&SecondFactor { host, wrong, code })
}

#[derive(Template)]
#[template(path = "onward.html")]
struct Onward<'a> {
    title: &'a str,
    to: &'a str,
}

/// A page that goes on by itself: a cookie of this hub alone is sent only where the step begins at this hub. `to`: an address of
/// this hub, or one that the site's operator configured.
pub fn onward(title: &str, to: &str) -> String {
    rendered(&Onward { title, to })
}
