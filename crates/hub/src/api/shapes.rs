//! What the API says and takes: each shape is its own description, for the OpenAPI document too.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The site. Its ETag changes when its configuration does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Site {
    /// The site's identity: the hash of its founding, in hex.
    pub(super) id: String,
    pub(super) title: String,
    /// IANA time zone of its schedules.
    pub(super) time_zone: String,
    /// How many entries its config log has.
    pub(super) config_size: u64,
    /// Whether every change and every order needs a signature that the hub can not make.
    pub(super) people_sign: bool,
    /// Doors that the asker may read.
    pub(super) doors: u64,
    /// Zones that the asker may read.
    pub(super) zones: u64,
}

/// A controller and its link. Only who may read the site as a whole is told of controllers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Controller {
    pub(super) id: String,
    pub(super) title: String,
    /// How many doors it drives.
    pub(super) doors: u64,
    pub(super) connected: bool,
    /// When it was last heard (RFC 3339).
    pub(super) heard: Option<String>,
    /// The size of the config log that it says it has applied.
    pub(super) applied: Option<u64>,
}

/// What a door is doing, as its controller last reported.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DoorState {
    Locked,
    LockedDown,
    Released,
    Unlocked,
    Open,
    HeldOpen,
    Forced,
    Unknown,
}

/// A door.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Door {
    pub(super) id: String,
    pub(super) title: String,
    /// `entrance`, `gate`, `room`, `cage`, `cabinet`, `safe`, `compartment` or `floor`.
    pub(super) kind: String,
    /// The zone that it leads from; none for the street, and where the asker may not read that zone.
    pub(super) from: Option<String>,
    /// The zone that it leads to.
    pub(super) to: String,
    pub(super) controller: String,
    pub(super) state: DoorState,
    /// Where the state comes from, in a few words.
    pub(super) source: String,
    /// Since when (RFC 3339).
    pub(super) since: Option<String>,
    /// Set while its controller is away: the state is the last that was reported, at this time.
    pub(super) unconfirmed_since: Option<String>,
    /// Its parts, in a word or two each.
    pub(super) parts: Vec<Part>,
}

/// One part of a door and how it does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Part {
    /// `Lock`, `Contact`, `Reader`, or what else it noticed.
    pub(super) name: String,
    pub(super) word: String,
    pub(super) tone: Tone,
}

/// How good or bad something is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Tone {
    Good,
    Info,
    Warn,
    Bad,
}

/// An area.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) title: String,
    /// The zone around it; none where there is none, and where the asker may not read that.
    pub(super) within: Option<String>,
    /// Nobody enters, by its own lockdown or that of a zone around it. Everybody leaves.
    pub(super) locked_down: bool,
    /// 0 to 4: its own, or the highest of the zones around it.
    pub(super) threat: u8,
    /// Doors that lead into it.
    pub(super) doors: Vec<String>,
}

/// Somebody, by name only where the asker may read people.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonRef {
    pub(super) id: String,
    /// None where no name was given, and where it was erased.
    pub(super) name: Option<String>,
}

/// Whether a person may use what the rules give.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    Active,
    Suspended,
    Ended,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Person {
    pub(super) id: String,
    /// None where it was erased.
    pub(super) name: Option<String>,
    pub(super) standing: Standing,
    /// Titles of groups.
    pub(super) groups: Vec<String>,
}

/// A person, with credentials and doors.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonWhole {
    #[serde(flatten)]
    pub(super) person: Person,
    pub(super) credentials: Vec<Credential>,
    pub(super) doors: Vec<DoorAccess>,
}

/// A credential, without any number.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Credential {
    pub(super) kind: String,
    /// From when to when, or why not.
    pub(super) validity: String,
    pub(super) in_force: bool,
}

/// A door that a rule opens to a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DoorAccess {
    pub(super) door: String,
    /// When: `any time`, or a schedule's title.
    pub(super) when: String,
    /// The rule's title.
    pub(super) rule: String,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Event {
    /// Its place in the event log.
    pub(super) index: u64,
    /// By its source's clock (RFC 3339).
    pub(super) at: String,
    /// The stable code.
    pub(super) code: String,
    /// What happened, in plain words.
    pub(super) says: String,
    /// Why, in a few words.
    pub(super) why: Option<String>,
    /// Whether a person must answer it.
    pub(super) alarm: bool,
    pub(super) door: Option<String>,
    /// The controller that recorded it; none for the hub.
    pub(super) controller: Option<String>,
    /// Who, for an asker who may read people there.
    pub(super) person: Option<PersonRef>,
}

/// The same thing at the same place: one alarm, however often it happened.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alarm {
    pub(super) code: String,
    pub(super) says: String,
    pub(super) door: Option<String>,
    /// Where else, in words: a reader, a wire, a zone, a controller.
    pub(super) place: Option<String>,
    pub(super) since: String,
    pub(super) last: String,
    pub(super) times: u64,
    /// What to do first.
    pub(super) instruction: String,
    /// When the fact that it is about ended.
    pub(super) cleared: Option<String>,
}

/// Who is where, as far as doors have seen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Muster {
    pub(super) zones: Vec<MusterZone>,
    /// The hub still reads its log back: people may be missing here.
    pub(super) reading: bool,
}

/// A zone, and who is in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MusterZone {
    pub(super) zone: String,
    /// Seen to enter it or what lies in it, and nothing says that they left.
    pub(super) known: u64,
    /// Seen to enter, and may have left unseen.
    pub(super) unsure: u64,
    /// How many it may hold.
    pub(super) most: Option<u64>,
    /// Who is in it and in no zone within it, for an asker who may read people there.
    pub(super) people: Option<Vec<Present>>,
}

/// Somebody in a zone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Present {
    pub(super) person: PersonRef,
    pub(super) since: String,
    /// The door by which they came.
    pub(super) by: Option<String>,
    /// Whether they may have left unseen.
    pub(super) doubtful: bool,
}

/// Somebody who may change the site.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Operator {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) roles: Vec<String>,
    pub(super) until: Option<String>,
    /// Whether its authority holds now.
    pub(super) holds: bool,
    pub(super) passkeys: u64,
    /// Keys in files.
    pub(super) files: u64,
}

/// An integration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Service {
    pub(super) id: String,
    /// Its Ed25519 public key, in hex.
    pub(super) key: String,
    pub(super) until: Option<String>,
    pub(super) holds: bool,
    pub(super) api_keys: Vec<ApiKey>,
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKey {
    pub(super) id: String,
    pub(super) label: String,
    /// The actions that it is kept to; empty for whatever its service may.
    pub(super) scope: Vec<String>,
    pub(super) made: String,
    pub(super) ends: String,
    /// The day on which it was last used (UTC), as RFC 3339.
    pub(super) used_on: Option<String>,
    /// From where.
    pub(super) used_from: Option<String>,
}

/// What is wanted of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Act {
    /// To open once.
    Unlock,
    /// To stand open for some minutes.
    Hold,
    /// To lock again.
    Release,
}

/// An order to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderWanted {
    pub(super) act: Act,
    /// For `hold`, and only for it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 720)]
    pub(super) minutes: Option<u32>,
    /// Why, for the record.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 120, pattern = r"^\S(.*\S)?$")]
    pub(super) reason: Option<String>,
}

/// An order that waits for the service's signature.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderDraft {
    pub(super) id: String,
    pub(super) door: String,
    pub(super) act: Act,
    /// The controller's own number for this one order, in hex.
    pub(super) nonce: String,
    /// Until when the controller takes it (RFC 3339).
    pub(super) until: String,
    /// DSSE payload type.
    pub(super) payload_type: String,
    /// The payload, in base64.
    pub(super) payload: String,
    /// The bytes to sign, in base64: DSSE's pre-authentication encoding of the payload.
    pub(super) message: String,
}

/// A signature of the service's own key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureGiven {
    /// Ed25519 over the draft's `message`: 64 bytes, in base64.
    #[schema(min_length = 88, max_length = 88, pattern = r"^[A-Za-z0-9+/]{86}==$")]
    pub(super) signature: String,
}

/// A door has obeyed, and the record of it is durable.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Obeyed {
    pub(super) door: String,
    pub(super) act: Act,
    pub(super) says: String,
}

/// A change file to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeWanted {
    /// A change file (TOML), as `lockward change apply` takes it.
    #[schema(min_length = 1, max_length = 61440)]
    pub(super) file: String,
}

/// A change that waits for its signature.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangeDraft {
    pub(super) id: String,
    /// When it was drafted.
    pub(super) drafted: String,
    pub(super) reason: Option<String>,
    /// How many changes it makes.
    pub(super) changes: u64,
    pub(super) review: Review,
    /// Another change was made since: it can only be drafted again.
    pub(super) overtaken: bool,
    /// DSSE payload type.
    pub(super) payload_type: String,
    /// The payload, in base64.
    pub(super) payload: String,
    /// The bytes to sign, in base64: DSSE's pre-authentication encoding of the payload.
    pub(super) message: String,
}

/// What a change does, in words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Review {
    /// What is added and removed.
    pub(super) changes: String,
    /// What schedules do from then on.
    pub(super) schedules: String,
    /// Who gains or loses which doors.
    pub(super) access: String,
    /// What to read before signing.
    pub(super) remarks: Vec<Remark>,
}

/// Something to read before signing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Remark {
    /// Whether something is weaker afterwards.
    pub(super) weaker: bool,
    pub(super) says: String,
}

/// A change is in force here, and on its way to every controller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InForce {
    /// Its index in the config log.
    pub(super) at: u64,
}

/// How far an entry of the config log has come.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Arrival {
    pub(super) at: u64,
    /// Doors that the asker may read, and have it in force.
    pub(super) in_force: u64,
    /// Doors that the asker may read.
    pub(super) doors: u64,
    /// Those that have not.
    pub(super) waiting: Vec<String>,
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Problem {
    /// `urn:lockward:problem:` and the code.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) status: u16,
    /// The stable code (docs/CODES.md).
    pub(super) code: String,
    pub(super) detail: String,
}
