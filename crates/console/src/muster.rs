//! Who is where: for an evacuation and for a limit. Says "unknown" where nobody knows, and is printed.

use askama::Template;

use crate::frame::{BEAT_SECONDS, Frame, Moment, Section};
use crate::link::Link;
use crate::rendered;
use crate::state::Tone;
use crate::words;

/// Somebody in a zone, as far as was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub person: Link,
    /// Since when.
    pub since: Moment,
    /// By which door they came.
    pub by: Option<Link>,
    /// Why they may no longer be there.
    pub doubt: Option<String>,
}

/// A zone, and who is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MusterZone {
    /// Its name.
    pub name: String,
    /// People in it and in what lies in it: seen to enter, and nothing says that they left.
    pub known: u64,
    /// Seen to enter, and may have left unseen.
    pub unsure: u64,
    /// How many it may hold.
    pub most: Option<u64>,
    /// Everybody who is in it, and in no zone within it; empty for who may see no people there.
    pub people: Vec<Present>,
}

impl MusterZone {
    fn tone(&self) -> Tone {
        let all = self.known + self.unsure;
        match self.most {
            Some(most) if all >= most => Tone::Bad,
            _ if self.unsure > 0 => Tone::Warn,
            _ => Tone::Good,
        }
    }

    fn count(&self) -> String {
        let all = self.known + self.unsure;
        let count = words::counted(all, "person", "people");
        let limit = self.most.map(|most| format!(" of at most {}", words::grouped(most))).unwrap_or_default();
        let unsure = match self.unsure {
            0 => String::new(),
            n => format!(", {} of them not certain", words::grouped(n)),
        };
        format!("{count}{limit}{unsure}")
    }
}

/// Somebody of whom nobody knows where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Who.
    pub person: Link,
    /// Why that is not known.
    pub why: String,
}

/// Of whom nobody knows where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Whose place is unknown although they were seen.
    pub people: Vec<Missing>,
    /// How many people of the site no door has ever opened for, as far as the hub remembers.
    pub never_seen: u64,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MusterView {
    /// Around the page.
    pub frame: Frame,
    /// Every zone that somebody is in, or that has a limit.
    pub zones: Vec<MusterZone>,
    /// How many are in these zones.
    pub inside: u64,
    /// `None` for who reads single zones: nobody knows that these are in one.
    pub unknown: Option<Unknown>,
    /// The hub still reads its log back: people may be missing here.
    pub reading: bool,
}

#[derive(Template)]
#[template(path = "muster.html")]
struct Page<'a> {
    frame: &'a Frame,
    section: Section,
    view: &'a MusterView,
}

/// The page of who is where.
pub fn muster(view: &MusterView) -> String {
    rendered(&Page { frame: &view.frame, section: Section::Muster, view })
}
