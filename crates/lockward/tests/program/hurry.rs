//! `lockdown`, `threat` and `forgive`: what an operator in a hurry asks for, said before it is signed.

use crate::site::{GOOD, House, Run, SECRETS};

/// The sample, where a policy lets p2 enter in a lockdown, a schedule unlocks the main door, and a level keeps p1 out.
fn house() -> House {
    let house = House::founded();
    let doors = GOOD
        .replacen("exit = \"mechanical\"", "exit = \"mechanical\"\nunlocked = \"always\"\noffice = \"4h\"", 1)
        .replacen("[[controller]]", "[[schedule]]\nid = \"always\"\ntitle = \"Always\"\n[[schedule.window]]\ndays = [\"mon-sun\"]\nfrom = \"00:00\"\nto = \"24:00\"\n[[controller]]", 1);
    let policies = r#"
        [[policy]]
        id = "guard"
        text = 'permit (principal == Person::"p2", action == Action::"enter-locked-down", resource == Door::"cage");'
        [[policy]]
        id = "serious"
        text = '''forbid (principal == Person::"p1", action == Action::"enter", resource)
                  when { context.threat_level >= 3 };'''
    "#;
    house.apply(&format!("{doors}{policies}")).good();
    house
}

fn run(house: &House, args: &[&str]) -> Run {
    house.run(&[args, &["--dir", "site"]].concat()).narrow().hides(&SECRETS)
}

#[test]
fn a_lockdown_says_what_it_stops_whom_it_still_lets_in_and_that_everybody_can_leave() {
    let house = house();
    let said = [
        "Lockdown of zone `hall`, \"Hall\", with cage:",
        "Nobody enters by 2 doors: cage, main.",
        "Stands unlocked by a schedule now, and will lock: main.",
        "Will lock if somebody has set it free by hand (office): main.",
        "Policies let these enter in spite of it: by cage: p2, Alan Turing: card, by policy guard",
        "Everybody can leave by every door, as before: by the handle; by the button, which moves the bolt and asks \
         nobody, at cage.",
    ];
    run(&house, &["lockdown", "hall", "--preview"]).good().says(&said).says(&["this is a preview"]);
    assert_eq!(house.sizes().0, 2, "a preview signs nothing");
    run(&house, &["lockdown", "hall"]).failed(1).says(&said).says(&["no terminal", "`--yes`"]);
    assert_eq!(house.sizes().0, 2);
    let done = run(&house, &["lockdown", "hall", "--yes", "--reason", "Glass broke at the ramp"]).good();
    done.says(&said).says(&["Entry 2 of the config log: 1 change."]);
    house.run(&["change", "show", "--dir", "site"]).good().says(&[
        "signed by operator `ada`",
        "reason: Glass broke at the ramp",
        "lockdown hall: nobody enters until it is lifted",
    ]);
    run(&house, &["who-can", "main"]).good().says(&["Locked down since 20", "Nobody can open it"]);
    run(&house, &["lockdown", "hall", "--yes"]).good().says(&["Locked down already since 20", "cage, main"]);
    assert_eq!(house.sizes().0, 3, "one that holds already is not called again");
}

#[test]
fn a_lift_says_what_it_gives_back_and_what_holds_on() {
    let house = house();
    run(&house, &["lockdown", "--lift", "hall", "--yes"]).failed(1).says(&["zone `hall` is not locked down"]);
    run(&house, &["lockdown", "cage", "--yes"]).good();
    run(&house, &["lockdown", "hall", "--yes"]).good();
    run(&house, &["lockdown", "cage", "--lift", "--preview"]).good().says(&[
        "Lifts the lockdown of zone `cage`, \"Stock cage\".",
        "Still nobody enters: `hall` around it is locked down too.",
    ]);
    run(&house, &["lockdown", "--lift", "hall", "--yes"]).good().says(&[
        "People enter again as the rules say: main.",
        "Locked down by a zone within, and stays so: cage.",
        "Will stand unlocked by a schedule at once: main.",
        "Entry 4",
    ]);
    run(&house, &["lockdown", "--lift", "cage", "--yes"]).good().says(&["as the rules say: cage."]);
}

#[test]
fn a_threat_level_says_who_loses_which_doors() {
    let house = house();
    run(&house, &["threat", "hall", "3", "--yes"]).good().says(&[
        "Threat level 3 for zone `hall`, \"Hall\": it was 0, and will be 3.",
        "- p1",
        "Entry 2",
    ]);
    run(&house, &["threat", "cage", "1", "--yes"]).good().says(&["a zone around it has 3, so it stays at 3"]);
    run(&house, &["threat", "hall", "0", "--yes"]).good().says(&["it was 3, and will be 0", "+ p1"]);
    run(&house, &["threat", "hall", "5", "--yes"]).failed(2).says(&["0..=4"]);
}

#[test]
fn forgiving_names_whom() {
    let house = house();
    run(&house, &["forgive", "p1", "--yes"]).good().says(&["Forgives p1, Grace Hopper:", "Entry 2"]);
    run(&house, &["forgive", "--zone", "hall", "--yes"]).good().says(&["everybody in zone `hall`, \"Hall\""]);
    run(&house, &["forgive"]).failed(2);
    run(&house, &["forgive", "p1", "--zone", "hall"]).failed(2);
    run(&house, &["forgive", "p4", "--yes"]).failed(1).says(&["there is no `p4` at this site; did you mean"]);
}

#[test]
fn who_mistypes_a_zone_is_told_which_there_are() {
    let house = house();
    for args in [
        &["lockdown", "hal"][..],
        &["lockdown", "--lift", "hal"],
        &["threat", "hal", "1"],
        &["forgive", "--zone", "hal"],
    ] {
        run(&house, args)
            .failed(1)
            .says(&["the site has no zone `hal`; it has `cage`, `hall`; did you mean `hall`?"]);
    }
    assert_eq!(house.sizes().0, 2);
}
