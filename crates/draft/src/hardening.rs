//! The change file that hardens a site: the hub signs for nobody, and what gives is signed apart from it.

use lockward_policy::{HUB_SIGNS, signed_apart};

/// The file. `hub_signs`: whether the policy by which the hub signs for people is still there to be removed.
#[must_use]
pub fn hardening(hub_signs: bool) -> Option<String> {
    let policy = signed_apart()?;
    let removed =
        if hub_signs { format!("\n[remove]\npolicies = [\"{HUB_SIGNS}\"]\n") } else { String::new() };
    Some(format!(
        "reason = \"People sign, apart from the hub\"\n\n[[policy]]\nid = \"{}\"\ntext = '''\n{}'''\n{removed}",
        policy.id, policy.text
    ))
}
