//! Who is where, for a fire and for a limit: and "unknown" where nobody knows.

use crate::alarms::until;
use crate::elsewhere::*;
use crate::rig::*;
use crate::web::signed_in;
use lockward_model::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_muster_says_who_is_in_and_by_which_door_and_of_whom_nothing_is_known() {
    let rig = Rig::new().await;
    people(&rig, &["ann", "bob", "cem"]);
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let _two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(enters("ann")).await;
    one.tell(vec![closes()]).await;
    let text = until(&rig, &cookie, "/muster", "/people/ann").await.replace('\u{a0}', " ");
    assert!(text.contains("1 person inside") && text.contains("The door-1"), "{text}");
    assert!(text.contains("2 people of the site: no door has opened for them"), "{text}");
    assert!(!text.contains("may have left"), "{text}");
    // The vault has a limit, and stands there empty.
    assert!(text.contains("0 people of at most 3"), "{text}");
    // Somebody leaves whom nobody can name.
    one.tell(vec![
        ("door-1", Body::ExitRequested { released: false }),
        ("door-1", Body::DoorOpened(Opening::Exit)),
    ])
    .await;
    let text = until(&rig, &cookie, "/muster", "whom no door could name").await.replace('\u{a0}', " ");
    assert!(text.contains("1 person, 1 of them not certain"), "{text}");
    rig.forgive(Forgiven::Person(id("ann")));
    let text = until(&rig, &cookie, "/muster", "an operator has forgiven").await.replace('\u{a0}', " ");
    assert!(text.contains("0 people inside"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_controller_is_out_of_touch_nobody_is_certainly_in() {
    let rig = Rig::new().await;
    people(&rig, &["ann"]);
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    // The second controller of the hall was never heard.
    one.tell(enters("ann")).await;
    until(&rig, &cookie, "/muster", "a controller with a door there is out of touch").await;
}

/// What the muster says of how many are inside, once it names somebody.
async fn inside(rig: &Rig, cookie: &str, who: &str) -> String {
    until(rig, cookie, "/muster", who).await.replace('\u{a0}', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_one_release_are_both_in_the_zone() {
    let rig = Rig::new().await;
    people(&rig, &["ann", "bob"]);
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let _two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(vec![
        ("door-1", granted("ann", Side::Entry)),
        ("door-1", granted("bob", Side::Entry)),
        ("door-1", Body::DoorOpened(Opening::Granted)),
        closes(),
    ])
    .await;
    let text = inside(&rig, &cookie, "/people/bob").await;
    assert!(text.contains("2 people inside") && text.contains("/people/ann"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_by_a_door_that_stands_open_or_unlocked_is_in_the_zone() {
    let rig = Rig::new().await;
    people(&rig, &["ann", "bob", "cem", "dan"]);
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let _two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(enters("ann")).await;
    one.tell(vec![("door-1", granted("bob", Side::Entry))]).await;
    let text = inside(&rig, &cookie, "/people/bob").await;
    assert!(text.contains("2 people inside"), "{text}");
    // Shut, and open to everybody: nothing opens for him.
    one.tell(vec![closes(), ("door-1", Body::Unlocked(LockCause::Schedule))]).await;
    one.tell(vec![("door-1", granted("cem", Side::Entry))]).await;
    let text = inside(&rig, &cookie, "/people/cem").await;
    assert!(text.contains("3 people inside"), "{text}");
    // Locked again, a grant is no passage.
    one.tell(vec![
        ("door-1", Body::Locked(LockCause::Schedule)),
        ("door-1", granted("dan", Side::Entry)),
        ("door-1", Body::NotEntered),
        ("door-1", Body::DoorOpened(Opening::Forced)),
    ])
    .await;
    let text = until(&rig, &cookie, "/alarms", "door-1").await;
    assert!(text.contains("forced"), "{text}");
    let text = inside(&rig, &cookie, "/people/cem").await;
    assert!(text.contains("3 people inside") && !text.contains("/people/dan"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_in_by_a_door_without_a_contact_is_in_the_zone() {
    let rig = Rig::new().await;
    people(&rig, &["ann", "bob"]);
    let cookie = signed_in(&rig).await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let _two = Gate::enrolled(&rig, "gate-2", 8).await;
    one.tell(vec![("door-1", granted("ann", Side::Entry))]).await;
    // Its controller goes on, and the door has said nothing.
    one.chain.time = one.chain.time + core::time::Duration::from_secs(120);
    one.tell(vec![("door-1", granted("bob", Side::Entry))]).await;
    let text = inside(&rig, &cookie, "/people/ann").await;
    assert!(text.contains("/people/bob") && text.contains("2 people inside"), "{text}");
}
