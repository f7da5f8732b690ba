//! The nouns of an electronic-locking site: plain data that cannot be made wrong. Imports nothing of ours, does nothing.

mod access;
mod bytes;
mod change;
mod code;
mod event;
mod id;
mod operator;
mod order;
mod person;
mod place;
mod rule;
mod schedule;
mod statement;
mod text;
mod time;

pub use access::{
    Access, ConfigRef, Factors, Known, Outcome, PassbackFact, PinFact, Second, ShownPass, ShownPhone, Side,
    UsedCode, Wish,
};
pub use bytes::{CardToken, Digest, PublicKey, SiteId};
pub use change::{Change, ChangeSet, Forgiven, Founding, ThreatLevel};
pub use code::{ApiRefusal, CODE_TABLES, ChangeRefusal, Code, CodeRow, Deny, FindingCode, LinkRefusal};
pub use event::{
    ApiKeyFact, Body, ControllerFact, DoorFact, Epoch, Event, ExitAnomaly, FactorFact, InputFault, InputName,
    LockCause, Opening, PhoneFact, ReaderFact, RecoveryStep, SessionFact, Source, ZoneFact,
};
pub use id::{
    AirlockId, ApiKeyId, ControllerId, CredentialId, DoorId, GroupId, ID_BYTES_MAX, IdError, OperatorId,
    PersonId, PolicyId, RoleId, RuleId, ScheduleId, ServiceId, StatementId, ZoneId,
};
pub use operator::{
    OPERATOR_KEYS_MAX, Operator, OperatorKey, Passkey, SIGNER_ORIGIN, SIGNER_PORT, SIGNER_RP, Service,
    SigningKey,
};
pub use order::{Nonce, Order, OrderAct, OrderKnown, Ordered};
pub use person::{
    CardPublicKey, Controller, Credential, Group, Person, PinHash, Proof, SealedSecret, Validity, Visit,
};
pub use place::{
    Airlock, Alone, Door, DoorKind, DoorRules, ExitHardware, Extended, Freshness, OfficeTime, OpenLimit,
    OpeningLimit, OpeningWindow, OutOfRange, Passback, PassbackMode, PassbackTime, ReleaseTime, Relock,
    WarnTime, Zone, ZoneRules,
};
pub use rule::{PolicyText, Rule, Target};
pub use schedule::{
    Dates, DayException, Days, EXCEPTIONS_MAX, Fold, Gap, Jumps, Local, Moment, Schedule, ScheduleError,
    SiteZone, Transition, UnclearEdge, WINDOWS_MAX, Window,
};
pub use statement::{
    ActionName, Doors, Few, NoAction, STATED_NAMES_MAX, STATEMENTS_MAX, Stated, Statement, Wanted,
};
pub use text::{TEXT_CHARS_MAX, Text, TextError};
pub use time::{Mono, Now, Time};
