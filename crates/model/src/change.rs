//! Changes: every edit that a site's configuration can undergo, and the first entry that everything descends from.

use crate::{
    ControllerId, Credential, CredentialId, Digest, Door, DoorId, Group, GroupId, Operator, OperatorId,
    OperatorKey, Person, PersonId, PolicyId, PolicyText, PublicKey, Rule, RuleId, Schedule, ScheduleId,
    Service, ServiceId, SiteId, SiteZone, Statement, StatementId, Text, Time, Zone, ZoneId,
};

/// One edit. "Put" makes or replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes or replaces a zone.
    PutZone(Zone),
    /// Removes a zone that nothing refers to.
    RemoveZone(ZoneId),
    /// Makes or replaces a door.
    PutDoor(Door),
    /// Removes a door.
    RemoveDoor(DoorId),
    /// Makes or replaces a schedule.
    PutSchedule(Schedule),
    /// Removes a schedule that nothing refers to.
    RemoveSchedule(ScheduleId),
    /// Makes or renames a group.
    PutGroup(Group),
    /// Removes a group that nothing refers to.
    RemoveGroup(GroupId),
    /// Makes or replaces a person.
    PutPerson(Person),
    /// Removes a person, and every credential of theirs.
    RemovePerson(PersonId),
    /// Refuses every credential of a person, until the person is put again. Takes authority away.
    SuspendPerson(PersonId),
    /// Makes or replaces a credential.
    PutCredential(Credential),
    /// Removes a credential. Takes authority away.
    RevokeCredential(CredentialId),
    /// Makes or replaces an access rule.
    PutRule(Rule),
    /// Removes an access rule. Takes authority away.
    RemoveRule(RuleId),
    /// Makes or replaces a policy.
    PutPolicy(PolicyText),
    /// Removes a policy. May extend authority, if it forbade.
    RemovePolicy(PolicyId),
    /// Announces a controller, or renames it; its key stays as it was.
    PutController {
        /// Its id.
        id: ControllerId,
        /// What people call it.
        title: Text,
    },
    /// Gives an announced controller the key that it showed with its one-time secret.
    BindController {
        /// Its id.
        id: ControllerId,
        /// What it signs its chain with.
        key: PublicKey,
    },
    /// Cuts a controller off for good. Takes authority away.
    RevokeController(ControllerId),
    /// Makes or replaces an operator.
    PutOperator(Operator),
    /// Removes an operator. Takes authority away.
    RemoveOperator(OperatorId),
    /// Adds a key to an operator's, or renames it; all else of the operator stays as it was.
    PutOperatorKey {
        /// Whose.
        operator: OperatorId,
        /// The key, and what people call it.
        key: OperatorKey,
    },
    /// Takes one of an operator's keys away; never the last. Takes authority away.
    RemoveOperatorKey {
        /// Whose.
        operator: OperatorId,
        /// The SHA-256 of its public key ([`SigningKey::public`](crate::SigningKey::public)).
        key: Digest,
    },
    /// Makes or replaces a service.
    PutService(Service),
    /// Removes a service. Takes authority away.
    RemoveService(ServiceId),
    /// Stops entering into a zone and all that lies in it, until it is lifted. Takes authority away.
    LockDown(ZoneId),
    /// Ends a lockdown.
    LiftLockdown(ZoneId),
    /// Sets how watchful a zone is; policies read it.
    SetThreat {
        /// Which zone; what lies within takes the highest of all around it.
        zone: ZoneId,
        /// From 0, every day.
        level: ThreatLevel,
    },
    /// With the recovery key and nothing else: announces an operator, who is made when the same is signed again after the
    /// wait.
    Recover(Operator),
    /// Ends a recovery that was announced. Takes authority away.
    CancelRecovery,
    /// Forgets where a person is, so that anti-passback begins again.
    Forgive(Forgiven),
    /// Makes or replaces a statement: what must hold, and what every review of a change is told of.
    PutStatement(Statement),
    /// Removes a statement. Nobody is told any more when a change breaks it.
    RemoveStatement(StatementId),
}

/// Whom anti-passback forgives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgiven {
    /// One person, everywhere.
    Person(PersonId),
    /// Everybody in one zone.
    Zone(ZoneId),
}

/// How watchful: 0 is every day, [`Self::MAX`] the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ThreatLevel(u8);

impl ThreatLevel {
    /// The highest: as many as people tell apart.
    pub const MAX: Self = Self(4);

    /// None above [`Self::MAX`].
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        (level <= Self::MAX.0).then_some(Self(level))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Change {
    /// The name in files and in policies (`Action::"change:put-door"`).
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::PutZone(_) => "put-zone",
            Self::RemoveZone(_) => "remove-zone",
            Self::PutDoor(_) => "put-door",
            Self::RemoveDoor(_) => "remove-door",
            Self::PutSchedule(_) => "put-schedule",
            Self::RemoveSchedule(_) => "remove-schedule",
            Self::PutGroup(_) => "put-group",
            Self::RemoveGroup(_) => "remove-group",
            Self::PutPerson(_) => "put-person",
            Self::RemovePerson(_) => "remove-person",
            Self::SuspendPerson(_) => "suspend-person",
            Self::PutCredential(_) => "put-credential",
            Self::RevokeCredential(_) => "revoke-credential",
            Self::PutRule(_) => "put-rule",
            Self::RemoveRule(_) => "remove-rule",
            Self::PutPolicy(_) => "put-policy",
            Self::RemovePolicy(_) => "remove-policy",
            Self::PutController { .. } => "put-controller",
            Self::BindController { .. } => "bind-controller",
            Self::RevokeController(_) => "revoke-controller",
            Self::PutOperator(_) => "put-operator",
            Self::RemoveOperator(_) => "remove-operator",
            Self::PutOperatorKey { .. } => "put-operator-key",
            Self::RemoveOperatorKey { .. } => "remove-operator-key",
            Self::PutService(_) => "put-service",
            Self::RemoveService(_) => "remove-service",
            Self::LockDown(_) => "lock-down",
            Self::LiftLockdown(_) => "lift-lockdown",
            Self::SetThreat { .. } => "set-threat",
            Self::Recover(_) => "recover",
            Self::CancelRecovery => "cancel-recovery",
            Self::Forgive(_) => "forgive",
            Self::PutStatement(_) => "put-statement",
            Self::RemoveStatement(_) => "remove-statement",
        }
    }

    /// Whose keys it is about, if it is about an operator's keys and nothing else.
    #[must_use]
    pub fn keys_of(&self) -> Option<OperatorId> {
        match self {
            Self::PutOperatorKey { operator, .. } | Self::RemoveOperatorKey { operator, .. } => {
                Some(*operator)
            }
            _ => None,
        }
    }

    /// Every verb, for the policy schema.
    pub const VERBS: [&'static str; 34] = [
        "put-zone",
        "remove-zone",
        "put-door",
        "remove-door",
        "put-schedule",
        "remove-schedule",
        "put-group",
        "remove-group",
        "put-person",
        "remove-person",
        "suspend-person",
        "put-credential",
        "revoke-credential",
        "put-rule",
        "remove-rule",
        "put-policy",
        "remove-policy",
        "put-controller",
        "bind-controller",
        "revoke-controller",
        "put-operator",
        "remove-operator",
        "put-operator-key",
        "remove-operator-key",
        "put-service",
        "remove-service",
        "lock-down",
        "lift-lockdown",
        "set-threat",
        "recover",
        "cancel-recovery",
        "forgive",
        "put-statement",
        "remove-statement",
    ];
}

/// The edits that are signed and take effect together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// The site that it is for.
    pub site: SiteId,
    /// Its index in the config log: the size that the log must have when it is appended. Nothing replays.
    pub at: u64,
    /// When it was drafted, by the drafter's clock.
    pub drafted: Time,
    /// Who asked for it, where the hub signs in an operator's place: only where the site's policy lets it.
    pub on_behalf: Option<OperatorId>,
    /// Why, in the drafter's words.
    pub reason: Option<Text>,
    /// The edits, in order.
    pub changes: Vec<Change>,
}

/// The first entry of a config log. Its leaf hash is the site's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// What people call the site.
    pub title: Text,
    /// The zone in which its schedules are told.
    pub zone: SiteZone,
    /// When.
    pub founded: Time,
    /// Origin line of the config log (C2SP tlog-checkpoint).
    pub config_origin: Box<str>,
    /// Origin line of the event log.
    pub event_origin: Box<str>,
    /// What signs both logs' checkpoints (Ed25519).
    pub log_key: PublicKey,
    /// The hub's own service, with its key.
    pub hub: Service,
    /// The founding operators.
    pub operators: Vec<Operator>,
    /// The offline key that can refound the site.
    pub recovery_key: PublicKey,
    /// The SHA-256 of the site's CA certificate (DER).
    pub ca_digest: Digest,
    /// The policies in force from the start.
    pub policies: Vec<PolicyText>,
}
