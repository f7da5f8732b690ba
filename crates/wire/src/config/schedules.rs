//! Schedules in JSON: weekly windows and exception days. What came later is left out where it is not said, so that
//! older entries keep their bytes.

use super::payload::PayloadError;
use crate::spelling::Said;
use lockward_model::{Dates, DayException, Days, Fold, Gap, Jumps, Schedule, ScheduleId, Text, Window};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleV1 {
    id: Said<ScheduleId>,
    title: Said<Text>,
    windows: Vec<WindowV1>,
    exceptions: Vec<ExceptionV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gap: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fold: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowV1 {
    days: Vec<Box<str>>,
    from_minute: u16,
    to_minute: u16,
}

/// `date` alone is one day, with `last` a range; `yearly` is `MM-DD` of every year.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    yearly: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Said<Text>>,
    windows: Vec<HoursV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursV1 {
    from_minute: u16,
    to_minute: u16,
}

impl From<&Schedule> for ScheduleV1 {
    fn from(s: &Schedule) -> Self {
        let window = |w: &Window| WindowV1 {
            days: w.days.names().map(Into::into).collect(),
            from_minute: w.from,
            to_minute: w.to,
        };
        let Jumps { gap, fold } = s.jumps();
        Self {
            id: Said(s.id()),
            title: Said(s.title().clone()),
            windows: s.windows().iter().map(window).collect(),
            exceptions: s.exceptions().iter().map(Into::into).collect(),
            gap: gap.map(|gap| gap.as_str().into()),
            fold: fold.map(|fold| fold.as_str().into()),
        }
    }
}

impl From<&DayException> for ExceptionV1 {
    fn from(e: &DayException) -> Self {
        let hours = |(from, to): &(u16, u16)| HoursV1 { from_minute: *from, to_minute: *to };
        let (date, last, yearly) = match e.dates {
            Dates::One(date) => (Some(date), None, None),
            Dates::Range(first, last) => (Some(first), Some(last), None),
            Dates::Yearly { month, day } => (None, None, Some(format!("{month:02}-{day:02}").into())),
        };
        Self {
            date: date.map(|d| d.to_string().into()),
            last: last.map(|d| d.to_string().into()),
            yearly,
            reason: e.reason.clone().map(Said),
            windows: e.windows.iter().map(hours).collect(),
        }
    }
}

impl TryFrom<ScheduleV1> for Schedule {
    type Error = PayloadError;
    fn try_from(s: ScheduleV1) -> Result<Self, PayloadError> {
        let windows = s.windows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let exceptions = s.exceptions.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let gap = s.gap.map(|word| Gap::ALL.into_iter().find(|gap| gap.as_str() == &*word).ok_or(()));
        let fold = s.fold.map(|word| Fold::ALL.into_iter().find(|fold| fold.as_str() == &*word).ok_or(()));
        let (Ok(gap), Ok(fold)) = (gap.transpose(), fold.transpose()) else {
            return Err(PayloadError::Part("a schedule whose `gap` or `fold` is not known here"));
        };
        let made = Self::new(s.id.0, s.title.0, windows, exceptions).map_err(PayloadError::Schedule)?;
        Ok(made.with_jumps(Jumps { gap, fold }))
    }
}

impl TryFrom<WindowV1> for Window {
    type Error = PayloadError;
    fn try_from(w: WindowV1) -> Result<Self, PayloadError> {
        let days = w.days.iter().try_fold(Days::default(), |days, name| days.with(name));
        let days = days.ok_or(PayloadError::Part("a window on a day that is none of mon to sun"))?;
        Ok(Self { days, from: w.from_minute, to: w.to_minute })
    }
}

impl TryFrom<ExceptionV1> for DayException {
    type Error = PayloadError;
    fn try_from(e: ExceptionV1) -> Result<Self, PayloadError> {
        let wrong = || {
            PayloadError::Part("an exception on a date that is not of the form 2026-12-25, or 12-25 yearly")
        };
        let dates = match (&e.date, &e.last, &e.yearly) {
            (Some(date), None, None) => Dates::One(date.parse().map_err(|_| wrong())?),
            (Some(first), Some(last), None) => {
                Dates::Range(first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?)
            }
            (None, None, Some(yearly)) => Dates::yearly(yearly).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
        let made = Self {
            dates,
            reason: e.reason.map(|reason| reason.0),
            windows: e.windows.into_iter().map(|h| (h.from_minute, h.to_minute)).collect(),
        };
        // One spelling for each date.
        let again = ExceptionV1::from(&made);
        let same = (again.date, again.last, again.yearly) == (e.date, e.last, e.yearly);
        if same { Ok(made) } else { Err(wrong()) }
    }
}
