//! Pages from view structs: the hub fills plain data, this room turns it into HTML that cannot carry a stranger's markup.
//!
//! Every page is a function from a view to a `String`. Nothing here reads a clock, a disk or a socket, and no template
//! may switch escaping off (a test holds that). Addresses are made by [`Link`] only, so a page can point nowhere but
//! at this hub.
//!
//! # Live updates
//!
//! A page whose [`Frame::after`] is set opens `GET /live?after=SEQ` as an event stream ([`address::LIVE`]).
//! On connection the hub sends one `beat`, one `summary`, every `door` and `controller`, then every event after `SEQ`
//! (or after `Last-Event-ID`, which wins); then whatever happens.
//!
//! | `event:` | `data:` (always one line) | effect |
//! |---|---|---|
//! | `feed`, with `id: SEQ` | [`event_row`] | put on top of the feed, once |
//! | `door` | [`door_card`] or [`compartment`] | each element takes the place of the one with its id |
//! | `controller` | [`controller_row`] | the same |
//! | `summary` | [`summary`] | the same |
//! | `bar` | [`bar`] | the same; and a page whose lists follow it is fetched again |
//! | `presence` | nothing | a page whose lists follow it is fetched again |
//! | `beat`, every [`BEAT_SECONDS`] | the site's time as `hh:mm:ss` | the page is live as of that time |
//!
//! A page that misses three beats says that it is stale, and since when.

mod alarm;
mod asset;
mod change;
mod door;
mod event;
mod frame;
mod headers;
mod link;
mod log;
mod muster;
mod my;
mod notice;
mod operator;
mod overview;
mod person;
mod service;
mod signer;
mod state;
mod way;
mod words;
mod zone;

pub use alarm::{AlarmRow, AlarmsView, Bar, alarms, bar};
pub use asset::{
    APP_CSS, APP_JS, ASSETS, Asset, ICON_SVG, MY_CSS, MY_ICON_PNG, MY_ICON_SVG, MY_JS, MY_MANIFEST,
    PASSKEY_JS, SIGNER_JS,
};
pub use change::{
    ArrivalRow, ArrivalView, ChangesView, DraftPage, DraftRow, Signing, StatementRow, StatementsView,
    arrival, changes, draft,
};
pub use door::{
    Compartment, DoorCard, DoorView, Fact, MayEnter, Orders, Part, Transition, Via, compartment, door,
    door_card,
};
pub use event::{EventRow, FEED_ROWS_MAX, event_row};
pub use frame::{BEAT_SECONDS, Banner, Frame, Moment, Sees};
pub use headers::{ASSET_HEADERS, CSP, PAGE_HEADERS};
pub use link::{Link, address};
pub use log::{Cosignature, LogPanel, LogView, log};
pub use muster::{Missing, MusterView, MusterZone, Present, Unknown, muster};
pub use my::{
    CutOff, MyDoor, MyPhone, MyView, PhoneInvite, my, my_join, my_sign_in, phone_invite, phone_lost,
};
pub use notice::{ErrorView, Fault, Invited, WaysIn, error, set_up, sign_in};
pub use operator::{KeyRow, MeView, OperatorRow, OperatorsView, SessionRow, me, operators};
pub use overview::{Bank, ControllerRow, Fleet, OverviewView, Zone, controller_row, overview, summary};
pub use person::{
    CredentialRow, DoorAccess, Name, PeopleView, PersonRow, PersonView, Standing, people, person,
};
pub use service::{ApiKeyLine, MadeKey, ServiceRow, ServicesView, services};
pub use signer::{
    Back, MakeView, SignView, returned, signer_home, signer_make, signer_record, signer_refused, signer_sign,
};
pub use state::{DoorState, Tone};
pub use way::{AccountRow, CodeApp, OwnWays, code_app, onward, recovery_codes, second_factor};
pub use zone::{
    Doors, LockdownPreview, Still, StillEnters, StillOpens, ZoneRow, ZoneState, ZonesView, zones,
};

use askama::Template;

/// A template's text. Writing to a `String` fails only if a value's own `Display` does, and every value here is text,
/// a number or a word of ours; an empty page is the honest answer to the impossible.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

/// A fragment on one line, as a `data:` field of an event stream needs it. In the elements that fragments are made of,
/// a line break and a space mean the same.
fn one_line(template: &impl Template) -> String {
    rendered(template).replace(['\n', '\r'], " ")
}
