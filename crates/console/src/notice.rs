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
    /// The session was ended by its holder.
    SignedOut,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    why: Invited,
    elsewhere: Option<&'a str>,
}

/// The page of a visitor without a session; it names neither the site nor anything in it. `elsewhere`: the origin at which
/// passkeys serve, where the page was not asked for there.
pub fn sign_in(why: Invited, elsewhere: Option<&str>) -> String {
    rendered(&SignIn { why, elsewhere })
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct SetUp<'a> {
    elsewhere: Option<&'a str>,
}

/// The page of a one-time link: registers a passkey.
pub fn set_up(elsewhere: Option<&str>) -> String {
    rendered(&SetUp { elsewhere })
}
