//! A small site for tests: a house with a hall, a lab with a cage in it, a yard, and short ways to make names.
#![allow(dead_code, reason = "each file of tests takes what it needs")]

use core::str::FromStr;
use core::time::Duration;
use lockward_history::{Areas, Here, Keeping, Touch};
use lockward_model::{ControllerId, Mono, Now, Time, ZoneId};

pub(crate) fn id<T: FromStr>(name: &str) -> T
where
    T::Err: core::fmt::Debug,
{
    name.parse().unwrap()
}

pub(crate) fn nth<T: FromStr>(kind: &str, n: usize) -> T
where
    T::Err: core::fmt::Debug,
{
    id(&format!("{kind}-{n}"))
}

pub(crate) const ZONES: [&str; 5] = ["house", "hall", "lab", "cage", "yard"];

/// House: hard. Lab: soft. Cage: once in ten seconds. Hall and yard: not kept. The lab is seen by a second controller.
pub(crate) struct House;

impl Areas for House {
    fn parent(&self, zone: ZoneId) -> Option<ZoneId> {
        match zone.as_str() {
            "hall" | "lab" => Some(id("house")),
            "cage" => Some(id("lab")),
            _ => None,
        }
    }
    fn keeping(&self, zone: ZoneId) -> Option<Keeping> {
        match zone.as_str() {
            "house" => Some(Keeping::Hard),
            "lab" => Some(Keeping::Soft),
            "cage" => Some(Keeping::Timed(Duration::from_secs(10))),
            _ => None,
        }
    }
    fn controllers(&self, zone: ZoneId) -> Vec<ControllerId> {
        if zone.as_str() == "lab" { vec![id("here"), id("there")] } else { vec![id("here")] }
    }
}

/// Everybody is heard.
pub(crate) fn all_heard() -> Touch {
    let mut touch = Touch::new(Some(id("here")), Duration::from_secs(60));
    touch.in_touch(id("there"), Mono(0));
    touch
}

pub(crate) fn at(ms: i64) -> Now {
    Now { mono: Mono(0), wall: Time(ms) }
}

pub(crate) fn here(touch: &Touch, ms: i64) -> Here<'_> {
    Here { areas: &House, touch, now: at(ms) }
}
