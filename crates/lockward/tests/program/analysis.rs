//! What a person can open, and what is proved of a site, as the program tells it.

use crate::site::*;

#[test]
fn what_can_lists_doors_with_factors_rules_and_the_hours_of_others() {
    let house = House::furnished();
    let by_day = ["what-can", "p2", "--dir", "site", "--at", "2026-11-25T10:00"];
    house.run(&by_day).good().narrow().hides(&SECRETS).says(&[
        "p2, Alan Turing (staff, stock), at 2026-11-25 10:00:00 Europe/Berlin",
        "cage: card, by rule in-by-day (while `",
        "cage while no schedule is open: card and PIN, by rule stock",
    ]);
    let by_night = ["what-can", "p1", "--dir", "site", "--at", "2026-11-25T23:00"];
    house.run(&by_night).good().narrow().says(&["0 doors can be opened", "At other times:", "is open: card"]);
    house.run(&["what-can", "p9", "--dir", "site"]).failed(1).narrow().says(&["knows no person `p9`"]);
    house.apply("suspend = [\"p2\"]").good();
    house.run(&by_day).good().narrow().says(&["Opens nothing: suspended."]);
}

#[test]
fn prove_tells_what_is_proved_and_who_refutes_the_rest_and_exits_by_it() {
    let house = House::furnished();
    house.write(
        "sound.toml",
        "[[statement]]\nonly-groups = { groups = [\"staff\", \"stock\"], open = \"door/cage\" }\n",
    );
    let run = |file: &str| house.run(&["prove", file, "--dir", "site"]);
    run("sound.toml").good().narrow().says(&["PROVED: only people of `staff`, `stock` enter door `cage`"]);
    house.write(
        "strict.toml",
        "[[statement]]\nno-one-without = { factors = [\"card\", \"pin\"], opens = \"door/cage\" }\n\
         [[statement]]\ngives-nothing-new = true\n",
    );
    run("strict.toml").failed(1).narrow().says(&[
        "REFUTED: nobody enters door `cage` without a card and a PIN",
        "p1 of group `staff` enters `cage` with only a card, by rule/in-by-day, while schedule",
        "NOT KNOWN: the change permits nothing",
        "2 statements: 0 proved, 1 refuted, 1 not known.",
    ]);
    house.write("new.toml", "[[statement]]\ngives-nothing-new = true\n");
    run("new.toml").failed(2).narrow();
    house.write("odd.toml", "[[statement]]\nno-service-opens = \"cellar\"\n");
    run("odd.toml")
        .failed(2)
        .narrow()
        .says(&["odd.toml:1:1: [[statement]] there is no door or zone `cellar`"]);
}

#[test]
fn a_change_is_compared_with_the_site_before_it() {
    let house = House::furnished();
    house.write("new.toml", "[[statement]]\ngives-nothing-new = true\n");
    let size = house.sizes().0.to_string();
    let run = || house.run(&["prove", "new.toml", "--dir", "site", "--since", &size]);
    run().good().narrow().says(&["1 statement: 1 proved"]);
    house
        .apply("[[rule]]\nid = \"wide\"\ntitle = \"Wide\"\ngroups = [\"staff\"]\ndoors = [\"cage\"]\nfactors = [\"card\"]\n")
        .good();
    run().failed(1).narrow().says(&["enters `cage` with only a card, by rule/wide"]);
}

#[test]
fn without_a_solver_nothing_is_said_to_be_proved() {
    let house = House::furnished();
    house.write(
        "sound.toml",
        "[[statement]]\nonly-groups = { groups = [\"staff\", \"stock\"], open = \"door/cage\" }\n",
    );
    let mut command = command(house.dir.path(), &["prove", "sound.toml", "--dir", "site"]);
    command.env("LOCKWARD_CVC5", "no-such-solver");
    finish(command).failed(2).narrow().says(&["NOT KNOWN", "install cvc5"]).hides(&["PROVED"]);
}

const KEPT: &str = r#"
    [[statement]]
    id = "cage-people"
    only-groups = { groups = ["staff", "stock"], open = "cage" }
"#;
const GUESTS: &str = r#"
    [[group]]
    id = "guests"
    title = "Guests"
    [[rule]]
    id = "tour"
    title = "Tour"
    groups = ["guests"]
    doors = ["cage"]
    factors = ["card"]
"#;

#[test]
fn a_site_keeps_its_statements_and_every_review_and_prove_run_them() {
    let house = House::furnished();
    house.run(&["prove", "--dir", "site"]).failed(2).narrow().says(&["the site keeps no statements"]);
    let kept = KEPT.replace("\"cage\"", "\"door/cage\"");
    let put = house.apply(&kept).good().narrow();
    put.says(&[
        "+ statement cage-people: says only people of `staff`, `stock` enter door `cage`",
        "PROVED: `cage-people`",
    ]);
    house
        .run(&["prove", "--dir", "site"])
        .good()
        .narrow()
        .says(&["PROVED: `cage-people`", "1 statement: 1 proved"]);
    // The review says what a change breaks; who signs it decides.
    let broken = [
        "Statements of the site, as they are after this:",
        "BROKEN BY THIS CHANGE: `cage-people`: only people of `staff`, `stock` enter door `cage`",
        "somebody of group `guests` (nobody is, at present) enters `cage` with only a card, by rule/tour",
        "This change breaks 1 statement.",
    ];
    house.apply(GUESTS).good().narrow().says(&broken);
    house.run(&["change", "show", "--dir", "site", "--statements"]).good().narrow().says(&broken);
    house.run(&["change", "show", "--dir", "site"]).good().hides(&["BROKEN"]);
    house.run(&["prove", "--dir", "site"]).failed(1).narrow().says(&["REFUTED: `cage-people`"]);
    let size = (house.sizes().0 - 1).to_string();
    let since = ["prove", "--dir", "site", "--since", &size];
    house.run(&since).failed(1).narrow().says(&["BROKEN BY THIS CHANGE: `cage-people`"]);
    // Another change finds it broken already.
    let idle = "[[group]]\nid = \"idle\"\ntitle = \"Idle\"\n";
    house.apply(idle).good().narrow().says(&["REFUTED, as before this change: `cage-people`"]);
    let mut command = command(house.dir.path(), &["prove", "--dir", "site"]);
    command.env("LOCKWARD_CVC5", "no-such-solver");
    finish(command).failed(2).narrow().says(&["NOT KNOWN: `cage-people`", "install cvc5"]).hides(&["PROVED"]);
    let gone = house.apply("[remove]\nstatements = [\"cage-people\"]\n").good().narrow();
    gone.says(&["Weaker: statement `cage-people` is kept no more"]);
}
