//! What zones and doors do beyond the ordinary, in JSON: left out where there is nothing, so that old entries keep their bytes.

use super::payload::PayloadError;
use crate::spelling::Said;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use lockward_model::{
    Airlock, AirlockId, Alone, DoorRules, Extended, Freshness, GroupId, OfficeTime, OpenLimit, OpeningLimit,
    OpeningWindow, OutOfRange, Passback, PassbackMode, PassbackTime, ReleaseTime, WarnTime, ZoneRules,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum AloneV1 {
    Own,
    Open,
    Refuse,
}

impl From<Alone> for AloneV1 {
    fn from(a: Alone) -> Self {
        match a {
            Alone::Own => Self::Own,
            Alone::Open => Self::Open,
            Alone::Refuse => Self::Refuse,
        }
    }
}

impl From<AloneV1> for Alone {
    fn from(a: AloneV1) -> Self {
        match a {
            AloneV1::Own => Self::Own,
            AloneV1::Open => Self::Open,
            AloneV1::Refuse => Self::Refuse,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoneRulesV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passback: Option<PassbackV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh_within_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    openings: Option<OpeningsV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PassbackV1 {
    mode: ModeV1,
    alone: AloneV1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModeV1 {
    Soft,
    Hard,
    TimedMs(u64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningsV1 {
    doors: NonZeroU16,
    within_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approvers: Option<Said<GroupId>>,
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a span, and has its type judge it.
fn span<T>(ms: u64, new: impl Fn(Duration) -> Result<T, OutOfRange>) -> Result<T, PayloadError> {
    new(Duration::from_millis(ms)).map_err(PayloadError::Door)
}

impl ZoneRulesV1 {
    /// None where there is nothing to say: one spelling for one meaning.
    pub(super) fn of(r: &ZoneRules) -> Option<Self> {
        let passback = |p: &Passback| PassbackV1 {
            mode: match p.mode {
                PassbackMode::Soft => ModeV1::Soft,
                PassbackMode::Hard => ModeV1::Hard,
                PassbackMode::Timed(t) => ModeV1::TimedMs(millis(t.get())),
            },
            alone: p.alone.into(),
        };
        let openings = |o: &OpeningLimit| OpeningsV1 {
            doors: o.doors,
            within_ms: millis(o.within.get()),
            approvers: o.approvers.map(Said),
        };
        (*r != ZoneRules::default()).then(|| Self {
            passback: r.passback.as_ref().map(passback),
            most: r.most,
            fresh_within_ms: r.fresh_within.map(|f| millis(f.get())),
            openings: r.openings.as_ref().map(openings),
        })
    }
}

impl TryFrom<ZoneRulesV1> for ZoneRules {
    type Error = PayloadError;
    fn try_from(r: ZoneRulesV1) -> Result<Self, PayloadError> {
        let mode = |m| {
            Ok(match m {
                ModeV1::Soft => PassbackMode::Soft,
                ModeV1::Hard => PassbackMode::Hard,
                ModeV1::TimedMs(ms) => PassbackMode::Timed(span(ms, PassbackTime::new)?),
            })
        };
        let passback =
            |p: PassbackV1| Ok::<_, PayloadError>(Passback { mode: mode(p.mode)?, alone: p.alone.into() });
        let openings = |o: OpeningsV1| {
            let within = span(o.within_ms, OpeningWindow::new)?;
            Ok::<_, PayloadError>(OpeningLimit {
                doors: o.doors,
                within,
                approvers: o.approvers.map(|g| g.0),
            })
        };
        Ok(Self {
            passback: r.passback.map(passback).transpose()?,
            most: r.most,
            fresh_within: r.fresh_within_ms.map(|ms| span(ms, Freshness::new)).transpose()?,
            openings: r.openings.map(openings).transpose()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoorRulesV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extended: Option<ExtendedV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warn_before_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    first_person: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    office_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    airlock: Option<AirlockV1>,
    #[serde(default, skip_serializing_if = "is_false")]
    exit_shunt_only: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn is_false(said: &bool) -> bool {
    !said
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtendedV1 {
    release_ms: u64,
    open_limit_ms: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AirlockV1 {
    id: Said<AirlockId>,
    alone: AloneV1,
}

impl DoorRulesV1 {
    /// None where there is nothing to say.
    pub(super) fn of(r: &DoorRules) -> Option<Self> {
        let extended = |e: Extended| ExtendedV1 {
            release_ms: millis(e.release.get()),
            open_limit_ms: millis(e.open_limit.get()),
        };
        (*r != DoorRules::default()).then(|| Self {
            extended: r.extended.map(extended),
            warn_before_ms: r.warn_before.map(|w| millis(w.get())),
            first_person: r.first_person,
            office_ms: r.office.map(|o| millis(o.get())),
            airlock: r.airlock.map(|a| AirlockV1 { id: Said(a.id), alone: a.alone.into() }),
            exit_shunt_only: r.exit_shunt_only,
        })
    }
}

impl TryFrom<DoorRulesV1> for DoorRules {
    type Error = PayloadError;
    fn try_from(r: DoorRulesV1) -> Result<Self, PayloadError> {
        let extended = |e: ExtendedV1| {
            let release = span(e.release_ms, ReleaseTime::new)?;
            Ok::<_, PayloadError>(Extended { release, open_limit: span(e.open_limit_ms, OpenLimit::new)? })
        };
        Ok(Self {
            extended: r.extended.map(extended).transpose()?,
            warn_before: r.warn_before_ms.map(|ms| span(ms, WarnTime::new)).transpose()?,
            first_person: r.first_person,
            office: r.office_ms.map(|ms| span(ms, OfficeTime::new)).transpose()?,
            airlock: r.airlock.map(|a| Airlock { id: a.id.0, alone: a.alone.into() }),
            exit_shunt_only: r.exit_shunt_only,
        })
    }
}
