//! A phone's pages: somebody's own doors, and what the desk shows of somebody's phones.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Section};
use crate::person::Name;
use crate::{rendered, words};

/// A door that a phone may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyDoor {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Why it stays shut now, where that is known before.
    pub why: Option<&'static str>,
}

/// One of its holder's phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyPhone {
    /// Its id.
    pub id: String,
    /// Whether it is this one.
    pub current: bool,
}

/// What a phone shows its holder: nothing of anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyView {
    /// What people call the site.
    pub site: String,
    /// The doors that this phone may open.
    pub doors: Vec<MyDoor>,
    /// Its holder's phones.
    pub phones: Vec<MyPhone>,
    /// A phone was cut off a moment ago; of which controllers, a phone is not told.
    pub lost: Option<CutOff>,
    /// The origin at which phones serve, where the page was not asked for there.
    pub elsewhere: Option<String>,
}

#[derive(Template)]
#[template(path = "my.html")]
struct My<'a> {
    view: &'a MyView,
}

/// My doors.
pub fn my(view: &MyView) -> String {
    rendered(&My { view })
}

#[derive(Template)]
#[template(path = "my_sign_in.html")]
struct MySignIn<'a> {
    why: &'a str,
    elsewhere: Option<&'a str>,
}

/// Where a phone signs in. `why`: a word of the address that brought it here.
pub fn my_sign_in(why: &str, elsewhere: Option<&str>) -> String {
    rendered(&MySignIn { why, elsewhere })
}

#[derive(Template)]
#[template(path = "my_join.html")]
struct MyJoin<'a> {
    elsewhere: Option<&'a str>,
}

/// Where a one-time link registers a phone.
pub fn my_join(elsewhere: Option<&str>) -> String {
    rendered(&MyJoin { elsewhere })
}

/// A one-time link for somebody's phone. Shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneInvite {
    /// Around the page.
    pub frame: Frame,
    /// Whose, by id.
    pub id: String,
    /// Whose.
    pub name: Name,
    /// The link.
    pub link: String,
    /// The same as a QR code: its side in modules with the margin, and the path of what is dark.
    pub qr: Option<(usize, String)>,
    /// How long it serves.
    pub minutes: u64,
    /// Whether the phone counts only when an operator has signed for it.
    pub people_sign: bool,
}

#[derive(Template)]
#[template(path = "phone_invite.html")]
struct Invite<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a PhoneInvite,
}

/// The page of a link that was just made.
pub fn phone_invite(view: &PhoneInvite) -> String {
    rendered(&Invite { frame: &view.frame, section: Section::People, view })
}

/// How far it is that a phone was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CutOff {
    /// The index of the change.
    pub at: u64,
    /// At how many controllers it is in force.
    pub there: u64,
    /// Of how many.
    pub of: u64,
    /// How long that took.
    pub took_ms: u64,
    /// The others, by their titles.
    pub missing: Vec<String>,
}

impl CutOff {
    /// `0.2`: in tenths of seconds, the first of which is one.
    fn seconds(&self) -> String {
        let tenths = self.took_ms.div_ceil(100);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

#[derive(Template)]
#[template(path = "phone_lost.html")]
struct Lost<'a> {
    frame: &'a Frame,
    section: Section,
    id: &'a str,
    name: &'a Name,
    cut: &'a CutOff,
}

/// The page that says where a phone was cut off.
pub fn phone_lost(frame: &Frame, id: &str, name: &Name, cut: &CutOff) -> String {
    rendered(&Lost { frame, section: Section::People, id, name, cut })
}
