//! Who may change what in a new site: the matrix that reviewers read, and its edges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::fmt::Write as _;
use lockward_model::{Change, DoorKind, Mono, OrderAct, PolicyText, RoleId, ServiceId, ZoneId};
use lockward_policy::{
    Asked, HUB_SIGNS, Place, Policies, Read, SignIn, Signature, Signer, Signers, Situation, Verdict,
    base_policies, signed_apart,
};

fn new_site() -> Policies {
    let mut policies = Policies::new();
    let base = base_policies();
    assert_eq!(base.len(), 10, "one of the texts has no id");
    base.iter().for_each(|p| policies.put_policy(p).unwrap());
    policies
}

const ONE: Asked = Asked { approvals: 1, on_behalf: false, apart: false, own: false };
const ACTS: [OrderAct; 3] =
    [OrderAct::Unlock, OrderAct::Hold(core::time::Duration::from_secs(60)), OrderAct::Release];

fn approved(approvals: usize) -> Asked {
    Asked { approvals, ..ONE }
}

/// A safe in a room in a hall.
fn vault() -> Place<'static> {
    static ZONES: std::sync::LazyLock<[ZoneId; 2]> =
        std::sync::LazyLock::new(|| ["room", "hall"].map(|z| z.parse().unwrap()));
    Place { door: "vault".parse().unwrap(), kind: DoorKind::Safe, zones: &*ZONES }
}

fn with(id: &str, text: &str) -> PolicyText {
    PolicyText { id: id.parse().unwrap(), text: text.into() }
}

/// Signed with a key that a page of the hub can ask.
fn touch(by: Signer<'_>) -> Signature<'_> {
    Signature { by, apart: false }
}

fn operator(roles: &[RoleId]) -> Signer<'_> {
    Signer::Operator { id: "olga".parse().unwrap(), roles }
}

#[test]
fn permission_matrix_is_as_reviewed() {
    let policies = new_site();
    let roles: Vec<RoleId> = ["owner", "guard", "people", "installer", "auditor", "privacy", "integrator"]
        .map(|r| r.parse().unwrap())
        .into();
    let services: Vec<ServiceId> = ["hub", "payroll"].map(|s| s.parse().unwrap()).into();
    let mut out = String::new();
    let mut mark = |name: String, signer: Signer<'_>| {
        let mut tell = |what: &str, verdict| {
            let may = matches!(verdict, Verdict::Permit { .. });
            writeln!(out, "{} {name} {what}", if may { "✔" } else { "✘" }).unwrap();
        };
        for verb in Change::VERBS {
            tell(verb, policies.may_change(signer, verb, &[], ONE));
        }
        for act in ACTS {
            let verdict = policies.may_order(signer, act, &vault(), &Situation::default(), ONE);
            tell(&format!("order {}", act.verb()), verdict);
        }
        for what in Read::ALL {
            tell(&format!("read {}", what.verb()), policies.may_read(signer, what));
        }
        for with in SignIn::ALL {
            tell(&format!("sign-in {}", with.verb()), policies.may_sign_in(signer, with));
        }
    };
    roles.iter().for_each(|r| mark(format!("role {r}"), operator(core::slice::from_ref(r))));
    services.iter().for_each(|s| mark(format!("service {s}"), Signer::Service(*s)));
    if std::env::var_os("LOCKWARD_REWRITE_DOCS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/permission-matrix.txt"), &out).unwrap();
    }
    assert_eq!(
        out,
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/permission-matrix.txt")).unwrap()
    );
}

#[test]
fn given_no_policy_then_nobody_may_change_anything() {
    let owner = ["owner".parse().unwrap()];
    assert_eq!(
        Policies::new().may_change(operator(&owner), "put-door", &[], approved(9)),
        Verdict::Nothing { would: None }
    );
}

#[test]
fn an_operator_without_a_role_may_change_nothing() {
    assert_eq!(new_site().may_change(operator(&[]), "put-door", &[], ONE), Verdict::Nothing { would: None });
}

#[test]
fn an_unknown_verb_is_permitted_to_nobody() {
    let owner = ["owner".parse().unwrap()];
    for verb in ["", "put-money", "enter", "put-door\""] {
        assert_eq!(new_site().may_change(operator(&owner), verb, &[], ONE), Verdict::Nothing { would: None });
    }
}

#[test]
fn a_person_named_like_the_hub_is_not_the_hub() {
    let hub = Signer::Operator { id: "hub".parse().unwrap(), roles: &[] };
    assert_eq!(new_site().may_change(hub, "bind-controller", &[], ONE), Verdict::Nothing { would: None });
}

#[test]
fn a_policy_can_ask_for_a_second_signature() {
    let mut policies = new_site();
    let two = r#"forbid (principal, action in [Action::"change:put-policy", Action::"change:remove-policy"], resource)
        unless { context.approvals >= 2 };"#;
    policies.put_policy(&PolicyText { id: "four-eyes".parse().unwrap(), text: two.into() }).unwrap();
    let owner = ["owner".parse().unwrap()];
    let told = |verb, signers| policies.may_change(operator(&owner), verb, &[], approved(signers));
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

#[test]
fn every_act_and_everything_that_is_shown_is_in_the_schema() {
    let verbs = OrderAct::VERBS.iter().map(|v| format!("order:{v}"));
    for action in verbs.chain(Read::ALL.iter().map(|r| format!("read:{}", r.verb()))) {
        let text = format!("forbid (principal, action == Action::\"{action}\", resource);");
        new_site().put_policy(&with("one", &text)).unwrap();
    }
    assert_eq!(ACTS.map(OrderAct::verb), OrderAct::VERBS);
}

#[test]
fn a_right_over_a_zone_reaches_what_lies_in_it_and_nothing_else() {
    let mut policies = Policies::new();
    let text = r#"permit (principal in Role::"north", action in [Action::"change", Action::"order"], resource in Zone::"hall");"#;
    policies.put_policy(&with("north", text)).unwrap();
    let roles = ["north".parse().unwrap()];
    let zones = |names: &[&str]| names.iter().map(|z| z.parse().unwrap()).collect::<Vec<ZoneId>>();
    let may = |names: &[&str]| {
        matches!(
            policies.may_change(operator(&roles), "put-door", &zones(names), ONE),
            Verdict::Permit { .. }
        )
    };
    assert!(may(&["hall"]) && may(&["room", "hall"]));
    assert!(!may(&["yard"]) && !may(&["hall-2", "yard"]) && !may(&[]));
    let order =
        |place| policies.may_order(operator(&roles), OrderAct::Unlock, &place, &Situation::default(), ONE);
    assert!(matches!(order(vault()), Verdict::Permit { .. }));
    let yard = zones(&["yard"]);
    assert_eq!(order(Place { zones: &yard, ..vault() }), Verdict::Nothing { would: None });
}

fn hub() -> Signer<'static> {
    Signer::Service("hub".parse().unwrap())
}

/// The hub signs in the place of an operator with these roles.
fn for_operator(policies: &Policies, roles: &[RoleId], verb: &str) -> Verdict {
    let by = Signers { all: &[touch(hub())], on_behalf: Some(operator(roles)), keys_of: None };
    policies.change(&by, verb, &[])
}

#[test]
fn the_hub_signs_for_an_operator_what_that_operator_may_do_and_nothing_else() {
    let policies = new_site();
    let roles = |role: &str| [role.parse().unwrap()];
    let permits =
        |role: &str, verb| matches!(for_operator(&policies, &roles(role), verb), Verdict::Permit { .. });
    assert!(permits("owner", "put-policy") && permits("people", "put-person"));
    assert!(!permits("people", "put-policy") && !permits("nobody", "put-person"));
    // In nobody's place it may take away, as ever.
    let alone = Signers { all: &[touch(hub())], on_behalf: None, keys_of: None };
    assert!(!matches!(policies.change(&alone, "put-person", &[]), Verdict::Permit { .. }));
    assert!(matches!(policies.change(&alone, "suspend-person", &[]), Verdict::Permit { .. }));
}

#[test]
fn hub_bounded_a_hardened_site_takes_the_hubs_word_for_nobody() {
    let mut policies = new_site();
    policies.remove_policy(HUB_SIGNS.parse().unwrap());
    let owner = ["owner".parse().unwrap()];
    for verb in Change::VERBS {
        let takes_away =
            ["bind-controller", "suspend-person", "revoke-credential", "revoke-controller", "lock-down"];
        let may = matches!(for_operator(&policies, &owner, verb), Verdict::Permit { .. });
        assert_eq!(may, takes_away.contains(&verb), "{verb}");
    }
    let by = Signers { all: &[touch(hub())], on_behalf: Some(operator(&owner)), keys_of: None };
    for act in ACTS {
        let order = policies.order(&by, act, &vault(), &Situation::default(), Mono(1));
        assert_eq!(order.is_ok(), act == OrderAct::Release, "{act:?}");
    }
    let own = Signers { all: &[touch(operator(&owner))], on_behalf: None, keys_of: None };
    assert!(policies.order(&own, OrderAct::Unlock, &vault(), &Situation::default(), Mono(1)).is_ok());
}

#[test]
fn four_eyes_are_two_people_and_the_hub_is_none_of_them() {
    let mut policies = new_site();
    let two = r#"forbid (principal, action == Action::"change:put-rule", resource) unless { context.approvals >= 2 };"#;
    policies.put_policy(&with("two", two)).unwrap();
    let owner = ["owner".parse().unwrap()];
    let (ann, bob) = (operator(&owner), Signer::Operator { id: "bob".parse().unwrap(), roles: &owner });
    let permits = |all: &[Signer<'_>], on_behalf| {
        let all: Vec<_> = all.iter().copied().map(touch).collect();
        let by = Signers { all: &all, on_behalf, keys_of: None };
        matches!(policies.change(&by, "put-rule", &[]), Verdict::Permit { .. })
    };
    assert!(permits(&[ann, bob], None));
    assert!(!permits(&[ann], None) && !permits(&[ann, hub()], None));
    assert!(!permits(&[hub()], Some(ann)) && !permits(&[ann, hub()], Some(bob)));
}

/// A new site that is hardened.
fn hardened() -> Policies {
    let mut policies = new_site();
    policies.remove_policy(HUB_SIGNS.parse().unwrap());
    policies.put_policy(&signed_apart().unwrap()).unwrap();
    policies
}

#[test]
fn hub_bounded_where_signed_apart_holds_one_touch_at_the_hubs_page_only_takes_away() {
    let policies = hardened();
    let owner = ["owner".parse().unwrap()];
    let (ann, bob) = (operator(&owner), Signer::Operator { id: "bob".parse().unwrap(), roles: &owner });
    let change = |all: &[Signature<'_>], verb: &str| {
        let by = Signers { all, on_behalf: None, keys_of: Some("olga".parse().unwrap()) };
        policies.change(&by, verb, &[])
    };
    let permits = |verdict: &Verdict| matches!(verdict, Verdict::Permit { .. });
    let takes_away = [
        "suspend-person",
        "remove-person",
        "revoke-credential",
        "remove-rule",
        "revoke-controller",
        "lock-down",
        "cancel-recovery",
    ];
    for verb in Change::VERBS {
        let alone = change(&[touch(ann)], verb);
        assert_eq!(permits(&alone), takes_away.contains(&verb), "{verb}");
        if let Verdict::Forbid { because, .. } = alone {
            assert_eq!(because, ["policy/signed-apart".into()], "{verb}");
        }
        assert!(permits(&change(&[Signature { by: ann, apart: true }], verb)), "{verb}");
        assert!(permits(&change(&[touch(ann), touch(bob)], verb)), "{verb}");
    }
    let order = |all: &[Signature<'_>], act| {
        let by = Signers { all, on_behalf: None, keys_of: None };
        policies.order(&by, act, &vault(), &Situation::default(), Mono(1)).is_ok()
    };
    for act in ACTS {
        assert_eq!(order(&[touch(ann)], act), act == OrderAct::Release, "{act:?}");
        assert!(order(&[Signature { by: ann, apart: true }], act));
    }
}

#[test]
fn somebody_elses_key_apart_lends_nothing_to_a_touch_at_the_hubs_page() {
    let policies = hardened();
    let (owner, auditor) = (["owner".parse().unwrap()], ["auditor".parse().unwrap()]);
    let aud = Signer::Operator { id: "aud".parse().unwrap(), roles: &auditor };
    for other in [aud, Signer::Service("payroll".parse().unwrap()), hub()] {
        let all = [touch(operator(&owner)), Signature { by: other, apart: true }];
        let by = Signers { all: &all, on_behalf: None, keys_of: None };
        assert!(!matches!(policies.change(&by, "put-rule", &[]), Verdict::Permit { .. }), "{other:?}");
    }
}

#[test]
fn every_operator_puts_and_removes_keys_of_their_own_and_of_nobody_else() {
    let policies = new_site();
    let none = [];
    let guard = ["guard".parse().unwrap()];
    for roles in [&none[..], &guard] {
        for (whose, own) in [("olga", true), ("bob", false)] {
            let keys_of = Some(whose.parse().unwrap());
            for verb in ["put-operator-key", "remove-operator-key"] {
                let by = Signers { all: &[touch(operator(roles))], on_behalf: None, keys_of };
                assert_eq!(matches!(policies.change(&by, verb, &[]), Verdict::Permit { .. }), own);
                // In a new site the hub signs in their place, and only in theirs.
                let by = Signers { all: &[touch(hub())], on_behalf: Some(operator(roles)), keys_of };
                assert_eq!(matches!(policies.change(&by, verb, &[]), Verdict::Permit { .. }), own);
            }
        }
    }
}

#[test]
fn in_a_new_site_nobody_signs_in_but_with_a_passkey_until_a_policy_says_so() {
    let mut policies = new_site();
    let roles = ["owner".parse().unwrap()];
    let permits = |policies: &Policies, roles: &[RoleId], with| {
        matches!(policies.may_sign_in(operator(roles), with), Verdict::Permit { .. })
    };
    for with in SignIn::ALL {
        assert!(!permits(&policies, &roles, with));
    }
    let guards = r#"permit (principal in Role::"guard", action == Action::"sign-in:password", resource);"#;
    policies.put_policy(&with("guards-type", guards)).unwrap();
    let guard = ["guard".parse().unwrap()];
    assert!(permits(&policies, &guard, SignIn::Password) && !permits(&policies, &guard, SignIn::OpenId));
    assert!(!permits(&policies, &roles, SignIn::Password));
    let nobody = r#"forbid (principal, action in Action::"sign-in", resource);"#;
    policies.put_policy(&with("no-typing", nobody)).unwrap();
    assert!(!permits(&policies, &guard, SignIn::Password), "who forbids wins");
    // A service signs in to nothing.
    let service = policies.may_sign_in(Signer::Service("payroll".parse().unwrap()), SignIn::Password);
    assert!(!matches!(service, Verdict::Permit { .. }));
}
