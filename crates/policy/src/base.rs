//! What a new site starts with: owners may do anything, the hub may take away and may sign for those who are signed in, and
//! nobody may enter anywhere.

use lockward_model::PolicyText;

/// The policy that lets the hub sign in the place of operators who are signed in. A site without it is *hardened*: only
/// people's own signatures extend anything.
pub const HUB_SIGNS: &str = "hub-signs";

/// The policy of a hardened site by which nothing that extends is signed by a touch at the hub's own page alone.
pub const SIGNED_APART: &str = "signed-apart";

/// Its text, as a sample: in force in no new site.
const APART: &str = r#"// What gives is signed apart from the hub: with a key file, or at the signer on one's own machine; or two people sign it.
// Then a touch at a page of the hub, whatever that page says it is for, gives nobody anything. What only takes away from
// people and doors needs neither, so that it is quick. Taking away operators, their keys and policies does: else a hub in
// the wrong hands could leave nobody who can undo it.
forbid (
  principal is Operator,
  action in [Action::"change", Action::"order"],
  resource
) unless {
  context.apart ||
  context.approvals >= 2 ||
  action in [
    Action::"change:suspend-person",
    Action::"change:remove-person",
    Action::"change:revoke-credential",
    Action::"change:remove-rule",
    Action::"change:revoke-controller",
    Action::"change:lock-down",
    Action::"change:cancel-recovery",
    Action::"order:release"
  ]
};"#;

const BASE: [(&str, &str); 10] = [
    (
        "owner",
        r#"// An owner may make every change, give every order, and see everything.
permit (
  principal in Role::"owner",
  action in [Action::"change", Action::"order", Action::"read"],
  resource
);"#,
    ),
    (
        "hub",
        r#"// The hub gives an announced controller the key that it enrolled with, and may take away.
permit (
  principal == Service::"hub",
  action in [
    Action::"change:bind-controller",
    Action::"change:suspend-person",
    Action::"change:revoke-credential",
    Action::"change:revoke-controller",
    Action::"change:lock-down",
    Action::"order:release"
  ],
  resource
);"#,
    ),
    (
        HUB_SIGNS,
        r#"// The hub may sign in the place of an operator who is signed in, whatever that operator may do. Remove this policy, and
// every change and every order needs a person's own signature: the site is hardened.
permit (
  principal == Service::"hub",
  action in [Action::"change", Action::"order"],
  resource
) when { context.on_behalf };"#,
    ),
    (
        "own-keys",
        r#"// Every operator adds and removes keys of their own.
permit (
  principal is Operator,
  action in [Action::"change:put-operator-key", Action::"change:remove-operator-key"],
  resource
) when { context.own };"#,
    ),
    (
        "guard",
        r#"// Who watches over the site: opens a door from afar, stops entering and lets it go on, raises and lowers the threat
// level, forgives, and sees what happens.
permit (
  principal in Role::"guard",
  action in [
    Action::"change:lock-down",
    Action::"change:lift-lockdown",
    Action::"change:set-threat",
    Action::"change:forgive",
    Action::"order",
    Action::"read:site",
    Action::"read:people",
    Action::"read:alarms",
    Action::"read:muster"
  ],
  resource
);"#,
    ),
    (
        "people",
        r#"// The desk that looks after people and their cards. What doors a group opens is not its to say.
permit (
  principal in Role::"people",
  action in [
    Action::"change:put-person",
    Action::"change:remove-person",
    Action::"change:suspend-person",
    Action::"change:put-credential",
    Action::"change:revoke-credential",
    Action::"read:site",
    Action::"read:people"
  ],
  resource
);"#,
    ),
    (
        "installer",
        r#"// Who fits doors and controllers, for as long as its operator's end says. Sees no people, and gives nobody a right.
permit (
  principal in Role::"installer",
  action in [
    Action::"change:put-door",
    Action::"change:remove-door",
    Action::"change:put-controller",
    Action::"change:revoke-controller",
    Action::"read:site",
    Action::"read:alarms"
  ],
  resource
);"#,
    ),
    (
        "auditor",
        r#"// Who checks: sees everything, and changes nothing.
permit (principal in Role::"auditor", action in Action::"read", resource);"#,
    ),
    (
        "privacy",
        r#"// Who answers for personal data: sees who is known, and removes them.
permit (
  principal in Role::"privacy",
  action in [Action::"change:remove-person", Action::"read:people", Action::"read:operators"],
  resource
);"#,
    ),
    (
        "integrator",
        r#"// Who connects other systems: sees the site's places and its alarms.
permit (
  principal in Role::"integrator",
  action in [Action::"read:site", Action::"read:alarms"],
  resource
);"#,
    ),
];

/// The policies of a new site.
#[must_use]
pub fn base_policies() -> Vec<PolicyText> {
    BASE.into_iter().filter_map(text).collect()
}

/// The policy [`SIGNED_APART`], as hardening puts it.
#[must_use]
pub fn signed_apart() -> Option<PolicyText> {
    text((SIGNED_APART, APART))
}

fn text((id, text): (&str, &str)) -> Option<PolicyText> {
    id.parse().ok().map(|id| PolicyText { id, text: text.into() })
}
