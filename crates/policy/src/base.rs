//! What a new site starts with: owners may change anything, the hub may take away, and nobody may enter anywhere.

use lockward_model::PolicyText;

const BASE: [(&str, &str); 4] = [
    (
        "owner",
        r#"// An owner may make every change.
permit (principal in Role::"owner", action in Action::"change", resource);"#,
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
    Action::"change:lock-down"
  ],
  resource
);"#,
    ),
    (
        "guard",
        r#"// Who watches over the site: stops entering and lets it go on, raises and lowers the threat level, and forgives.
permit (
  principal in Role::"guard",
  action in [
    Action::"change:lock-down",
    Action::"change:lift-lockdown",
    Action::"change:set-threat",
    Action::"change:forgive"
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
    Action::"change:revoke-credential"
  ],
  resource
);"#,
    ),
];

/// The policies of a new site. The role `auditor` has none: it may change nothing.
#[must_use]
pub fn base_policies() -> Vec<PolicyText> {
    let text = |(id, text): (&str, &str)| id.parse().ok().map(|id| PolicyText { id, text: text.into() });
    BASE.into_iter().filter_map(text).collect()
}
