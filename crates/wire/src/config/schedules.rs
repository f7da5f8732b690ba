//! Schedules in JSON: weekly windows and exception days.

use super::payload::PayloadError;
use crate::spelling::Said;
use lockward_model::{DayException, Days, Schedule, ScheduleId, Text, Window};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleV1 {
    id: Said<ScheduleId>,
    title: Said<Text>,
    windows: Vec<WindowV1>,
    exceptions: Vec<ExceptionV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowV1 {
    days: Vec<Box<str>>,
    from_minute: u16,
    to_minute: u16,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionV1 {
    date: Box<str>,
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
        let hours = |(from, to): &(u16, u16)| HoursV1 { from_minute: *from, to_minute: *to };
        let exception = |e: &DayException| ExceptionV1 {
            date: e.date.to_string().into(),
            windows: e.windows.iter().map(hours).collect(),
        };
        Self {
            id: Said(s.id()),
            title: Said(s.title().clone()),
            windows: s.windows().iter().map(window).collect(),
            exceptions: s.exceptions().iter().map(exception).collect(),
        }
    }
}

impl TryFrom<ScheduleV1> for Schedule {
    type Error = PayloadError;
    fn try_from(s: ScheduleV1) -> Result<Self, PayloadError> {
        let windows = s.windows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let exceptions = s.exceptions.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Self::new(s.id.0, s.title.0, windows, exceptions).map_err(PayloadError::Schedule)
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
        let wrong = PayloadError::Part("an exception on a date that is not of the form 2026-12-25");
        let made = Self {
            date: match e.date.parse() {
                Ok(date) => date,
                Err(_) => return Err(wrong),
            },
            windows: e.windows.into_iter().map(|h| (h.from_minute, h.to_minute)).collect(),
        };
        if made.date.to_string() == *e.date { Ok(made) } else { Err(wrong) }
    }
}
