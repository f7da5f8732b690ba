//! What whoever signs is told: what is weaker afterwards, and what daily work will be like.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use lockward_draft::{Keyring, Review, Source, plan, review};
use lockward_model::*;
use lockward_policy::base_policies;
use lockward_site::{Keep, Rehearsal, Site};
use lockward_wire::config::{Envelope, PayloadType, encode_founding};
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{CardKey, PinPepper};
use std::cell::Cell;

const NOW: Time = Time(1_790_000_000_000);
const BASE: &str = r#"
    [[zone]]
    id = "hall"
    title = "Hall"
    passback = "hard"
    alone = "refuse"
    most = 5
    [[controller]]
    id = "c1"
    title = "C1"
    [[door]]
    id = "main"
    title = "Main"
    kind = "entrance"
    to = "hall"
    controller = "c1"
    release = "5s"
    open_limit = "30s"
    relock = "on-close"
    exit = "mechanical"
    [[group]]
    id = "staff"
    title = "Staff"
    [[policy]]
    id = "never"
    text = 'forbid (principal, action == Action::"enter", resource == Door::"main");'
    [[rule]]
    id = "in"
    title = "In"
    groups = ["staff"]
    zones = ["hall"]
    factors = ["card", "pin"]
    two_people = true
"#;

struct Ring(CardKey, PinPepper, Cell<u8>);

impl Keyring for Ring {
    fn card(&self) -> &CardKey {
        &self.0
    }
    fn pepper(&self) -> &PinPepper {
        &self.1
    }
    fn open_person(&self, _: PersonId, _: &[u8]) -> Option<PersonAttributes> {
        None
    }
    fn chance(&self, bytes: &mut [u8]) {
        self.2.set(self.2.get() + 1);
        bytes.fill(self.2.get());
    }
}

fn id<T: core::str::FromStr<Err: core::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn key(seed: u8) -> PublicKey {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    PublicKey(pair.public_key().as_ref().try_into().unwrap())
}

/// A new site whose owner Ada has a key file, with somebody who has no key at all.
fn founded() -> Rehearsal {
    let owner = |name: &str, seed| Operator::with_key(id(name), id(name), key(seed), vec![id("owner")]);
    let founding = Founding {
        title: id("Halle 7"),
        zone: SiteZone::new("Europe/Berlin").unwrap(),
        founded: Time(1_767_225_600_000),
        config_origin: "example.com/7/config".into(),
        event_origin: "example.com/7/events".into(),
        log_key: key(5),
        hub: Service::new(id("hub"), key(4)),
        operators: vec![owner("ada", 1), Operator { keys: vec![], ..owner("bob", 2) }],
        recovery_key: key(6),
        ca_digest: Digest([7; 32]),
        policies: base_policies(),
    };
    let mut envelope = Envelope::new(PayloadType::Founding, encode_founding(&founding).unwrap()).unwrap();
    envelope.sign(&Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap()).unwrap();
    let site = Site::found(&envelope.to_bytes(), SiteId([9; 32]), Keep::Everything).unwrap();
    Rehearsal::of(&site)
}

/// What a file does to a site: the review, and what it would be.
fn told(before: &Rehearsal, text: &str) -> (Review, Rehearsal) {
    let (source, ring) = (
        Source::new("change", text),
        Ring(CardKey::from_bytes([1; 32]), PinPepper::from_bytes([2; 32]), Cell::new(0)),
    );
    let plan = plan(&source, &source.parse().unwrap(), before.site(), &ring).unwrap();
    let mut after = Rehearsal::of(before.site());
    let (site, at) = (before.site().id(), before.site().size());
    let changes = plan.items.iter().map(|i| i.change.clone()).collect();
    let set = ChangeSet { site, at, drafted: NOW, on_behalf: None, reason: None, changes };
    after.apply(&set, NOW).unwrap();
    (review(before.site(), after.site(), &plan, NOW), after)
}

/// The remarks about a change of the furnished site.
fn remarks(text: &str) -> Vec<String> {
    let (_, furnished) = told(&founded(), BASE);
    told(&furnished, text).0.remarks.iter().map(ToString::to_string).collect()
}

#[test]
fn who_hardens_a_site_is_told_what_changes_in_daily_work_and_for_whom() {
    let said = remarks("[remove]\npolicies = [\"hub-signs\"]");
    assert_eq!(said.len(), 4, "{said:#?}");
    assert!(said[0].starts_with("From now on people sign: "), "{}", said[0]);
    assert!(
        said[1].ends_with("lock-down, revoke-controller, revoke-credential, suspend-person."),
        "{}",
        said[1]
    );
    assert!(said[2].contains("unable to change or open anything from now on: `bob`."), "{}", said[2]);
    assert!(said[3].contains("at the command line and not in a browser: `ada`."), "{}", said[3]);
}

#[test]
fn who_gives_the_hub_its_authority_back_is_told_that_this_is_weaker_under_whatever_name() {
    let (_, hardened) = told(&founded(), "[remove]\npolicies = [\"hub-signs\"]");
    for name in ["hub-signs", "anything"] {
        let file = format!(
            "[[policy]]\nid = \"{name}\"\ntext = 'permit (principal == Service::\"hub\", action, resource);'"
        );
        let (review, _) = told(&hardened, &file);
        let said: Vec<_> = review.remarks.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("Weaker: the hub may sign again in every operator's place"), "{said:?}");
        assert!(review.remarks[0].weaker && review.to_string().contains("Read this before you sign:"));
    }
}

#[test]
fn a_policy_that_forbids_no_more_is_weaker_and_one_that_permits_no_more_is_not() {
    let said = remarks("[remove]\npolicies = [\"never\"]");
    assert_eq!(
        said,
        ["Weaker: policy `never` forbids no more: what it forbade is allowed wherever anything permits it."]
    );
    let other =
        "[[policy]]\nid = \"never\"\ntext = 'forbid (principal in Group::\"staff\", action, resource);'";
    assert!(remarks(other)[0].starts_with("Weaker: policy `never` forbids something else"));
    let permit = other.replace("forbid", "permit");
    assert!(remarks(&permit)[0].starts_with("Weaker: policy `never` permits where it forbade"));
    assert_eq!(remarks("[remove]\npolicies = [\"guard\"]"), [""; 0]);
}

#[test]
fn a_rule_that_asks_for_less_is_weaker_and_one_that_asks_for_more_is_not() {
    let rule = |asks: &str| {
        format!(
            "[[rule]]\nid = \"in\"\ntitle = \"In\"\ngroups = [\"staff\"]\nzones = [\"hall\"]\nfactors = [{asks}"
        )
    };
    let said = remarks(&rule("\"card\"]"));
    assert_eq!(said, ["Weaker: rule `in` asks for less: no PIN any more, no second person any more."]);
    assert_eq!(remarks(&rule("\"card\", \"pin\", \"key\"]\ntwo_people = true")), [""; 0]);
}

#[test]
fn a_zone_or_a_door_that_holds_less_is_named_with_what_it_lost() {
    let said = remarks("[[zone]]\nid = \"hall\"\ntitle = \"Hall\"\nmost = 6");
    let hall = ["has no anti-passback any more.", "takes in more people than before."];
    assert_eq!(said, hall.map(|what| format!("Weaker: zone `hall` {what}")));
    let strict =
        "[[zone]]\nid = \"hall\"\ntitle = \"Hall\"\nmost = 4\npassback = \"hard\"\nalone = \"refuse\"";
    assert_eq!(remarks(strict), [""; 0]);
    let (_, door) = BASE.split_once("[[door]]").unwrap();
    let door = format!("[[door]]{}", door.split_once("[[group]]").unwrap().0);
    let days = "[[schedule]]\nid = \"days\"\ntitle = \"Days\"\n[[schedule.window]]\ndays = [\"mon\"]\nfrom = \"08:00\"\nto = \"09:00\"\n";
    let said = remarks(&format!("{days}{door}    unlocked = \"days\"\n"));
    assert_eq!(said, ["Weaker: door `main` stands unlocked to everybody by a schedule."]);
}

#[test]
fn a_change_that_weakens_nothing_has_no_remarks() {
    let (review, _) = told(&founded(), BASE);
    assert_eq!(review.remarks, []);
    assert!(!review.to_string().contains("Read this"), "{review}");
}
