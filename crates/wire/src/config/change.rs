//! Changes in JSON: `{"put-zone": {...}}`, each under the name that policies and files use for it.

use super::operators::{KeyV1, OperatorV1, ServiceV1};
use super::payload::PayloadError;
use super::people::{CredentialV1, GroupV1, PersonV1, PolicyV1, RuleV1};
use super::places::{DoorV1, ZoneV1};
use super::schedules::ScheduleV1;
use super::statements::StatementV1;
use crate::spelling::{Hex, Said};
use lockward_model::{
    Change, ControllerId, CredentialId, Digest, DoorId, Forgiven, GroupId, OperatorId, PersonId, PolicyId,
    PublicKey, RuleId, ScheduleId, ServiceId, StatementId, Text, ThreatLevel, ZoneId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum ChangeV1 {
    PutZone(ZoneV1),
    RemoveZone(Said<ZoneId>),
    PutDoor(DoorV1),
    RemoveDoor(Said<DoorId>),
    PutSchedule(ScheduleV1),
    RemoveSchedule(Said<ScheduleId>),
    PutGroup(GroupV1),
    RemoveGroup(Said<GroupId>),
    PutPerson(PersonV1),
    RemovePerson(Said<PersonId>),
    SuspendPerson(Said<PersonId>),
    PutCredential(CredentialV1),
    RevokeCredential(Said<CredentialId>),
    PutRule(RuleV1),
    RemoveRule(Said<RuleId>),
    PutPolicy(PolicyV1),
    RemovePolicy(Said<PolicyId>),
    PutController { id: Said<ControllerId>, title: Said<Text> },
    BindController { id: Said<ControllerId>, key: Hex<32> },
    RevokeController(Said<ControllerId>),
    PutOperator(OperatorV1),
    RemoveOperator(Said<OperatorId>),
    PutOperatorKey { operator: Said<OperatorId>, key: KeyV1 },
    RemoveOperatorKey { operator: Said<OperatorId>, key: Hex<32> },
    PutService(ServiceV1),
    RemoveService(Said<ServiceId>),
    LockDown(Said<ZoneId>),
    LiftLockdown(Said<ZoneId>),
    SetThreat { zone: Said<ZoneId>, level: u8 },
    Recover(OperatorV1),
    CancelRecovery {},
    Forgive(ForgivenV1),
    PutStatement(StatementV1),
    RemoveStatement(Said<StatementId>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum ForgivenV1 {
    Person(Said<PersonId>),
    Zone(Said<ZoneId>),
}

impl From<&Change> for ChangeV1 {
    fn from(c: &Change) -> Self {
        match c {
            Change::PutZone(z) => Self::PutZone(z.into()),
            Change::RemoveZone(id) => Self::RemoveZone(Said(*id)),
            Change::PutDoor(d) => Self::PutDoor(d.into()),
            Change::RemoveDoor(id) => Self::RemoveDoor(Said(*id)),
            Change::PutSchedule(s) => Self::PutSchedule(s.into()),
            Change::RemoveSchedule(id) => Self::RemoveSchedule(Said(*id)),
            Change::PutGroup(g) => Self::PutGroup(g.into()),
            Change::RemoveGroup(id) => Self::RemoveGroup(Said(*id)),
            Change::PutPerson(p) => Self::PutPerson(p.into()),
            Change::RemovePerson(id) => Self::RemovePerson(Said(*id)),
            Change::SuspendPerson(id) => Self::SuspendPerson(Said(*id)),
            Change::PutCredential(c) => Self::PutCredential(c.into()),
            Change::RevokeCredential(id) => Self::RevokeCredential(Said(*id)),
            Change::PutRule(r) => Self::PutRule(r.into()),
            Change::RemoveRule(id) => Self::RemoveRule(Said(*id)),
            Change::PutPolicy(p) => Self::PutPolicy(p.into()),
            Change::RemovePolicy(id) => Self::RemovePolicy(Said(*id)),
            Change::PutController { id, title } => {
                Self::PutController { id: Said(*id), title: Said(title.clone()) }
            }
            Change::BindController { id, key } => Self::BindController { id: Said(*id), key: Hex(key.0) },
            Change::RevokeController(id) => Self::RevokeController(Said(*id)),
            Change::PutOperator(o) => Self::PutOperator(o.into()),
            Change::RemoveOperator(id) => Self::RemoveOperator(Said(*id)),
            Change::PutOperatorKey { operator, key } => {
                Self::PutOperatorKey { operator: Said(*operator), key: key.into() }
            }
            Change::RemoveOperatorKey { operator, key } => {
                Self::RemoveOperatorKey { operator: Said(*operator), key: Hex(key.0) }
            }
            Change::PutService(s) => Self::PutService(s.into()),
            Change::RemoveService(id) => Self::RemoveService(Said(*id)),
            Change::LockDown(id) => Self::LockDown(Said(*id)),
            Change::LiftLockdown(id) => Self::LiftLockdown(Said(*id)),
            Change::SetThreat { zone, level } => Self::SetThreat { zone: Said(*zone), level: level.get() },
            Change::Recover(o) => Self::Recover(o.into()),
            Change::CancelRecovery => Self::CancelRecovery {},
            Change::Forgive(Forgiven::Person(id)) => Self::Forgive(ForgivenV1::Person(Said(*id))),
            Change::Forgive(Forgiven::Zone(id)) => Self::Forgive(ForgivenV1::Zone(Said(*id))),
            Change::PutStatement(s) => Self::PutStatement(s.into()),
            Change::RemoveStatement(id) => Self::RemoveStatement(Said(*id)),
        }
    }
}

impl TryFrom<ChangeV1> for Change {
    type Error = PayloadError;
    fn try_from(c: ChangeV1) -> Result<Self, PayloadError> {
        Ok(match c {
            ChangeV1::PutZone(z) => Self::PutZone(z.try_into()?),
            ChangeV1::RemoveZone(id) => Self::RemoveZone(id.0),
            ChangeV1::PutDoor(d) => Self::PutDoor(d.try_into()?),
            ChangeV1::RemoveDoor(id) => Self::RemoveDoor(id.0),
            ChangeV1::PutSchedule(s) => Self::PutSchedule(s.try_into()?),
            ChangeV1::RemoveSchedule(id) => Self::RemoveSchedule(id.0),
            ChangeV1::PutGroup(g) => Self::PutGroup(g.into()),
            ChangeV1::RemoveGroup(id) => Self::RemoveGroup(id.0),
            ChangeV1::PutPerson(p) => Self::PutPerson(p.try_into()?),
            ChangeV1::RemovePerson(id) => Self::RemovePerson(id.0),
            ChangeV1::SuspendPerson(id) => Self::SuspendPerson(id.0),
            ChangeV1::PutCredential(c) => Self::PutCredential(c.try_into()?),
            ChangeV1::RevokeCredential(id) => Self::RevokeCredential(id.0),
            ChangeV1::PutRule(r) => Self::PutRule(r.try_into()?),
            ChangeV1::RemoveRule(id) => Self::RemoveRule(id.0),
            ChangeV1::PutPolicy(p) => Self::PutPolicy(p.into()),
            ChangeV1::RemovePolicy(id) => Self::RemovePolicy(id.0),
            ChangeV1::PutController { id, title } => Self::PutController { id: id.0, title: title.0 },
            ChangeV1::BindController { id, key } => Self::BindController { id: id.0, key: PublicKey(key.0) },
            ChangeV1::RevokeController(id) => Self::RevokeController(id.0),
            ChangeV1::PutOperator(o) => Self::PutOperator(o.try_into()?),
            ChangeV1::RemoveOperator(id) => Self::RemoveOperator(id.0),
            ChangeV1::PutOperatorKey { operator, key } => {
                Self::PutOperatorKey { operator: operator.0, key: key.try_into()? }
            }
            ChangeV1::RemoveOperatorKey { operator, key } => {
                Self::RemoveOperatorKey { operator: operator.0, key: Digest(key.0) }
            }
            ChangeV1::PutService(s) => Self::PutService(s.into()),
            ChangeV1::RemoveService(id) => Self::RemoveService(id.0),
            ChangeV1::LockDown(id) => Self::LockDown(id.0),
            ChangeV1::LiftLockdown(id) => Self::LiftLockdown(id.0),
            ChangeV1::SetThreat { zone, level } => {
                let level = ThreatLevel::new(level);
                let level = level.ok_or(PayloadError::Part("a threat level that is none of 0 to 4"))?;
                Self::SetThreat { zone: zone.0, level }
            }
            ChangeV1::Recover(o) => Self::Recover(o.try_into()?),
            ChangeV1::CancelRecovery {} => Self::CancelRecovery,
            ChangeV1::Forgive(ForgivenV1::Person(id)) => Self::Forgive(Forgiven::Person(id.0)),
            ChangeV1::Forgive(ForgivenV1::Zone(id)) => Self::Forgive(Forgiven::Zone(id.0)),
            ChangeV1::PutStatement(s) => Self::PutStatement(s.try_into()?),
            ChangeV1::RemoveStatement(id) => Self::RemoveStatement(id.0),
        })
    }
}
