//! Zones and doors in JSON.

use super::payload::PayloadError;
use super::rules::{DoorRulesV1, ZoneRulesV1};
use crate::spelling::Said;
use core::time::Duration;
use lockward_model::{
    ControllerId, Door, DoorId, DoorKind, ExitHardware, OpenLimit, ReleaseTime, Relock, ScheduleId, Text,
    Zone, ZoneId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ZoneV1 {
    id: Said<ZoneId>,
    title: Said<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Said<ZoneId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<ZoneRulesV1>,
}

impl From<&Zone> for ZoneV1 {
    fn from(z: &Zone) -> Self {
        Self {
            id: Said(z.id),
            title: Said(z.title.clone()),
            parent: z.parent.map(Said),
            rules: ZoneRulesV1::of(&z.rules),
        }
    }
}

impl TryFrom<ZoneV1> for Zone {
    type Error = PayloadError;
    fn try_from(z: ZoneV1) -> Result<Self, PayloadError> {
        Ok(Self {
            id: z.id.0,
            title: z.title.0,
            parent: z.parent.map(|p| p.0),
            rules: z.rules.map(TryInto::try_into).transpose()?.unwrap_or_default(),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoorV1 {
    id: Said<DoorId>,
    title: Said<Text>,
    kind: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Said<ZoneId>>,
    to: Said<ZoneId>,
    controller: Said<ControllerId>,
    release_ms: u32,
    open_limit_ms: u32,
    relock: RelockV1,
    exit: ExitV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unlocked: Option<Said<ScheduleId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rules: Option<DoorRulesV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RelockV1 {
    OnOpen,
    OnClose,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExitV1 {
    Mechanical,
    Released,
}

/// Whole milliseconds. The longest span of a door is eight hours, far below the 49 days that fit.
fn millis(d: Duration) -> u32 {
    u32::try_from(d.as_millis()).unwrap_or(u32::MAX)
}

impl From<&Door> for DoorV1 {
    fn from(d: &Door) -> Self {
        Self {
            id: Said(d.id),
            title: Said(d.title.clone()),
            kind: d.kind.as_str().into(),
            from: d.from.map(Said),
            to: Said(d.to),
            controller: Said(d.controller),
            release_ms: millis(d.release.get()),
            open_limit_ms: millis(d.open_limit.get()),
            relock: match d.relock {
                Relock::OnOpen => RelockV1::OnOpen,
                Relock::OnClose => RelockV1::OnClose,
            },
            exit: match d.exit {
                ExitHardware::Mechanical => ExitV1::Mechanical,
                ExitHardware::Released => ExitV1::Released,
            },
            unlocked: d.unlocked.map(Said),
            rules: DoorRulesV1::of(&d.rules),
        }
    }
}

impl TryFrom<DoorV1> for Door {
    type Error = PayloadError;
    fn try_from(d: DoorV1) -> Result<Self, PayloadError> {
        let kind = DoorKind::ALL.into_iter().find(|k| k.as_str() == &*d.kind);
        let span = |ms: u32| Duration::from_millis(ms.into());
        Ok(Self {
            id: d.id.0,
            title: d.title.0,
            kind: kind.ok_or(PayloadError::Part("a door of a kind that is not known here"))?,
            from: d.from.map(|z| z.0),
            to: d.to.0,
            controller: d.controller.0,
            release: ReleaseTime::new(span(d.release_ms)).map_err(PayloadError::Door)?,
            open_limit: OpenLimit::new(span(d.open_limit_ms)).map_err(PayloadError::Door)?,
            relock: match d.relock {
                RelockV1::OnOpen => Relock::OnOpen,
                RelockV1::OnClose => Relock::OnClose,
            },
            exit: match d.exit {
                ExitV1::Mechanical => ExitHardware::Mechanical,
                ExitV1::Released => ExitHardware::Released,
            },
            unlocked: d.unlocked.map(|s| s.0),
            rules: d.rules.map(TryInto::try_into).transpose()?.unwrap_or_default(),
        })
    }
}
