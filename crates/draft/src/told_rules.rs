//! What zones and doors do beyond the ordinary, told as the change file says it.

use crate::rules::ALONE;
use crate::told::span;
use lockward_model::{Alone, DoorRules, PassbackMode, ZoneRules};

type Part = (&'static str, String);

fn alone(alone: Alone) -> &'static str {
    ALONE.iter().find(|(_, a)| *a == alone).map_or("", |(word, _)| word)
}

pub(crate) fn zone_rules(r: &ZoneRules) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(passback) = r.passback {
        let mode = match passback.mode {
            PassbackMode::Soft => "soft".to_owned(),
            PassbackMode::Hard => "hard".into(),
            PassbackMode::Timed(time) => format!("timed {}", span(time.get())),
        };
        parts.push(("passback", format!("{mode}, alone {}", alone(passback.alone))));
    }
    parts.extend(r.most.map(|most| ("most", format!("{most} people"))));
    parts.extend(r.fresh_within.map(|f| ("fresh within", span(f.get()))));
    if let Some(limit) = &r.openings {
        let above = limit.approvers.map_or("nobody".to_owned(), |group| format!("with one of {group}"));
        let told = format!("{} doors within {}, above that {above}", limit.doors, span(limit.within.get()));
        parts.push(("openings", told));
    }
    parts
}

pub(crate) fn door_rules(r: &DoorRules) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Some(longer) = r.extended {
        let told =
            format!("release {}, open limit {}", span(longer.release.get()), span(longer.open_limit.get()));
        parts.push(("extended", told));
    }
    parts.extend(r.warn_before.map(|w| ("warns before", span(w.get()))));
    parts.extend(r.first_person.then(|| ("first person", "yes".into())));
    parts.extend(r.office.map(|o| ("office", span(o.get()))));
    parts.extend(r.airlock.map(|a| ("airlock", format!("{}, alone {}", a.id, alone(a.alone)))));
    parts.extend(r.exit_shunt_only.then(|| ("exit", "shunt only".into())));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::num::NonZeroU32;
    use lockward_model::{Airlock, Passback};

    #[test]
    fn every_rule_that_is_there_is_told_and_no_other() {
        assert_eq!((zone_rules(&ZoneRules::default()), door_rules(&DoorRules::default())), (vec![], vec![]));
        let passback = Some(Passback { mode: PassbackMode::Hard, alone: Alone::Refuse });
        let zone = ZoneRules { passback, most: NonZeroU32::new(3), ..ZoneRules::default() };
        let told = [("passback", "hard, alone refuse".to_owned()), ("most", "3 people".into())];
        assert_eq!(zone_rules(&zone), told);
        let airlock = Some(Airlock { id: "sluice".parse().unwrap(), alone: Alone::Own });
        let door = DoorRules { airlock, first_person: true, ..DoorRules::default() };
        let told = [("first person", "yes".to_owned()), ("airlock", "sluice, alone own".into())];
        assert_eq!(door_rules(&door), told);
    }
}
