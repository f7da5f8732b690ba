//! Files that are not applied: the mistake is named with its place, and nothing of the file is in the log.

use crate::site::{GOOD, House, SECRETS, command, finish};
use std::fs;

/// Applies the sample with one mistake in it.
fn refused(mistake: &str, said: &[&str]) {
    let house = House::founded();
    house.apply(mistake).failed(1).narrow().says(said).hides(&SECRETS);
    assert_eq!(house.sizes().0, 1, "something was appended");
    let people = house.store().keys().unwrap().into_iter().filter(|k| k.starts_with("person-"));
    assert_eq!(people.collect::<Vec<_>>(), Vec::<String>::new(), "a person's key was made");
}

#[test]
fn an_unknown_key_is_named_with_line_and_hint() {
    refused(
        &GOOD.replace("release = \"5s\"", "relaese = \"5s\""),
        &["change.toml:37:1: there is no key `relaese` here; did you mean `release`?"],
    );
}

#[test]
fn a_missing_key_is_named() {
    refused(&GOOD.replacen("exit = \"mechanical\"\n", "", 1), &["change.toml:31:1: missing field `exit`"]);
}

#[test]
fn a_reference_to_nothing_is_named() {
    refused(
        &GOOD.replace("controller = \"north\"", "controller = \"nord\""),
        &["change.toml:31:1: [[door]] `main`: controller `nord` does not exist", "[CHANGE_INVALID]"],
    );
    refused(
        &GOOD.replace("groups = [\"stock\"]\ndoors", "groups = [\"stick\"]\ndoors"),
        &["[[rule]] `stock`: group `stick` does not exist"],
    );
}

#[test]
fn a_duplicate_card_is_named_by_its_credentials_and_not_by_its_number() {
    refused(&GOOD.replace("26:12:4712", "26:12:4711"), &["[[card]] `c2`: the same card is given to `c1`"]);
}

#[test]
fn a_card_of_somebody_else_is_refused_by_the_site() {
    let house = House::furnished();
    let file = "[[card]]\nid = \"c9\"\nperson = \"p3\"\nnumber = \"26:12:4711\"\n";
    let run = house.apply(file).failed(1).narrow().hides(&SECRETS);
    run.says(&["change.toml:1:1: [[card]] `c9`: the card of credential `c9` is credential `c1` already"]);
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn two_records_of_one_name_are_refused() {
    refused(
        &GOOD.replace("id = \"p2\"\nname", "id = \"p1\"\nname"),
        &["[[person]] `p1`: an earlier record has the same `id`"],
    );
    refused(
        &GOOD.replace("id = \"k2\"", "id = \"c1\""),
        &["[[pin]] `c1`: an earlier record has the same `id`"],
    );
}

#[test]
fn values_that_can_not_be_are_named_with_what_can() {
    for (from, to, said) in [
        ("release = \"5s\"", "release = \"5\"", "`release`: `5` is no span; examples are `5s`"),
        ("release = \"5s\"", "release = \"10m\"", "`release`: release time is 600s; it must lie between"),
        (
            "kind = \"entrance\"",
            "kind = \"portal\"",
            "`kind`: `portal` is not known; give one of `entrance`, `gate`",
        ),
        (
            "relock = \"on-close\"",
            "relock = \"never\"",
            "`relock`: `never` is not known; give one of `on-open`",
        ),
        ("\"mon-fri\", \"sat\"", "\"weekdays\"", "`days`: `weekdays` is no day"),
        ("from = \"06:00\"", "from = \"22:00\"", "must end at another time than it begins"),
        (
            "factors = [\"card\"]",
            "factors = [\"face\"]",
            "`factors`: `face` is not known; give one of `card`, `pin`",
        ),
        ("2099-12-31", "\"soon\"", "there"),
        ("id = \"hall\"", "id = \"Hall\"", "`id`: id `Hall` may hold only a-z"),
        ("in = \"hall\"", "in = \"cage\"", "zone `cage` would lie within itself"),
        ("forbid (principal ==", "forbid (principle ==", "no-p3"),
        (
            "number = \"26:12:4711\"",
            "number = \"27:12:4711\"",
            "`number`: the form with a facility is known for 26",
        ),
        ("pin = \"271828\"", "pin = \"27 1828\"", "a PIN has 4 to 10 digits"),
        ("pin = \"271828\"", "pin = 271828", "stands in quotes"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let said = if said == "there" { "change.toml:" } else { said };
        refused(&GOOD.replacen(from, to, 1), &["change.toml:", said]);
    }
}

#[test]
fn a_pin_beside_a_card_that_a_day_of_guessing_may_hit_is_refused_with_the_arithmetic() {
    let short = |pin: &str| GOOD.replace("271828", pin);
    let said = [
        "[[pin]] `k2`: this PIN beside a card is too short; give it 6 digits.",
        "4 digits for 1 right code: one keypad lets 14 guesses a day pass, 14 x 1 / 10^4 = 1.4e-3",
        "below 1e-4 needs 6 digits",
    ];
    refused(&short("2718"), &said);
    refused(&short("27182"), &["give it 6 digits", "14 x 1 / 10^5 = 1.4e-4"]);
    // The second PIN, for duress, is as short, and one more to hit.
    let second = "\n[[pin]]\nid = \"k3\"\nperson = \"p2\"\npin = \"2718\"\nduress = true\n";
    refused(&format!("{GOOD}{second}"), &["[[pin]] `k3`", "4 digits for 2 right codes", "14 x 2 / 10^4"]);
    // One that stands alone has the standard's rule, and the site counts it.
    let house = House::founded();
    house.apply(&GOOD.replace("pin = \"271828\"", "pin = \"2718\"\nalone = true")).good();
}

#[test]
fn removing_what_is_not_there_or_in_use_is_refused() {
    let house = House::furnished();
    for (file, said) in [
        ("[remove]\ndoors = [\"mian\"]", "`doors`: there is no `mian` at this site; did you mean `main`?"),
        (
            "[remove]\nzones = [\"hall\"]",
            "zones `hall`: zone `hall` is in use by zone `cage`; change that first",
        ),
        ("[remove]\noperators = [\"ada\"]", "the last operator can not be removed"),
        ("suspend = [\"p1\", \"p1\"]", "`suspend` names `p1` twice"),
    ] {
        house.apply(file).failed(1).narrow().says(&["change.toml:", said]);
    }
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn a_key_of_a_stranger_signs_nothing() {
    let house = House::founded();
    let mut args = crate::site::INIT.to_vec();
    args[1] = "elsewhere";
    args.extend(["--key-file", "stranger.key"]);
    house.run(&args).good();
    house.write("change.toml", GOOD);
    let apply = ["change", "apply", "change.toml", "--dir", "site", "--yes", "--key", "stranger.key"];
    house.run(&apply).failed(1).narrow().says(&["of no operator of this site"]);
    assert_eq!(house.sizes().0, 1);
}

#[test]
fn an_operator_without_the_right_is_told_which_record_goes_too_far() {
    let house = House::founded();
    let mut args = crate::site::INIT.to_vec();
    args[1] = "elsewhere";
    args.extend(["--key-file", "desk.key"]);
    house.run(&args).good();
    let key = fs::read_to_string(house.path("desk.key")).unwrap();
    let key = key.lines().find_map(|l| l.strip_prefix("public ")).unwrap();
    let operator =
        format!("[[operator]]\nid = \"desk\"\ntitle = \"Desk\"\nroles = [\"people\"]\nkey = \"{key}\"\n");
    house.apply(&operator).good().narrow();
    let apply = |text: &str| {
        house.write("change.toml", text);
        house.run(&["change", "apply", "change.toml", "--dir", "site", "--yes", "--key", "desk.key"])
    };
    apply("[[person]]\nid = \"p1\"\nname = \"A\"\n[[zone]]\nid = \"z\"\ntitle = \"Z\"\n")
        .failed(1)
        .narrow()
        .says(&[
            "change.toml:4:1: [[zone]] `z`: the policies in force do not let operator `desk` do this",
            "[SIGNER_NOT_ALLOWED]",
        ]);
    assert_eq!(house.sizes().0, 2);
    apply("[[person]]\nid = \"p1\"\nname = \"A\"\n").good().narrow();
}

#[test]
fn a_wrong_master_key_is_one_clear_message() {
    let house = House::founded();
    house.write("change.toml", GOOD);
    let args = ["change", "apply", "change.toml", "--dir", "site", "--yes"];
    let mut wrong = command(house.dir.path(), &args);
    wrong.env("LOCKWARD_MASTER_KEY", "ab".repeat(32));
    finish(wrong)
        .failed(1)
        .narrow()
        .says(&["the master key does not open the keys of this hub"])
        .hides(&["abab"]);
    let mut malformed = command(house.dir.path(), &args);
    malformed.env("LOCKWARD_MASTER_KEY", "sesame");
    finish(malformed)
        .failed(1)
        .narrow()
        .says(&["LOCKWARD_MASTER_KEY is not 64 hex digits"])
        .hides(&["sesame"]);
    fs::remove_file(house.path("site/master.key")).unwrap();
    house.run(&args).failed(1).narrow().says(&["the master key `site/master.key` can not be opened"]);
    assert_eq!(house.sizes().0, 1);
}

#[test]
fn a_store_of_a_newer_version_is_named_as_such_and_left_alone() {
    use std::os::unix::fs::FileExt;
    let house = House::founded();
    let path = house.path("site/hub.db");
    // SQLite's file format, section 1.3: `user_version` lies at offset 60, big-endian.
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&[0, 0, 0, 9], 60).unwrap();
    let before = fs::read(&path).unwrap();
    house.apply(GOOD).failed(1).narrow().says(&["hub.db` has format 9, and this program knows "]);
    house.run(&["log", "verify", "site"]).failed(1).narrow().says(&["has format 9"]);
    house
        .run(&["serve", "--dir", "site", "--listen", "127.0.0.1:0"])
        .failed(1)
        .narrow()
        .says(&["has format 9"]);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_without_a_site_is_named() {
    let house = House::empty();
    for args in [&["who-can", "main"][..], &["why", "0"], &["change", "show"], &["log", "verify", "."]] {
        house.run(args).failed(1).narrow();
    }
    assert!(house.files().is_empty());
}
