//! Who may change what in a new site: the matrix that reviewers read, and its edges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::fmt::Write as _;
use lockward_model::{Change, PolicyText, RoleId, ServiceId};
use lockward_policy::{Policies, Signer, Verdict, base_policies};

fn new_site() -> Policies {
    let mut policies = Policies::new();
    let base = base_policies();
    assert_eq!(base.len(), 4);
    base.iter().for_each(|p| policies.put_policy(p).unwrap());
    policies
}

fn operator(roles: &[RoleId]) -> Signer<'_> {
    Signer::Operator { id: "olga".parse().unwrap(), roles }
}

#[test]
fn permission_matrix_is_as_reviewed() {
    let policies = new_site();
    let roles: Vec<RoleId> = ["owner", "guard", "people", "auditor"].map(|r| r.parse().unwrap()).into();
    let services: Vec<ServiceId> = ["hub", "payroll"].map(|s| s.parse().unwrap()).into();
    let mut out = String::new();
    let mut mark = |name: String, signer: Signer<'_>| {
        for verb in Change::VERBS {
            let may = matches!(policies.may_change(signer, verb, 1), Verdict::Permit { .. });
            writeln!(out, "{} {name} {verb}", if may { "✔" } else { "✘" }).unwrap();
        }
    };
    roles.iter().for_each(|r| mark(format!("role {r}"), operator(core::slice::from_ref(r))));
    services.iter().for_each(|s| mark(format!("service {s}"), Signer::Service(*s)));
    assert_eq!(out, include_str!("permission-matrix.txt"));
}

#[test]
fn given_no_policy_then_nobody_may_change_anything() {
    let owner = ["owner".parse().unwrap()];
    assert_eq!(Policies::new().may_change(operator(&owner), "put-door", 9), Verdict::Nothing { would: None });
}

#[test]
fn an_operator_without_a_role_may_change_nothing() {
    assert_eq!(new_site().may_change(operator(&[]), "put-door", 1), Verdict::Nothing { would: None });
}

#[test]
fn an_unknown_verb_is_permitted_to_nobody() {
    let owner = ["owner".parse().unwrap()];
    for verb in ["", "put-money", "enter", "put-door\""] {
        assert_eq!(new_site().may_change(operator(&owner), verb, 1), Verdict::Nothing { would: None });
    }
}

#[test]
fn a_person_named_like_the_hub_is_not_the_hub() {
    let hub = Signer::Operator { id: "hub".parse().unwrap(), roles: &[] };
    assert_eq!(new_site().may_change(hub, "bind-controller", 1), Verdict::Nothing { would: None });
}

#[test]
fn a_policy_can_ask_for_a_second_signature() {
    let mut policies = new_site();
    let two = r#"forbid (principal, action in [Action::"change:put-policy", Action::"change:remove-policy"], resource)
        unless { context.approvals >= 2 };"#;
    policies.put_policy(&PolicyText { id: "four-eyes".parse().unwrap(), text: two.into() }).unwrap();
    let owner = ["owner".parse().unwrap()];
    let told = |verb, signers| policies.may_change(operator(&owner), verb, signers);
    assert_eq!(
        told("put-policy", 1),
        Verdict::Forbid { because: vec!["policy/four-eyes".into()], would: None }
    );
    assert_eq!(told("put-policy", 2), Verdict::Permit { because: vec!["policy/owner".into()] });
    assert_eq!(told("put-door", 1), Verdict::Permit { because: vec!["policy/owner".into()] });
}

#[test]
fn every_verb_is_in_the_schema() {
    for verb in Change::VERBS {
        let text = format!("forbid (principal, action == Action::\"change:{verb}\", resource);");
        new_site().put_policy(&PolicyText { id: "one".parse().unwrap(), text: text.into() }).unwrap();
    }
    let unknown = r#"forbid (principal, action == Action::"change:put-money", resource);"#;
    new_site().put_policy(&PolicyText { id: "one".parse().unwrap(), text: unknown.into() }).unwrap_err();
}
