//! A file of statements is taken whole, or refused with what is wrong in it.

use crate::house::*;
use lockward_model::{Change, DoorKind, Factors};
use lockward_prove::{Doors, Statement, read};

#[test]
fn a_file_is_read_and_told_in_words() {
    let text = r#"
        # What must hold here.
        [[statement]]
        no-one-without = { factors = ["card", "pin"], opens = "vault" }
        [[statement]]
        no-service-opens = "door/gate"
        [[statement]]
        nobody-but-roles = { roles = ["owner"], may = "change" }
        [[statement]]
        gives-nothing-new = true
    "#;
    let site = house(vec![]);
    let statements = read(text, &site).unwrap();
    assert_eq!(
        statements[0],
        Statement::NoOneWithout(Factors::CARD.with(Factors::PIN), Doors::Into(id("vault")))
    );
    assert_eq!(
        statements.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "nobody enters zone `vault` without a card and a PIN",
            "no service opens door `gate`",
            "nobody but operators with role `owner` may `change`",
            "the change permits nothing that was not permitted before",
        ]
    );
}

#[test]
fn what_is_wrong_in_a_file_is_named() {
    let site = house(vec![Change::PutDoor(door("vault", "yard", DoorKind::Room))]);
    let refused = |statement: &str| read(statement, &site).unwrap_err().to_string();
    let one = |statement: &str| refused(&format!("[[statement]]\n{statement}"));
    for (statement, wanted) in [
        (r#"no-service-opens = "cellar""#, "statement 1 names the door or zone `cellar`"),
        (r#"no-service-opens = "vault""#, "write `door/vault` or `zone/vault`"),
        (r#"only-groups = { groups = ["ghosts"], open = "all" }"#, "the group `ghosts`"),
        (r#"only-groups = { groups = [], open = "all" }"#, "an empty list"),
        (r#"never-outside = { schedule = "noon", zone = "hall" }"#, "the schedule `noon`"),
        (r#"no-one-without = { factors = ["face"], opens = "all" }"#, "the factor `face`"),
        (
            r#"nobody-but-roles = { roles = ["owner"], may = "change:put-cat" }"#,
            "the action `change:put-cat`",
        ),
        ("gives-nothing-new = false", "or `false`"),
        ("", "says 0 things"),
        ("gives-nothing-new = true\nno-service-opens = \"all\"", "says 2 things"),
        ("no-cats = true", "no-cats"),
    ] {
        assert!(one(statement).contains(wanted), "{statement}: {}", one(statement));
    }
    assert!(refused("").contains("holds 0 statements"));
}
