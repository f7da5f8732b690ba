//! A case as a sentence: who does what, with what, by which policy, and when.

use crate::case::{By, Case, Deed, Spot};
use crate::together::Together;
use crate::witness::Witness;
use lockward_model::{OrderAct, SiteZone, Time};
use lockward_policy::{Act, Company};

/// `ann of group `staff` enters `vault` with only a card, by rule/r1, while schedule `day` is open (2026-06-01 08:00)`.
pub(crate) fn sentence(found: &Witness, together: &[Together], zone: &SiteZone) -> String {
    let case = &found.case;
    let mut said = format!("{} {}", who(found), does(case));
    match case.deed {
        Deed::Enter(_) => said.push_str(&format!(" with only {}", case.factors.in_words())),
        Deed::Pass => said.push_str(" with a pass"),
        Deed::Order(_) | Deed::Change(_) | Deed::Read(_) | Deed::SignIn(_) => {}
    }
    match (case.deed, case.company) {
        (Deed::Enter(_), Company::Second) => said.push_str(", beside a second person"),
        (Deed::Enter(_), Company::Escort) => said.push_str(", with an escort"),
        _ => {}
    }
    if case.threat.get() > 0 {
        said.push_str(&format!(", at threat level {}", case.threat.get()));
    }
    if case.age > 0 {
        said.push_str(&format!(", {} s after the hub's last word", case.age));
    }
    if case.on_behalf {
        said.push_str(" in an operator's place");
    }
    if case.apart {
        said.push_str(", signed apart from the hub");
    }
    if case.own {
        said.push_str(", of their own");
    }
    if case.approvals > 1 {
        said.push_str(&format!(", signed by {} who may", case.approvals));
    }
    said.push_str(&format!(", by {}", found.because.join(" and ")));
    said + &when(case, together, zone)
}

fn who(found: &Witness) -> String {
    let listed = |ids: Vec<String>| format!("`{}`", ids.join("`, `"));
    match &found.case.by {
        By::Person(id, groups) => {
            let of = match groups.as_slice() {
                [] => String::new(),
                [one] => format!(" of group `{one}`"),
                more => format!(" of groups {}", listed(more.iter().map(ToString::to_string).collect())),
            };
            match (found.known, id.as_str()) {
                (false, "anybody") if groups.is_empty() => "anybody at all".into(),
                (false, "anybody") => format!("somebody{of} (nobody is, at present)"),
                (_, id) => format!("{id}{of}"),
            }
        }
        By::Operator(id, roles) => {
            let with = match roles.as_slice() {
                [] => " without a role".to_owned(),
                [one] => format!(" with role `{one}`"),
                more => format!(" with roles {}", listed(more.iter().map(ToString::to_string).collect())),
            };
            if found.known { format!("operator `{id}`{with}") } else { format!("an operator{with}") }
        }
        By::Service(id) if found.known => format!("service `{id}`"),
        By::Service(id) if id.as_str() == "anybody" => "any service at all".into(),
        By::Service(id) => format!("a service `{id}` (there is none, at present)"),
    }
}

fn does(case: &Case) -> String {
    let place = match case.spot {
        Spot::Door(door) => format!("`{door}`"),
        Spot::Zone(zone) => format!("zone `{zone}`"),
        Spot::Site => "the site".into(),
    };
    match case.deed {
        Deed::Enter(Act::Enter) => format!("enters {place}"),
        Deed::Enter(Act::Hold) => format!("sets {place} free"),
        Deed::Enter(Act::EnterLockedDown) => format!("enters {place}, when it is locked down,"),
        Deed::Enter(Act::ByPhone) => format!("enters {place} by phone"),
        Deed::Pass => format!("lets whoever it likes enter {place}"),
        Deed::Order(OrderAct::Unlock) => format!("opens {place} from afar"),
        Deed::Order(OrderAct::Hold(_)) => format!("sets {place} free from afar"),
        Deed::Order(OrderAct::Release) => format!("ends that {place} is free"),
        Deed::Change(verb) => format!("makes the change `{verb}` in {place}"),
        Deed::Read(what) => format!("sees `read:{}` of {place}", what.verb()),
        Deed::SignIn(with) => format!("signs in with `sign-in:{}`", with.verb()),
    }
}

fn when(case: &Case, together: &[Together], zone: &SiteZone) -> String {
    if matches!(case.deed, Deed::Change(_)) || case.deed.is_plain() {
        return String::new();
    }
    let open: Vec<_> = case.open.iter().map(|s| format!("`{s}`")).collect();
    let open = match open.as_slice() {
        [] => ", while no schedule is open".to_owned(),
        [one] => format!(", while schedule {one} is open"),
        more => format!(", while schedules {} are open", more.join(" and ")),
    };
    let at = together.iter().find(|t| t.open == case.open).and_then(|t| t.at);
    at.map_or(open.clone(), |at| format!("{open} ({})", clock(zone, at)))
}

/// `2026-06-01 08:00`, as the site's clocks show it.
pub(crate) fn clock(zone: &SiteZone, at: Time) -> String {
    let local = zone.local(at);
    format!("{} {:02}:{:02}", local.date, local.minute / 60, local.minute % 60)
}
