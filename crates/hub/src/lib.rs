//! Routes, sessions, gateway, sequencing: the hub, which gathers, shows and passes on, and opens nothing.
//!
//! Architecture invariant: no `door` and no `osdp` in here. The hub advises; the door decides.
//!
//! - [`found`] makes a site, [`Office`] opens it, [`Hub::start`] runs it.
//! - A controller's link: `gateway` → `session` → `sequencer` → log; only then the acknowledgement.
//! - The config log grows in [`Office::append_change`] and nowhere else.
//! - What the site is as a whole (`whole`), and what each controller hears of the others (`tidings`), follows the log too.
//! - Pages read the live view, which follows the log: nothing is shown that is not durable.

mod access;
mod airlocks;
mod alarm_views;
mod answer;
mod api;
mod api_key;
mod areas;
mod arrival;
mod attempts;
mod ca;
mod ca_file;
mod caller;
mod ceremony;
mod chain;
mod change_desk;
mod clock;
mod cookies;
mod core;
mod denials;
mod details;
mod dice;
mod door_words;
mod enrol;
mod follower;
mod forgiven;
mod founding;
mod frames;
mod gateway;
mod greet;
mod handout;
mod hub;
mod keys;
mod lately;
mod links;
mod live;
mod live_view;
mod lockdown_views;
mod log_page;
mod logs;
mod master;
mod muster_views;
mod my;
mod my_ceremony;
mod my_phones;
mod my_sessions;
mod my_words;
mod names;
mod office;
mod openid;
mod openid_desk;
mod openid_http;
mod operator_views;
mod order_desk;
mod orders;
mod origin;
mod own;
mod own_keys;
mod password_desk;
mod push;
mod recoveries;
mod refusals;
mod routes;
mod sequencer;
mod service_desk;
mod service_in;
mod session;
mod sight;
mod sign_in;
mod signer_desk;
mod stating;
mod stream;
mod tell;
mod tidings;
mod tiles;
mod tls;
mod views;
mod waits;
mod ways;
mod web;
mod whole;
mod zone_views;

pub use access::{LINK_LIFE, SESSION_IDLE, SESSION_LIFE, Secret, TOUCH_LIFE};
pub use api::document;
pub use api_key::{Scope, ScopeError};
pub use areas::SiteAreas;
pub use arrival::{Arrival, Has};
pub use ca::{CONTROLLER_LIFE, CaError, controller_name};
pub use ca_file::CA_FILE;
pub use clock::{Clock, SystemClock};
pub use founding::{FoundError, Founded, FoundingRequest, RecoveryKey, found};
pub use gateway::ListenError;
pub use hub::{Hub, HubConfig, HubStartError, Running};
pub use keys::{EPOCH, Keys, KeysError};
pub use master::{MASTER_KEY_VARIABLE, MasterError, master_key};
pub use office::{
    API_KEY_LIFE_MAX, API_KEY_OVERLAP, API_KEY_OVERLAP_MAX, ApiKeyError, ChangeDraft, ChangeError,
    DRAFT_LIFE, DRAFT_TEXT_BYTES_MAX, DRAFTS_BYTES_MAX, DRAFTS_EACH_MAX, DRAFTS_MAX, DraftError, DraftId,
    DraftView, Drafted, ENROLMENT_LIFE, EnrolError, ExplainError, Explained, NewApiKey, Office, OfficeError,
    ReceiveError, Signed,
};
pub use openid::{OpenIdConfig, OpenIdConfigError};
pub use orders::{OrderDraft, OrderError};
pub use origin::{PublicUrl, PublicUrlError};
pub use routes::{Access, Method, Needs, ROUTES, Route};
pub use sequencer::StartError;
pub use tiles::checkpoint_note;
