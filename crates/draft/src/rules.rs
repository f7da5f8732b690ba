//! From the words of a change file to what zones and doors do beyond the ordinary.

use crate::file;
use crate::read::{Wrong, key, maybe, one_of, span};
use core::time::Duration;
use lockward_model::{
    Airlock, Alone, DoorRules, Extended, Freshness, OfficeTime, OpenLimit, OpeningLimit, OpeningWindow,
    OutOfRange, Passback, PassbackMode, PassbackTime, ReleaseTime, WarnTime, ZoneRules,
};

/// The words of [`Alone`].
pub(crate) const ALONE: [(&str, Alone); 3] =
    [("own", Alone::Own), ("open", Alone::Open), ("refuse", Alone::Refuse)];

/// Reads a span, and has its type judge it.
fn spanned<T>(name: &str, text: &str, new: impl Fn(Duration) -> Result<T, OutOfRange>) -> Result<T, Wrong> {
    new(span(name, text)?).map_err(|e| format!("`{name}`: {e}"))
}

pub(crate) fn zone(z: &file::Zone) -> Result<ZoneRules, Wrong> {
    let passback = match (&z.passback, &z.alone) {
        (None, None) => None,
        (Some(mode), Some(alone)) => {
            Some(Passback { mode: passback(mode)?, alone: one_of("alone", alone, &ALONE)? })
        }
        (Some(_), None) => {
            let what = "`passback` needs `alone`: what holds while other controllers can not be heard; give \
                        `own`, `open` or `refuse`";
            return Err(what.into());
        }
        (None, Some(_)) => return Err("`alone` says something only beside `passback`".into()),
    };
    let openings = |o: &file::Openings| {
        Ok::<_, Wrong>(OpeningLimit {
            doors: o.doors.try_into().map_err(|_| "`openings`: `doors` is at least 1")?,
            within: spanned("within", &o.within, OpeningWindow::new)?,
            approvers: maybe("approvers", o.approvers.as_ref())?,
        })
    };
    let most = z.most.map(|n| n.try_into().map_err(|_| "`most` is at least 1; leave it out for no limit"));
    let fresh = z.fresh_within.as_ref().map(|text| spanned("fresh_within", text, Freshness::new));
    Ok(ZoneRules {
        passback,
        most: most.transpose()?,
        fresh_within: fresh.transpose()?,
        openings: z.openings.as_ref().map(openings).transpose()?,
    })
}

/// `soft`, `hard`, or `timed 30m`.
fn passback(text: &str) -> Result<PassbackMode, Wrong> {
    match text.split_once(' ') {
        None if text == "soft" => Ok(PassbackMode::Soft),
        None if text == "hard" => Ok(PassbackMode::Hard),
        Some(("timed", time)) => Ok(PassbackMode::Timed(spanned("passback", time, PassbackTime::new)?)),
        _ => Err(format!(
            "`passback`: `{}` is not known; give `soft`, `hard` or `timed 30m`",
            text.escape_debug()
        )),
    }
}

pub(crate) fn door(d: &file::Door) -> Result<DoorRules, Wrong> {
    let extended = |e: &file::Extended| {
        Ok::<_, Wrong>(Extended {
            release: spanned("release", &e.release, ReleaseTime::new)?,
            open_limit: spanned("open_limit", &e.open_limit, OpenLimit::new)?,
        })
    };
    let airlock = |a: &file::Airlock| {
        Ok::<_, Wrong>(Airlock { id: key("id", &a.id)?, alone: one_of("alone", &a.alone, &ALONE)? })
    };
    let warn = d.warn_before.as_ref().map(|text| spanned("warn_before", text, WarnTime::new));
    let office = d.office.as_ref().map(|text| spanned("office", text, OfficeTime::new));
    Ok(DoorRules {
        extended: d.extended.as_ref().map(extended).transpose()?,
        warn_before: warn.transpose()?,
        first_person: d.first_person,
        office: office.transpose()?,
        airlock: d.airlock.as_ref().map(airlock).transpose()?,
        exit_shunt_only: d.exit_shunt_only,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passback_is_read_in_its_three_ways_and_no_other() {
        assert_eq!(passback("soft"), Ok(PassbackMode::Soft));
        let half_an_hour = PassbackTime::new(Duration::from_secs(1_800)).unwrap();
        assert_eq!(passback("timed 30m"), Ok(PassbackMode::Timed(half_an_hour)));
        for wrong in ["", "Hard", "timed", "timed 0s", "timed 2d", "hard 5m"] {
            assert!(passback(wrong).is_err(), "{wrong}");
        }
    }
}
