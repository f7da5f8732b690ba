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
