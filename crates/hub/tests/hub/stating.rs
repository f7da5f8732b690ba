//! The statements of the site on a draft's page: judged beside the requests, said loudly, and in nobody's way.

use crate::change_pages::{draft, form, page};
use crate::elsewhere::id;
use crate::rig::*;
use crate::sign_in::{in_session, set_up, set_up_on};
use core::time::Duration;
use lockward_model::*;
use std::time::Instant;

/// Guards alone enter the vault; nobody enters it at all, as long as there is no rule.
const KEPT: &str = "guards";
const LETS_STAFF_IN: &str = r#"
    [[rule]]
    id = "late"
    title = "Late"
    groups = ["staff"]
    zones = ["vault"]
    factors = ["card"]
"#;
const HARMLESS: &str = "[[group]]\nid = \"night\"\ntitle = \"Night shift\"\n";

fn furnish(rig: &Rig) {
    let group = |name: &str| Change::PutGroup(Group { id: id(name), title: id(name) });
    let only = Stated::OnlyGroups(Few::new(vec![id("guards")]).unwrap(), Doors::Into(id("vault")));
    rig.change(vec![
        group("guards"),
        group("staff"),
        Change::PutDoor(Door { to: id("vault"), from: Some(id("hall")), ..door("strongroom", "gate-1") }),
        Change::PutStatement(Statement { id: id(KEPT), says: only }),
    ])
    .unwrap();
}

/// The page, once nothing more will come.
async fn settled(rig: &Rig, place: &str, cookie: &str) -> String {
    for _ in 0..600 {
        let text = page(rig, place, cookie).await;
        if !text.contains("data-refresh=\"soon\"") {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never settled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_breaks_a_statement_is_told_so_before_all_else_and_can_still_be_signed() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let began = Instant::now();
    let place = draft(&rig, &cookie, LETS_STAFF_IN).await;
    let first = page(&rig, &place, &cookie).await;
    assert!(began.elapsed() < Duration::from_secs(20), "the page waited for the solver");
    for told in ["is being proved", "http-equiv=\"refresh\"", "What it does"] {
        assert!(first.contains(told), "no `{told}` in {first}");
    }
    let text = settled(&rig, &place, &cookie).await;
    let (read, rest) = text.split_once("Who gains, who loses").unwrap();
    assert!(rest.contains("Sign with your passkey"), "{rest}");
    assert!(!text.contains("http-equiv=\"refresh\""), "it goes on reloading");
    for told in [
        "Read this before you sign",
        "This breaks the statement `guards`, that only people of `guards` enter zone `vault`: somebody of group `staff` \
         (nobody is, at present) enters `strongroom` with only a card, by rule/late",
        "broken by this change",
        "0 of 1\u{a0}statement proved",
    ] {
        assert!(read.contains(told), "no `{told}` in {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_keeps_a_statement_is_told_that_it_is_proved() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, HARMLESS).await;
    let text = settled(&rig, &place, &cookie).await;
    assert!(
        text.contains("1 of 1\u{a0}statement proved") && !text.contains("Read this before you sign"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_solver_the_page_says_that_nothing_is_known_and_what_to_install() {
    let (rig, mut key) = set_up_on(Rig::new().await.with_solver("no-such-solver").await).await;
    furnish(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, LETS_STAFF_IN).await;
    let text = settled(&rig, &place, &cookie).await;
    for told in ["not known", "apt install cvc5", "0 of 1\u{a0}statement proved"] {
        assert!(text.contains(told), "no `{told}` in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_about_what_the_change_removes_is_told_to_be_beyond_judging() {
    let (rig, mut key) = set_up().await;
    furnish(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, "[remove]\ndoors = [\"strongroom\"]\nzones = [\"vault\"]\n").await;
    let text = settled(&rig, &place, &cookie).await;
    for told in
        ["statement `guards` can no longer be judged: the zone `vault` that it names is gone", "not known"]
    {
        assert!(text.contains(told), "no `{told}` in {text}");
    }
    assert!(!text.contains(">proved<"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_states_nothing_asks_no_solver() {
    let (rig, mut key) = set_up_on(Rig::new().await.with_solver("no-such-solver").await).await;
    let cookie = in_session(&rig, &mut key).await;
    let place = draft(&rig, &cookie, HARMLESS).await;
    let text = page(&rig, &place, &cookie).await;
    assert!(!text.contains("Statements") && !text.contains("data-refresh=\"soon\""), "{text}");
}

/// A program that says that it is cvc5, and notes that it was asked before it thinks for two minutes.
fn slow(dir: &std::path::Path) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let (path, asked) = (dir.join("cvc5"), dir.join("asked"));
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo 'This is cvc5 version 0'; exit; }}\n\
         echo $$ >> {}\nexec sleep 120\n",
        asked.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_draft_is_judged_at_a_time_and_one_that_is_gone_makes_way_for_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (rig, mut key) = set_up_on(Rig::new().await.with_solver(&slow(folder.path())).await).await;
    furnish(&rig);
    let cookie = in_session(&rig, &mut key).await;
    let asked = || std::fs::read_to_string(folder.path().join("asked")).unwrap_or_default().lines().count();
    let until = async |n: usize| {
        for _ in 0..400 {
            if asked() == n {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("asked {} times, not {n}", asked());
    };
    let one = draft(&rig, &cookie, LETS_STAFF_IN).await;
    page(&rig, &one, &cookie).await;
    until(1).await;
    let two = draft(&rig, &cookie, &LETS_STAFF_IN.replace("late", "early")).await;
    page(&rig, &two, &cookie).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(asked(), 1, "two solvers at once");
    form(&rig, &format!("{one}/withdraw"), &cookie, &[]).await;
    until(2).await;
    // And a hub that stops does not wait for it.
    let (mut rig, began) = (rig, Instant::now());
    rig.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10));
}
