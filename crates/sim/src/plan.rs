//! The sample site: a fulfilment centre with twelve doors and a bank of lockers, as one would write it down.

use core::time::Duration;
use lockward_model::{
    Change, Days, Door, DoorKind, DoorRules, Doors, ExitHardware, Factors, Few, Group, OpenLimit, PolicyText,
    ReleaseTime, Relock, Rule, Schedule, Stated, Statement, Target, Wanted, Window, Zone, ZoneRules,
};
use std::error::Error;
use std::str::FromStr;

/// What the site is called.
pub const TITLE: &str = "Northgate Fulfilment Centre";
/// Where it is.
pub const ZONE: &str = "Europe/Berlin";
/// The operator who sets it up.
pub const OPERATOR: &str = "demo";

/// A part of the plan that no site can have. The tests read the plan, so this is never seen.
pub type PlanError = Box<dyn Error + Send + Sync>;

/// Compartments in the bank of lockers.
pub const LOCKERS: u8 = 8;

/// A controller: its id, and what people call it.
pub const CONTROLLERS: [(&str, &str); 5] = [
    ("front", "Front of house"),
    ("docks", "Loading docks"),
    ("halls", "Picking halls"),
    ("vault", "Server room and cash office"),
    ("lockers", "Drivers' lockers"),
];

/// A zone: its id, what people call it, and what it lies in.
const ZONES: [(&str, &str, &str); 13] = [
    ("campus", "Campus", ""),
    ("building", "Building", "campus"),
    ("lobby", "Lobby", "building"),
    ("offices", "Offices", "building"),
    ("server-room", "Server room", "offices"),
    ("cash", "Cash office", "offices"),
    ("halls", "Halls", "building"),
    ("picking", "Picking tower", "halls"),
    ("cages", "Stock cages", "picking"),
    ("tools", "Scanner cabinet", "halls"),
    ("returns", "Returns", "building"),
    ("docks", "Docks", "campus"),
    ("lockers", "Lockers", "docks"),
];

/// A group: its id, what people call it, and how many people are in it.
pub const GROUPS: [(&str, &str, u16); 6] = [
    ("pickers", "Pickers", 70),
    ("packers", "Packers", 50),
    ("returns", "Returns", 25),
    ("drivers", "Drivers", 25),
    ("cleaners", "Cleaners", 15),
    ("managers", "Managers", 15),
];

/// A schedule: its id, its title, days of the week (bit 0 is Monday), and windows in minutes after midnight.
type ScheduleRow = (&'static str, &'static str, u8, &'static [(u16, u16)]);
const SCHEDULES: [ScheduleRow; 5] = [
    ("shift-early", "Early shift", 0b011_1111, &[(5 * 60 + 30, 15 * 60)]),
    ("shift-late", "Late shift", 0b011_1111, &[(13 * 60 + 15, 22 * 60 + 30)]),
    ("office", "Office hours", 0b001_1111, &[(8 * 60, 18 * 60)]),
    ("reception", "Reception is staffed", 0b001_1111, &[(8 * 60, 12 * 60), (12 * 60 + 45, 17 * 60)]),
    ("cleaning", "Cleaning", 0b111_1111, &[(5 * 60, 9 * 60), (17 * 60, 22 * 60)]),
];

/// A rule: its id, its title, groups, targets (`zone:` or `door:`), schedule (`""` is always), and whether it wants a PIN.
type RuleRow =
    (&'static str, &'static str, &'static [&'static str], &'static [&'static str], &'static str, bool);
const RULES: [RuleRow; 12] = [
    (
        "floor-early",
        "Floor staff, early",
        &["pickers", "packers"],
        &["door:staff-entrance", "zone:halls"],
        "shift-early",
        false,
    ),
    (
        "floor-late",
        "Floor staff, late",
        &["pickers", "packers"],
        &["door:staff-entrance", "zone:halls"],
        "shift-late",
        false,
    ),
    (
        "returns-early",
        "Returns, early",
        &["returns"],
        &["door:staff-entrance", "zone:returns"],
        "shift-early",
        false,
    ),
    (
        "returns-late",
        "Returns, late",
        &["returns"],
        &["door:staff-entrance", "zone:returns"],
        "shift-late",
        false,
    ),
    ("cages", "Stock cages", &["pickers"], &["zone:cages"], "", true),
    ("drivers", "Drivers", &["drivers"], &["zone:docks"], "", false),
    (
        "dock-staff",
        "Returns staff at the docks",
        &["returns"],
        &["door:dock-1", "door:dock-2"],
        "office",
        false,
    ),
    (
        "cleaning",
        "Cleaners",
        &["cleaners"],
        &["door:staff-entrance", "zone:halls", "zone:offices", "zone:returns"],
        "cleaning",
        false,
    ),
    ("managers", "Managers", &["managers"], &["zone:building"], "", false),
    (
        "managers-docks",
        "Managers at the docks",
        &["managers"],
        &["door:dock-1", "door:dock-2"],
        "office",
        false,
    ),
    ("cash", "Cash office", &["managers"], &["zone:cash"], "office", true),
    (
        "lobby",
        "Everybody by the front door",
        &["managers", "pickers", "packers", "returns"],
        &["door:entrance"],
        "office",
        false,
    ),
];

/// Policies beyond the rules.
const POLICIES: [(&str, &str); 3] = [
    (
        "two-factors",
        r#"// Stock of value opens with card and PIN, whatever a rule says.
forbid (principal, action == Action::"enter", resource in Zone::"cages")
unless { context.factors.contains("pin") };"#,
    ),
    (
        "no-cleaning-of-cash",
        r#"// Nobody is alone with the cash because a wider zone is theirs.
forbid (principal in Group::"cleaners", action == Action::"enter", resource in Zone::"cash");"#,
    ),
    (
        "phones",
        r#"// People open these doors with their own phones too, wherever a rule lets them in; a touch for each opening.
permit (
  principal,
  action == Action::"enter-by-phone",
  resource
) when { [Door::"entrance", Door::"staff-entrance", Door::"office"].contains(resource) };"#,
    ),
];

/// A door as it is built and wired.
#[derive(Debug, Clone, Copy)]
pub struct DoorPlan {
    /// Its id.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is.
    pub kind: DoorKind,
    /// Where one stands at the reader; empty is the street.
    pub from: &'static str,
    /// Where it leads.
    pub to: &'static str,
    /// Who drives it.
    pub controller: &'static str,
    /// Seconds that a grant releases it.
    pub release: u64,
    /// Seconds that it may stand open.
    pub open_limit: u64,
    /// Whether its lock opens without power, and holds from both sides.
    pub maglock: bool,
    /// When it stands unlocked; empty is never.
    pub unlocked: &'static str,
}

const fn door(
    (id, title): (&'static str, &'static str),
    kind: DoorKind,
    (from, to): (&'static str, &'static str),
    controller: &'static str,
    (release, open_limit): (u64, u64),
) -> DoorPlan {
    DoorPlan { id, title, kind, from, to, controller, release, open_limit, maglock: false, unlocked: "" }
}

/// The twelve doors.
pub const DOORS: [DoorPlan; 12] = [
    DoorPlan {
        unlocked: "reception",
        maglock: true,
        ..door(("entrance", "Main entrance"), DoorKind::Entrance, ("", "lobby"), "front", (10, 30))
    },
    DoorPlan {
        maglock: true,
        ..door(("staff-entrance", "Staff entrance"), DoorKind::Entrance, ("", "building"), "front", (10, 30))
    },
    DoorPlan {
        unlocked: "office",
        ..door(("office", "Offices"), DoorKind::Room, ("lobby", "offices"), "front", (10, 60))
    },
    door(("dock-1", "Dock gate 1"), DoorKind::Gate, ("campus", "docks"), "docks", (15, 120)),
    door(("dock-2", "Dock gate 2"), DoorKind::Gate, ("campus", "docks"), "docks", (15, 120)),
    door(("returns", "Returns room"), DoorKind::Room, ("building", "returns"), "docks", (10, 45)),
    door(("picking", "Picking tower"), DoorKind::Room, ("building", "picking"), "halls", (10, 45)),
    door(("cage-electronics", "Cage, electronics"), DoorKind::Cage, ("picking", "cages"), "halls", (10, 45)),
    door(("cage-fragrance", "Cage, fragrance"), DoorKind::Cage, ("picking", "cages"), "halls", (10, 45)),
    door(("scanners", "Scanner cabinet"), DoorKind::Cabinet, ("halls", "tools"), "halls", (10, 45)),
    door(("cash-safe", "Cash safe"), DoorKind::Safe, ("offices", "cash"), "vault", (10, 60)),
    door(("server-room", "Server room"), DoorKind::Room, ("offices", "server-room"), "vault", (10, 30)),
];

/// Every door with the lockers: id, title, and the rest as planned.
#[must_use]
pub fn doors() -> Vec<(String, String, DoorPlan)> {
    let locker = |n: u8| {
        let of = door(("", ""), DoorKind::Compartment, ("docks", "lockers"), "lockers", (10, 90));
        (format!("locker-{n}"), format!("Locker {n}"), of)
    };
    let named = DOORS.into_iter().map(|d| (d.id.to_owned(), d.title.to_owned(), d));
    named.chain((1..=LOCKERS).map(locker)).collect()
}

/// Reads a part of the plan as what it is meant to be.
pub(crate) fn read<T: FromStr<Err: Error + Send + Sync + 'static>>(s: &str) -> Result<T, PlanError> {
    Ok(s.parse()?)
}

fn optional<T: FromStr<Err: Error + Send + Sync + 'static>>(s: &str) -> Result<Option<T>, PlanError> {
    if s.is_empty() { Ok(None) } else { read(s).map(Some) }
}

/// Everything but the people, in an order in which each finds what it refers to.
///
/// # Errors
/// [`PlanError`].
pub fn changes() -> Result<Vec<Change>, PlanError> {
    let mut out = Vec::new();
    for (id, title, parent) in ZONES {
        out.push(Change::PutZone(Zone {
            id: read(id)?,
            title: read(title)?,
            parent: optional(parent)?,
            rules: ZoneRules::default(),
        }));
    }
    for (id, title) in CONTROLLERS {
        out.push(Change::PutController { id: read(id)?, title: read(title)? });
    }
    for (id, title, days, windows) in SCHEDULES {
        let windows = windows.iter().map(|(from, to)| Window { days: Days(days), from: *from, to: *to });
        out.push(Change::PutSchedule(Schedule::new(read(id)?, read(title)?, windows.collect(), Vec::new())?));
    }
    for (id, title, plan) in doors() {
        out.push(Change::PutDoor(placed(&id, &title, &plan)?));
    }
    for (id, title, _) in GROUPS {
        out.push(Change::PutGroup(Group { id: read(id)?, title: read(title)? }));
    }
    for row in RULES {
        out.push(Change::PutRule(rule(&row)?));
    }
    for (id, text) in POLICIES {
        out.push(Change::PutPolicy(PolicyText { id: read(id)?, text: text.into() }));
    }
    for (id, says) in statements()? {
        out.push(Change::PutStatement(Statement { id: read(id)?, says }));
    }
    Ok(out)
}

/// What holds at this site, and what every review is told of that would change it.
fn statements() -> Result<[(&'static str, Stated); 3], PlanError> {
    let both = Wanted::new(Factors::CARD.with(Factors::PIN)).ok_or("no factors")?;
    let owners = Few::new(vec![read("owner")?]).ok_or("no roles")?;
    let managers = Few::new(vec![read("managers")?]).ok_or("no groups")?;
    Ok([
        ("stock-two-factors", Stated::NoOneWithout(both, Doors::Into(read("cages")?))),
        ("cash-is-managers", Stated::OnlyGroups(managers, Doors::Into(read("cash")?))),
        (
            "policies-are-owners",
            Stated::NobodyButRoles { roles: owners, may: read("change:put-policy")?, in_their_place: true },
        ),
    ])
}

fn placed(id: &str, title: &str, plan: &DoorPlan) -> Result<Door, PlanError> {
    Ok(Door {
        id: read(id)?,
        title: read(title)?,
        kind: plan.kind,
        from: optional(plan.from)?,
        to: read(plan.to)?,
        controller: read(plan.controller)?,
        release: ReleaseTime::new(Duration::from_secs(plan.release))?,
        open_limit: OpenLimit::new(Duration::from_secs(plan.open_limit))?,
        relock: Relock::OnClose,
        exit: if plan.maglock { ExitHardware::Released } else { ExitHardware::Mechanical },
        unlocked: optional(plan.unlocked)?,
        rules: DoorRules::default(),
    })
}

fn rule((id, title, groups, targets, schedule, pin): &RuleRow) -> Result<Rule, PlanError> {
    let target = |s: &&str| match s.split_once(':') {
        Some(("zone", id)) => read(id).map(Target::Zone),
        Some((_, id)) => read(id).map(Target::Door),
        None => Err(format!("`{s}` is no target").into()),
    };
    let groups = groups.iter().map(|g| read(g)).collect::<Result<_, _>>()?;
    let targets = targets.iter().map(target).collect::<Result<_, _>>()?;
    let factors = if *pin { Factors::CARD.with(Factors::PIN) } else { Factors::CARD };
    Ok(Rule {
        id: read(id)?,
        title: read(title)?,
        groups,
        targets,
        schedule: optional(schedule)?,
        factors,
        two_people: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_can_be_read_and_is_of_the_promised_size() {
        let changes = changes().unwrap();
        let doors: Vec<_> = changes.iter().filter(|c| matches!(c, Change::PutDoor(_))).collect();
        assert_eq!(doors.len(), 12 + usize::from(LOCKERS));
        assert_eq!(GROUPS.iter().map(|(.., people)| people).sum::<u16>(), 200);
    }

    #[test]
    fn every_door_hangs_on_a_controller_of_the_plan() {
        for (id, _, plan) in doors() {
            assert!(CONTROLLERS.iter().any(|(c, _)| *c == plan.controller), "{id}");
        }
    }
}
