//! `change apply`: reviewed, signed, whole.

use crate::site::{GOOD, House, INIT, SECRETS};

#[test]
fn a_good_file_is_reviewed_and_applied_as_one_entry() {
    let house = House::founded();
    let run = house.apply(GOOD).good().narrow().hides(&SECRETS);
    run.says(&[
        "18 changes for site \"Depot Nord\"",
        "+ door main: title \"Main entrance\"; kind entrance; from the street; to hall",
        "release 5s; open limit 30s; relocks on closing; exit mechanical",
        "+ schedule days: title \"Working days\"; open mon tue wed thu fri sat 06:00-22:00",
        "except 2026-12-24 06:00-12:00, 2026-12-25 closed",
        "+ card c1: person p1",
        "+ rule stock: title \"Stock keepers\"; lets stock; into door cage; when always; with card and PIN",
        "(looked at 2 moments: now; now, `days`",
        "cage, main: + p1, p2",
        "Entry 1 of the config log: 18 changes.",
    ]);
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn the_example_that_help_shows_can_be_applied() {
    let house = House::founded();
    let help = house.run(&["change", "apply", "--help"]).good().narrow();
    let (_, example) = help.out.split_once("A change file:\n\n").unwrap();
    house.apply(example).good().narrow().says(&["13 changes", "main: + p1", "Entry 1"]);
}

#[test]
fn a_file_that_says_what_is_so_changes_nothing() {
    let house = House::furnished();
    house.apply(GOOD).good().narrow().says(&["Nothing to change: 18 records as the site has them"]);
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn only_what_differs_is_changed_and_it_is_told_who_loses() {
    let house = House::furnished();
    let changed =
        GOOD.replace("\"stock\", \"staff\"", "\"stock\"").replace("release = \"5s\"", "release = \"8s\"");
    house.apply(&changed).good().narrow().says(&[
        "2 changes",
        "~ door main: release 5s -> 8s",
        "~ person p2: groups staff, stock -> stock",
        "16 records as the site has them already",
        "main: - p2",
        "cage: ~ now with card and PIN: p2",
    ]);
}

#[test]
fn who_hardens_a_site_reads_what_that_means_before_signing_and_who_weakens_it_reads_that() {
    let house = House::furnished();
    house.apply("[remove]\npolicies = [\"hub-signs\"]").good().narrow().says(&[
        "- policy hub-signs",
        "Read this before you sign:",
        "! From now on people sign",
        "at the command line and not in a browser",
    ]);
    let less = GOOD.replace("factors = [\"card\", \"pin\"]", "factors = [\"card\"]");
    house.apply(&less).good().narrow().says(&["! Weaker: rule `stock` asks for less: no PIN any more."]);
}

#[test]
fn a_new_pin_or_card_is_told_without_being_shown() {
    let house = House::furnished();
    let changed = GOOD.replace("271828", "314159").replace("26:12:4711", "26:12:4999");
    let run = house.apply(&changed).good().narrow().hides(&["314159", "4999", "argon2"]);
    run.says(&[
        "~ PIN k2: another card or PIN",
        "~ card c1: another card or PIN",
        "Nobody gains or loses a door",
    ]);
}

#[test]
fn removals_run_in_the_order_that_works() {
    let house = House::furnished();
    let file = r#"
        suspend = ["p1"]
        [remove]
        zones = ["hall", "cage"]
        doors = ["main", "cage"]
        schedules = ["days"]
        groups = ["staff", "stock"]
        people = ["p2"]
        credentials = ["c3"]
        rules = ["in-by-day", "stock"]
        policies = ["no-p3"]
        [[person]]
        id = "p3"
        name = "Edsger W. Dijkstra"
        [[person]]
        id = "p1"
        name = "Grace Hopper"
    "#;
    let run = house.apply(file).good().narrow().hides(&["Dijkstra"]);
    run.says(&["- zone hall", "- zone cage", "- person p2", "- credential c3", "main: - p1, p2"]);
    house
        .run(&["who-can", "main", "--dir", "site"])
        .failed(1)
        .narrow()
        .says(&["no door `main`; it has none"]);
}

#[test]
fn a_suspended_person_loses_every_door() {
    let house = House::furnished();
    house.apply("suspend = [\"p2\"]").good().narrow().says(&["~ person p2: suspended", "- p2"]);
    house.run(&["who-can", "cage", "--dir", "site", "--at", "2026-11-25T10:00"]).good().hides(&["p2"]);
}

#[test]
fn a_large_file_becomes_several_entries_in_order() {
    let house = House::founded();
    let mut file = String::from("[[group]]\nid = \"all\"\ntitle = \"All\"\n");
    for n in 0..400 {
        file.push_str(&format!("[[person]]\nid = \"p{n}\"\nname = \"Person {n}\"\ngroups = [\"all\"]\n"));
        file.push_str(&format!("[[card]]\nid = \"c{n}\"\nperson = \"p{n}\"\nnumber = \"26:7:{n}\"\n"));
    }
    let run = house.apply(&file).good().narrow();
    run.says(&["801 changes", "and 388 more: 400 people", "entries of the config log, one after the other"]);
    let size = house.sizes().0;
    assert!(size >= 3, "{size} entries");
    house.apply(&file).good().says(&["Nothing to change: 801 records"]);
    house.run(&["log", "verify", "site"]).good().narrow().says(&["SOUND"]);
}

#[test]
fn a_key_under_a_passphrase_signs_with_it_and_not_with_another() {
    let house = House::empty();
    house.write("right", "correct horse battery staple\n");
    house.write("wrong", "incorrect horse battery staple\n");
    let mut args = INIT[..8].to_vec();
    args.extend(["--passphrase-file", "right"]);
    house.run(&args).good().narrow().hides(&["warning", "correct horse"]);
    house.write("change.toml", "[[group]]\nid = \"a\"\ntitle = \"A\"\n");
    let apply = |file| {
        house.run(&["change", "apply", "change.toml", "--dir", "site", "--yes", "--passphrase-file", file])
    };
    apply("wrong")
        .failed(1)
        .narrow()
        .says(&["the passphrase does not open `operator.key`"])
        .hides(&["horse"]);
    assert_eq!(house.sizes().0, 1);
    apply("right").good().narrow();
    assert_eq!(house.sizes().0, 2);
}

#[test]
fn a_second_operator_signs_with_a_key_file_of_their_own() {
    let house = House::founded();
    house.write("phrase", "rhubarb tractor saturn\n");
    let new = ["new-key", "bob.key", "--passphrase-file", "phrase"];
    let made = house.run(&new).good();
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("key = \"") && key.len() == 72, "{key}");
    house.run(&new).failed(1).narrow().says(&["`bob.key` is there already"]);
    house.apply(&format!("[[operator]]\nid = \"bob\"\ntitle = \"Bob\"\n{key}\nroles = [\"owner\"]\n")).good();
    house.write("change.toml", "[[group]]\nid = \"night\"\ntitle = \"Night\"\n");
    let size = house.sizes().0;
    let apply = ["change", "apply", "change.toml", "--dir", "site", "--yes", "--key", "bob.key"];
    house.run(&[&apply[..], &["--passphrase-file", "phrase"]].concat()).good().narrow();
    assert_eq!(house.sizes().0, size + 1);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_signed() {
    let house = House::founded();
    house.write("change.toml", GOOD);
    let run = house.run(&["change", "apply", "change.toml", "--dir", "site"]).failed(1).narrow();
    run.says(&["no terminal", "`--yes`", "+ door main"]);
    assert_eq!(house.sizes().0, 1);
}

#[test]
fn entries_are_shown_in_words_and_without_secrets() {
    let house = House::furnished();
    let names = ["Grace", "Turing", "grace@example.com"];
    let newest =
        house.run(&["change", "show", "--dir", "site"]).good().narrow().hides(&SECRETS).hides(&names);
    newest.says(&[
        "Entry 1",
        "18 changes, signed by operator `ada`",
        "reason: Opening of the depot",
        "+ PIN k2",
    ]);
    let all = house.run(&["change", "show", "--all", "--dir", "site"]).good().narrow();
    all.says(&[
        "Entry 0",
        "site \"Depot Nord\" founded, in Europe/Berlin",
        "+ operator ada: roles owner",
        "Entry 1",
    ]);
    house.run(&["change", "show", "0", "--dir", "site"]).good().narrow().hides(&["Entry 1"]);
    house.run(&["change", "show", "2", "--dir", "site"]).failed(1).narrow().says(&["no entry 2; it has 2"]);
}

#[test]
fn who_can_lists_people_with_names_factors_and_rules() {
    let house = House::furnished();
    let by_day = ["who-can", "cage", "--dir", "site", "--at", "2026-11-25T10:00"];
    house.run(&by_day).good().narrow().hides(&SECRETS).says(&[
        "Door `cage`, \"Cage door\", at 2026-11-25 10:00:00 Europe/Berlin",
        "p1, Grace Hopper (staff): card, by rule in-by-day",
        "p2, Alan Turing (staff, stock): card, by rule in-by-day",
        "2 people can open it",
    ]);
    let by_night = ["who-can", "cage", "--dir", "site", "--at", "2026-11-25T23:00"];
    house.run(&by_night).good().narrow().hides(&["p1"]).says(&[
        "p2",
        "card and PIN, by rule stock",
        "1 person",
    ]);
    house.run(&["who-can", "cafe", "--dir", "site"]).failed(1).narrow().says(&["`main`", "`cage`"]);
    house
        .run(&["who-can", "cage", "--dir", "site", "--at", "soon"])
        .failed(1)
        .narrow()
        .says(&["`soon` is no time"]);
}

#[test]
fn a_code_for_a_controller_is_printed_with_the_command_that_uses_it() {
    let house = House::furnished();
    let run = house.run(&["enroll", "north", "--dir", "site"]).good().narrow();
    // A shell joins the lines as the command line wants them.
    let from = run.out.find("<<END\n").unwrap() + 6;
    let to = run.out.find("\nEND").unwrap();
    let code = run.out[from..to].replace("\\\n", "");
    code.parse::<lockward_wire::link::EnrollCode>().unwrap();
    house
        .run(&["enroll", "south", "--dir", "site"])
        .failed(1)
        .narrow()
        .says(&["`south` is not in the configuration"]);
}
