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

/// Hardening, with the policy that a touch at the hub's page alone gives nothing.
fn hardening() -> String {
    lockward_draft::hardening(true).unwrap()
}

#[test]
fn the_sample_file_is_what_hardening_is_on_the_page() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/hardening.toml");
    if std::env::var_os("LOCKWARD_REWRITE_DOCS").is_some() {
        std::fs::write(kept, hardening()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(kept).unwrap_or_default(), hardening());
}

fn passkey(origin: &str) -> String {
    format!("key = \"04{}\"\npasskey = \"0a0b\"\norigin = \"{origin}\"\n", "11".repeat(64))
}

#[test]
fn who_hardens_a_site_with_signatures_apart_is_told_who_then_needs_a_second_person() {
    let said = remarks(&hardening());
    let told = said.iter().position(|s| s.starts_with("From now on what gives is signed apart")).unwrap();
    assert!(said[told + 1].contains("unable to open a door from afar: `bob`."), "{said:#?}");
    assert!(!said.iter().any(|s| s.contains("nobody could sign")), "Ada has a key file: {said:#?}");
}

#[test]
fn hardening_after_which_nobody_could_sign_is_said_before_all_else() {
    // Ada's key file is gone; she and the other have a passkey of the hub's page, or none.
    let hub = |who: &str| {
        format!("[[operator_key]]\noperator = \"{who}\"\ntitle = \"hub\"\n{}", passkey("https://hub.example"))
    };
    let file = founded().site().operator(id("ada")).unwrap().keys[0].clone();
    let gone = lockward_draft::key_removal(id("ada"), lockward_wire::config::key_digest(file.key.public()));
    let (_, before) = told(&founded(), &hub("ada"));
    let (_, before) = told(&before, &gone);
    let stuck = |before: &Rehearsal| {
        let said = told(before, &hardening()).0.remarks;
        said[0].weaker && said[0].text.contains("nobody could sign anything that gives")
    };
    assert!(stuck(&before), "one touch at the hub's page is no signature apart");
    let bobs = hub("bob").replace("04", "0422").replacen("11", "", 1).replace("0a0b", "0a0c");
    let (_, two) = told(&before, &bobs);
    assert!(!stuck(&two), "two owners sign together");
    let signer = hub("ada").replace("https://hub.example", SIGNER_ORIGIN).replacen("11", "12", 1);
    let (_, apart) = told(&before, &signer);
    assert!(!stuck(&apart), "one signs apart");
}

#[test]
fn a_key_comes_and_goes_by_itself_and_is_told_with_what_it_is_known_by() {
    let key = format!(
        "[[operator_key]]\noperator = \"ada\"\ntitle = \"Blue \\\"Yubi\\\"\"\n{}",
        passkey(SIGNER_ORIGIN)
    );
    let (review, after) = told(&founded(), &key);
    let ada = after.site().operator(id("ada")).unwrap();
    let print = lockward_draft::told::fingerprint(&ada.keys[1].key);
    assert!(
        review.changes.contains(&format!("passkey \"Blue \"Yubi\"\" at the signer ({print})")),
        "{}",
        review.changes
    );
    assert!(ada.keys[1].key.is_apart() && ada.keys.len() == 2);
    // What the record says is what its writer wrote.
    let (again, _) = told(
        &after,
        &format!(
            "{}[[group]]\nid = \"g\"\ntitle = \"G\"\n",
            lockward_draft::key_record(id("ada"), &ada.keys[1])
        ),
    );
    assert!(!again.changes.contains("Yubi"), "nothing to change: {}", again.changes);
    let gone =
        lockward_draft::key_removal(id("ada"), lockward_wire::config::key_digest(ada.keys[1].key.public()));
    let (review, after) = told(&after, &gone);
    assert!(review.changes.contains("- key of operator ada: passkey"), "{}", review.changes);
    assert_eq!(after.site().operator(id("ada")).unwrap().keys.len(), 1);
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

/// What is wrong with a statement, in a change of the furnished site.
fn refused(statement: &str) -> String {
    planned(&format!("[[statement]]\n{statement}")).err().unwrap_or_else(|| panic!("{statement} was taken"))
}

fn planned(text: &str) -> Result<(), String> {
    let (_, furnished) = told(&founded(), BASE);
    let source = Source::new("change", text);
    let ring = Ring(CardKey::from_bytes([1; 32]), PinPepper::from_bytes([2; 32]), Cell::new(0));
    let planned = source.parse().and_then(|file| plan(&source, &file, furnished.site(), &ring));
    planned.map(drop).map_err(|error| error.to_string())
}

#[test]
fn an_installer_has_an_end() {
    let with = |more: &str| {
        let key = "ab".repeat(32);
        format!(
            "[[operator]]\nid = \"eve\"\ntitle = \"Eve\"\nkey = \"{key}\"\nroles = [\"auditor\", \"installer\"]\n{more}"
        )
    };
    let error = planned(&with("")).unwrap_err();
    assert!(error.contains("say until when with `until`"), "{error}");
    planned(&with("until = 2027-01-31\n")).unwrap();
}

#[test]
fn a_statement_is_kept_as_a_file_writes_it_and_names_what_the_same_file_puts() {
    let text = r#"
        [[zone]]
        id = "vault"
        title = "Vault"
        [[statement]]
        id = "two-factors"
        no-one-without = { factors = ["card", "pin"], opens = "vault" }
        [[statement]]
        id = "staff"
        only-groups = { groups = ["staff"], open = "door/main" }
        [[statement]]
        id = "owners"
        nobody-but-roles = { roles = ["owner"], may = "change:put-policy", in_their_place = true }
    "#;
    let (review, after) = told(&founded(), &format!("{BASE}{text}"));
    assert!(
        review
            .changes
            .contains("+ statement two-factors: says nobody enters zone `vault` without a card and a PIN"),
        "{review}"
    );
    let kept: Vec<_> = after.site().statements().map(|s| s.says.to_string()).collect();
    let owners =
        "nobody but operators with role `owner`, or a service in their place, may `change:put-policy`";
    let vault = "nobody enters zone `vault` without a card and a PIN";
    assert_eq!(kept, [owners, "only people of `staff` enter door `main`", vault]);
    // Said again it is nothing new.
    let again = "[[statement]]\nid = \"staff\"\nonly-groups = { groups = [\"staff\"], open = \"main\" }\n[[group]]\nid = \"new\"\ntitle = \"New\"\n";
    let (review, _) = told(&after, again);
    assert!(!review.changes.contains("statement staff") && review.remarks.is_empty(), "{review}");
}

#[test]
fn what_is_wrong_in_a_statement_is_named_with_its_place() {
    for (statement, wanted) in [
        ("no-service-opens = \"all\"", "change:1:1: [[statement]] needs an `id`"),
        ("id = \"a\"", "change:1:1: [[statement]] `a`: says 0 things"),
        (
            "id = \"a\"\nno-service-opens = \"all\"\nnever-outside = { schedule = \"d\", zone = \"hall\" }",
            "says 2 things",
        ),
        (
            "id = \"a\"\nno-service-opens = \"hal\"",
            "no door or zone `hal` at this site; did you mean `hall`?",
        ),
        ("id = \"a\"\nno-service-opens = \"door/hall\"", "no door or zone `door/hall`"),
        ("id = \"a\"\nno-one-without = { factors = [], opens = \"hall\" }", "`factors` is empty"),
        ("id = \"a\"\nno-one-without = { factors = [\"face\"], opens = \"hall\" }", "`face` is not known"),
        ("id = \"a\"\nonly-groups = { groups = [], open = \"hall\" }", "`groups` holds 1 to 32 names"),
        (
            "id = \"a\"\nnobody-but-roles = { roles = [\"owner\"], may = \"fly high\" }",
            "`may`: `fly high`: an action is",
        ),
        ("id = \"a\"\ngives-nothing-new = true", "is about one change and can not be kept"),
        ("id = \"a\"\nno-cats = true", "change:3:1: there is no key `no-cats` here"),
    ] {
        let said = refused(statement);
        assert!(said.contains(wanted), "{statement}: {said}");
    }
}

const KEPT: &str =
    "[[statement]]\nid = \"pin\"\nno-one-without = { factors = [\"pin\"], opens = \"main\" }\n";

#[test]
fn who_takes_a_statement_away_or_what_it_names_is_told_what_nobody_will_see_any_more() {
    let (_, furnished) = told(&founded(), &format!("{BASE}{KEPT}"));
    let said = |text: &str| {
        let all = told(&furnished, text).0.remarks;
        all.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        said("[remove]\nstatements = [\"pin\"]"),
        [
            "Weaker: statement `pin` is kept no more (nobody enters door `main` without a PIN): no review will say when a change breaks it."
        ]
    );
    assert_eq!(
        said("[remove]\ndoors = [\"main\"]"),
        ["Weaker: statement `pin` can no longer be judged: the door `main` that it names is gone."]
    );
    assert_eq!(
        said(&KEPT.replace("[\"pin\"]", "[\"card\"]")),
        [
            "Weaker: statement `pin` says something else; it said that nobody enters door `main` without a PIN."
        ]
    );
}

#[test]
fn a_file_of_statements_is_read_about_a_site_and_refused_where_the_site_lacks_what_it_names() {
    let (_, furnished) = told(&founded(), BASE);
    let read = |text: &str| {
        let asked = lockward_draft::statements(&Source::new("s.toml", text), furnished.site());
        asked.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()).map_err(|e| e.to_string())
    };
    let all =
        read("[[statement]]\nno-service-opens = \"all\"\n[[statement]]\ngives-nothing-new = true\n").unwrap();
    assert_eq!(
        all,
        ["no service opens any door", "the change permits nothing that was not permitted before"]
    );
    let wrong = |text| read(text).unwrap_err();
    assert!(wrong("").contains("0 statements; write 1 to 500"));
    let ghosts = "[[statement]]\nonly-groups = { groups = [\"ghosts\"], open = \"all\" }\n";
    assert_eq!(wrong(ghosts), "s.toml:1:1: [[statement]] the site has no group `ghosts`");
    let cat = "[[statement]]\nnobody-but-roles = { roles = [\"owner\"], may = \"change:put-cat\" }\n";
    assert!(wrong(cat).contains("no action `change:put-cat`"));
}

#[test]
fn a_pin_for_duress_is_neither_the_ordinary_one_nor_one_digit_away() {
    let people = "[[person]]\nid = \"p1\"\nname = \"Ann\"\n[[person]]\nid = \"p2\"\nname = \"Ben\"\n";
    let pin = |id: &str, person: &str, pin: &str, more: &str| {
        format!("[[pin]]\nid = \"{id}\"\nperson = \"{person}\"\npin = \"{pin}\"\n{more}")
    };
    let with = |second: &str, whose: &str| {
        let first = pin("k1", "p1", "48151623", "");
        planned(&format!("{people}{first}{}", pin("k2", whose, second, "duress = true\n")))
    };
    for near in ["48151623", "48151624", "98151623"] {
        let error = with(near, "p1").unwrap_err();
        assert!(error.contains("one digit apart") && !error.contains(near), "{error}");
        with(near, "p2").unwrap();
    }
    with("48151642", "p1").unwrap();
    with("481516234", "p1").unwrap();
}
