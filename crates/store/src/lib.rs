//! The only room that touches a disk: journals, small state files, and what speaks SQL.

mod disk;
mod disk_lock;
mod disk_real;
mod disk_sim;
mod disk_sim_platter;
mod disk_state;
mod hub;
mod hub_api_key;
mod hub_enrol;
mod hub_index;
mod hub_keys;
mod hub_log;
mod hub_passkey;
mod hub_read;
mod hub_setting;
mod hub_way;
mod journal;
mod journal_format;
mod journal_limits;
mod journal_open;
mod journal_space;
mod sql;
mod sql_fault;

pub use disk::{Disk, DiskFile};
pub use disk_lock::{DirLock, LockError};
pub use disk_real::RealDisk;
pub use disk_sim::{Counts, SimDisk, SimFile};
pub use disk_state::{STATE_BYTES_MAX, StateError, StateFile};
pub use hub::HubStore;
pub use hub_api_key::{API_KEYS_EACH_MAX, ApiKeyDeed, ApiKeyRow};
pub use hub_enrol::ENROLMENT_FAILURES_MAX;
pub use hub_index::{INDEX_ROWS_MAX, IndexRow};
pub use hub_keys::{Erasure, HubKeyError, WRAPPED_BYTES_MAX};
pub use hub_log::{Batch, Log, LogHead, SourceHead};
pub use hub_read::{Cosignature, ENTRIES_MAX, LogTiles};
pub use hub_way::{Account, NewWay, Way};
pub use journal::{AppendError, Journal, ReadError, Record, Records, ReleaseError};
pub use journal_limits::{
    BATCH_BYTES_MAX, Limits, LimitsError, RECORD_BYTES_MAX, SEGMENT_BYTES, SEGMENTS_MAX,
};
pub use journal_open::{JournalOpenError, Recovered, Torn};
pub use sql_fault::{HubAppendError, HubCreateError, HubError, HubOpenError};
