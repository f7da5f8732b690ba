//! Changes and logs: unsigned, signed by the hub, replayed, of another site, out of order, left out, shortened, forked; and
//! a clock that is not the site's.

use super::orders::with_payload;
use super::script::{Due, Script, envelope, signed, told, touched};
use super::stolen::Stolen;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use lockward_model::{Change, ChangeSet, Epoch, Order, OrderAct, PolicyText, PublicKey, SiteId};
use lockward_wire::config::{PayloadType, encode_changes};
use lockward_wire::link::{Keys, Log, ToController};
use lockward_wire::{CardKey, PinPepper, SourceKey};

const HOUR: i64 = 3_600_000;

impl Script {
    pub(crate) fn set(&self, at: u64, changes: Vec<Change>) -> ChangeSet {
        let drafted = self.visitor.now();
        ChangeSet { site: self.visitor.stolen.site, at, drafted, on_behalf: None, reason: None, changes }
    }

    /// The log, and an entry behind it that has to be refused for this.
    fn appends(&mut self, what: &str, entry: Vec<u8>, code: &str) {
        let stolen = self.visitor.stolen.clone();
        let first = stolen.entries.len() as u64;
        let mut longer = stolen.entries.clone();
        longer.push(entry.clone());
        let checkpoint = Stolen::checkpoint(&stolen.founding.config_origin, &longer, &stolen.log);
        let said = ToController::Entries { first, entries: vec![entry], checkpoint };
        let answer = self.visitor.show(&said, Log::Config);
        self.tried(format!("change: {what}"), told(&answer), code, Due::Change(first, code.into()));
    }

    /// Somebody in who has no business here, and everything else that gives.
    pub(crate) fn forges_changes(&mut self) {
        let (people, stolen) = (self.people.clone(), self.visitor.stolen.clone());
        let at = stolen.entries.len() as u64;
        let open = || {
            let text = "permit (principal, action, resource);".into();
            vec![Change::PutPolicy(PolicyText { id: "everybody".parse().unwrap(), text })]
        };
        let sign = |set: &ChangeSet, by: &[&Ed25519KeyPair]| {
            envelope(PayloadType::ChangeSet, encode_changes(set).unwrap(), by)
        };
        let set = self.set(at, open());
        let forged: [(&str, &[&_], &str); 6] = [
            ("signed by nobody", &[], "ENTRY_UNSIGNED"),
            ("signed by a stranger", &[&people.stranger], "SIGNER_UNKNOWN"),
            ("signed with the log's key", &[&stolen.log], "SIGNER_UNKNOWN"),
            ("signed with the hub's key", &[&stolen.hub], "SIGNER_NOT_ALLOWED"),
            ("signed by an operator without the right", &[&people.auditor], "SIGNER_NOT_ALLOWED"),
            ("signed by the hub beside that operator", &[&stolen.hub, &people.auditor], "SIGNER_NOT_ALLOWED"),
        ];
        for (what, by, code) in forged {
            self.appends(what, sign(&set, by), code);
        }
        for (who, code) in [("demo", "SIGNER_NOT_ALLOWED"), ("nobody", "SIGNER_UNKNOWN")] {
            let set = ChangeSet { on_behalf: Some(who.parse().unwrap()), ..set.clone() };
            self.appends(
                &format!("signed by the hub in the place of `{who}`"),
                sign(&set, &[&stolen.hub]),
                code,
            );
        }
        let at_the_page = touched(PayloadType::ChangeSet, encode_changes(&set).unwrap(), &people.touched);
        self.appends("an owner's touch at a page of the hub", at_the_page, "SIGNER_NOT_ALLOWED");
        // An owner signed one thing, and another stands under it.
        let hers = sign(&self.set(at, vec![]), &[&people.owner]);
        let other = with_payload(&hers, PayloadType::ChangeSet, encode_changes(&set).unwrap());
        self.appends("an owner's signature under another change", other, "SIGNER_UNKNOWN");
        let elsewhere = ChangeSet { site: SiteId([7; 32]), ..set.clone() };
        self.appends("an owner's, for another site", sign(&elsewhere, &[&people.owner]), "ENTRY_OTHER_SITE");
        let later = ChangeSet { at: at + 1, ..set.clone() };
        self.appends(
            "an owner's, for another place in the log",
            sign(&later, &[&people.owner]),
            "ENTRY_OUT_OF_ORDER",
        );
        self.appends("an owner's of the past", stolen.entries[at as usize - 1].clone(), "ENTRY_OUT_OF_ORDER");
        self.appends("the founding again", stolen.entries[0].clone(), "ENTRY_KIND");
        self.hardens_back(at);
    }

    /// The hub's own key, for what would make it more than it is; and for a controller of its own.
    fn hardens_back(&mut self, at: u64) {
        let stolen = self.visitor.stolen.clone();
        let mine = Ed25519KeyPair::generate().unwrap();
        let mine = PublicKey(mine.public_key().as_ref().try_into().unwrap());
        let id = |id: &str| id.parse().unwrap();
        let bind = |at: &str| Change::BindController { id: id(at), key: mine };
        let put = Change::PutController { id: id("rogue"), title: "Rogue".parse().unwrap() };
        let signs = PolicyText {
            id: lockward_policy::HUB_SIGNS.parse().unwrap(),
            text: "permit (principal == Service::\"hub\", action, resource);".into(),
        };
        for (what, changes, code) in [
            ("the hub lets itself sign again", vec![Change::PutPolicy(signs)], "SIGNER_NOT_ALLOWED"),
            ("the hub announces a controller of its own", vec![put.clone()], "SIGNER_NOT_ALLOWED"),
            ("the hub announces a controller and enrols it", vec![put, bind("rogue")], "SIGNER_NOT_ALLOWED"),
            ("the hub enrols a device that nobody announced", vec![bind("rogue")], "CHANGE_INVALID"),
            (
                "the hub enrols its own device in this one's place",
                vec![bind(self.visitor.id.as_str())],
                "CHANGE_INVALID",
            ),
        ] {
            let set = self.set(at, changes);
            self.appends(
                what,
                envelope(PayloadType::ChangeSet, encode_changes(&set).unwrap(), &[&stolen.hub]),
                code,
            );
        }
    }

    /// Other logs than the controller has seen, all of them signed with the log's own key.
    pub(crate) fn forks_logs(&mut self) {
        let stolen = self.visitor.stolen.clone();
        let (size, whole) = (stolen.entries.len() as u64, &stolen.entries);
        let origin = &stolen.founding.config_origin;
        let mut another = whole.clone();
        another[1] = another[2].clone();
        let note = |entries: &[Vec<u8>]| Stolen::checkpoint(origin, entries, &stolen.log);
        let mut longer = another.clone();
        longer.push(vec![b'x'; 40]);
        let short = &whole[..whole.len() - 1];
        let last = vec![whole[whole.len() - 1].clone()];
        let strangers = Stolen::checkpoint(origin, whole, &self.people.stranger);
        let of_events = Stolen::checkpoint(&stolen.founding.event_origin, whole, &stolen.log);
        for (what, first, entries, checkpoint, code) in [
            ("another log of the same size", size, vec![], note(&another), "LOG_FORK"),
            ("another log that is longer", size, vec![vec![b'x'; 40]], note(&longer), "LOG_FORK"),
            ("a shorter log", 0, short.to_vec(), note(short), "ENTRY_OUT_OF_ORDER"),
            ("a log with entries left out", size + 1, last.clone(), note(whole), "ENTRY_OUT_OF_ORDER"),
            ("the last entry twice", size, last, note(whole), "LOG_FORK"),
            ("a checkpoint of a stranger", size, vec![], strangers, "CHECKPOINT_INVALID"),
            ("a checkpoint of the other log", size, vec![], of_events, "CHECKPOINT_INVALID"),
        ] {
            let said = ToController::Entries { first, entries, checkpoint };
            let answer = self.visitor.show(&said, Log::Config);
            self.tried(format!("config log: {what}"), told(&answer), code, Due::Change(first, code.into()));
        }
        self.forks_events();
    }

    /// Another past of what happened, to be cosigned.
    fn forks_events(&mut self) {
        let stolen = self.visitor.stolen.clone();
        let size = self.visitor.cosigned();
        let seen = &stolen.events[..usize::try_from(size).unwrap()];
        let origin = &stolen.founding.event_origin;
        let mut another = seen.to_vec();
        another[3][40] ^= 1;
        let mut longer = another.clone();
        longer.push(vec![1; 60]);
        let short = &seen[..seen.len() - 1];
        let note = |entries: &[Vec<u8>]| Stolen::checkpoint(origin, entries, &stolen.log);
        let strangers = Stolen::checkpoint(origin, seen, &self.people.stranger);
        let of_config = Stolen::checkpoint(&stolen.founding.config_origin, seen, &stolen.log);
        for (what, note, of, code) in [
            ("another past of the same size", note(&another), size, "LOG_FORK"),
            ("another past, and more behind it", note(&longer), size + 1, "LOG_FORK"),
            ("a past that is shorter", note(short), size - 1, "LOG_FORK"),
            ("a checkpoint of a stranger", strangers, size, "CHECKPOINT_INVALID"),
            ("a checkpoint of the other log", of_config, size, "CHECKPOINT_INVALID"),
        ] {
            let answer = self.visitor.show(&ToController::Checkpoint { note, proof: vec![] }, Log::Event);
            self.tried(format!("event log: {what}"), told(&answer), code, Due::Change(of, code.into()));
        }
    }

    /// Keys that would make every card a stranger's, and records that nobody else can read.
    pub(crate) fn hands_other_keys(&mut self) {
        let right = self.visitor.stolen.keys(self.visitor.id);
        let (card, source) = (CardKey::from_bytes([9; 32]), SourceKey::from_bytes([9; 32]));
        let pepper = PinPepper::from_bytes([9; 32]);
        let next = Epoch(right.epoch.0 + 1);
        for (what, keys) in [
            ("another for cards", Keys { card_key: card.clone(), ..right.clone() }),
            ("another for PINs", Keys { pin_pepper: pepper, ..right.clone() }),
            ("another for records", Keys { source_key: source.clone(), ..right.clone() }),
            (
                "all others, of an epoch to come",
                Keys { card_key: card, source_key: source, epoch: next, ..right },
            ),
        ] {
            self.visitor.starts_anew();
            self.visitor.say(&ToController::Keys(keys));
            let did = if self.visitor.is_through() { "took them" } else { "hung up" };
            self.tried(format!("keys: {what}"), did, "hung up", Due::Link("KEYS_CHANGED".into()));
        }
    }

    /// An hour and a year, back and forwards: nothing that has ended begins again, nothing begins too soon, and no schedule
    /// opens a door.
    pub(crate) fn tells_the_wrong_time(&mut self) {
        let owner = &self.people.clone().owner;
        for (what, by) in [
            ("an hour back", -HOUR),
            ("a year back", -8_760 * HOUR),
            ("an hour on", HOUR),
            ("a year on", 8_760 * HOUR),
        ] {
            self.visitor.lie = by;
            self.visitor.hang_up();
            let order = self.order(OrderAct::Unlock);
            let time = self.visitor.now();
            let past = Order { until: time, ..order };
            for _ in 0..3 {
                self.visitor.tell(&ToController::Pong { time: lockward_model::Time(time.0 + by) });
            }
            self.refuses(
                &format!("past its end, with a clock {what}"),
                signed(&past, &[owner]),
                "ORDER_EXPIRED",
            );
            for (whose, card) in
                [("has ended", self.people.ended.clone()), ("has not begun", self.people.to_come.clone())]
            {
                let did = self.shows(&card);
                self.tried(
                    format!("clock {what}: a card of somebody whose time {whose}"),
                    did,
                    "denied",
                    Due::Nothing,
                );
            }
        }
        self.visitor.lie = 0;
        self.visitor.hang_up();
    }
}
