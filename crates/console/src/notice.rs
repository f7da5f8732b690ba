//! Pages for when there is nothing to show: errors, and the way in.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Section};
use crate::rendered;
use crate::words;

/// What kind of error a page tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// 500.
    Failed,
}

impl Fault {
    /// The HTTP status to send the page with.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden => 403,
            Self::Failed => 500,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NotFound => "There is no such page",
            Self::Forbidden => "This is not open to you",
            Self::Failed => "The hub could not answer",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::NotFound => "It may have been removed, or the address may be mistyped.",
            Self::Forbidden => "Nothing was shown, and nothing was done.",
            Self::Failed => {
                "Doors are not affected: they decide for themselves. Try again; if it stays, give the code to whoever runs the hub."
            }
        }
    }
}

/// An error page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorView {
    /// Around the page; `None` for a visitor without a session, who learns nothing of the site.
    pub frame: Option<Frame>,
    /// What kind.
    pub fault: Fault,
    /// The stable code that API and log use too.
    pub code: String,
    /// What was wrong, in one sentence. Never a secret.
    pub detail: Option<String>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a ErrorView,
}

#[derive(Template)]
#[template(path = "error_bare.html")]
struct BareErrorPage<'a> {
    view: &'a ErrorView,
}

/// The error page.
pub fn error(view: &ErrorView) -> String {
    match &view.frame {
        Some(frame) => rendered(&ErrorPage { frame, section: Section::Elsewhere, view }),
        None => rendered(&BareErrorPage { view }),
    }
}

/// Why a visitor stands before the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// No reason.
    Plainly,
    /// A link no longer serves.
    Expired,
    /// A passkey was registered a moment ago.
    Registered,
    /// One was registered, and counts when somebody has signed for it.
    Waits,
    /// The session was ended by its holder.
    SignedOut,
    /// Name, password and code did not sign in; which of them was wrong is not said.
    Wrong,
    /// Too many failed at this address.
    TooMany,
    /// Too many of this address are away at the OpenID provider.
    TooManyBegun,
    /// A password was set a moment ago.
    Ready,
    /// The OpenID provider named somebody who is bound to no operator.
    Stranger,
    /// The OpenID provider's answer was refused, came late, or came twice.
    NotProven,
    /// The OpenID provider could not be asked.
    NoProvider,
}

/// With what people may sign in here beside a passkey: what some operator may use, whoever looks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaysIn {
    /// A password and a one-time code.
    pub password: bool,
    /// The OpenID provider's host.
    pub openid: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    why: Invited,
    elsewhere: Option<&'a str>,
    ways: &'a WaysIn,
}

/// The page of a visitor without a session; it names neither the site nor anything in it. `elsewhere`: the origin at which
/// passkeys serve, where the page was not asked for there.
pub fn sign_in(why: Invited, elsewhere: Option<&str>, ways: &WaysIn) -> String {
    rendered(&SignIn { why, elsewhere, ways })
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUp<'a> {
    elsewhere: Option<&'a str>,
    ways: &'a WaysIn,
    wrong: Option<&'a str>,
}

/// The page of a one-time link: registers a passkey, or what else some operator may sign in with. `wrong`: why a password
/// was not taken.
pub fn set_up(elsewhere: Option<&str>, ways: &WaysIn, wrong: Option<&str>) -> String {
    rendered(&SetUp { elsewhere, ways, wrong })
}
