//! What can go wrong with a site on one machine, in words for whoever started it.

use crate::settle::SettleError;
use lockward_controller::config::ConfigError;
use lockward_controller::enroll::EnrollError;
use lockward_controller::run;
use lockward_hub::{EnrolError, HubStartError, OfficeError};
use lockward_model::ControllerId;
use lockward_store::{HubError, JournalOpenError, ReadError};
use std::io;

/// Why a site does not come up.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The sample site could not be made.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The hub does not start.
    #[error(transparent)]
    Hub(#[from] HubStartError),
    /// The hub's folder does not open.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The hub's store can not be read.
    #[error(transparent)]
    Store(#[from] HubError),
    /// The hub makes no code for a controller.
    #[error(transparent)]
    Code(#[from] EnrolError),
    /// A controller does not become one.
    #[error("controller `{controller}` could not be enrolled")]
    Enroll {
        /// Which.
        controller: ControllerId,
        /// Why.
        #[source]
        source: EnrollError,
    },
    /// What its installer wrote is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A controller does not start.
    #[error("controller `{controller}` does not start")]
    Run {
        /// Which.
        controller: ControllerId,
        /// Why.
        #[source]
        source: run::RunError,
    },
    /// A controller's spool can not be read.
    #[error("the spool of controller `{controller}` can not be read")]
    Spool {
        /// Which.
        controller: ControllerId,
        /// Why.
        #[source]
        source: JournalOpenError,
    },
    /// A record of it can not be read.
    #[error("the records of controller `{controller}` can not be read")]
    Read {
        /// Which.
        controller: ControllerId,
        /// Why.
        #[source]
        source: ReadError,
    },
    /// A folder, a socket or a thread.
    #[error("could not {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

pub(crate) fn failed(doing: &'static str) -> impl Fn(io::Error) -> HouseError {
    move |source| HouseError::Io { doing, source }
}
