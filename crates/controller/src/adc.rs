//! Converters of this machine (Linux IIO): loops with resistors at their end, read from files in `/sys`.

use crate::senses::{Ears, Heard};
use core::time::Duration;
use lockward_inputs::{Adc, Reading};
use std::path::{Path, PathBuf};

/// Far shorter than the shortest level that counts (400 ms), with time to settle.
const POLL: Duration = Duration::from_millis(50);

/// One loop.
pub(crate) struct Loop {
    /// Which wire it is.
    pub(crate) wire: usize,
    pub(crate) out: PathBuf,
    pub(crate) back: Option<PathBuf>,
    pub(crate) adc: Adc,
}

/// Reads all loops again and again, on a thread of its own.
pub(crate) fn start(loops: Vec<Loop>, ears: Ears) -> std::io::Result<()> {
    if loops.is_empty() {
        return Ok(());
    }
    std::thread::Builder::new().name("adc".into()).spawn(move || {
        while loops.iter().all(|l| ears.send(Heard::Reading(l.wire, read(l))).is_ok()) {
            std::thread::park_timeout(POLL);
        }
    })?;
    Ok(())
}

/// What can not be read is lost, whatever it was a moment ago.
fn read(l: &Loop) -> Reading {
    match (count(&l.out), l.back.as_deref().map(count)) {
        (Some(out), None) => l.adc.reading(out, None),
        (Some(out), Some(Some(back))) => l.adc.reading(out, Some(back)),
        _ => Reading::Lost,
    }
}

fn count(file: &Path) -> Option<u16> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_inputs::{AdcLoop, Ohms};
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_loop_is_read_from_its_files_and_lost_with_either_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let (out, back) = (dir.path().join("in_voltage0_raw"), dir.path().join("in_voltage1_raw"));
        let wired = AdcLoop { full_scale: 4095, supply: 4000, pull_up: 1000, back: None };
        let one = Loop { wire: 0, out: out.clone(), back: None, adc: Adc::new(wired).unwrap() };
        assert_eq!(read(&one), Reading::Lost, "not there");
        std::fs::write(&out, "2000\n").unwrap();
        assert_eq!(read(&one), Reading::Loop(Ohms(1_000)));
        for nonsense in ["", "-1", "70000", "two"] {
            std::fs::write(&out, nonsense).unwrap();
            assert_eq!(read(&one), Reading::Lost, "{nonsense}");
        }

        let adc = Adc::new(AdcLoop { back: Some(100), ..wired }).unwrap();
        let two = Loop { wire: 0, out: out.clone(), back: Some(back.clone()), adc };
        std::fs::write(&out, "2095\n").unwrap();
        assert_eq!(read(&two), Reading::Lost, "one leg says nothing");
        std::fs::write(&back, "190\n").unwrap();
        assert_eq!(read(&two), Reading::Loop(Ohms(1_000)));
    }

    #[test]
    fn loops_are_read_until_nobody_listens() {
        let (ears, inbox) = sync_channel(4);
        let adc = Adc::new(AdcLoop { full_scale: 9, supply: 9, pull_up: 9, back: None }).unwrap();
        start(vec![Loop { wire: 7, out: "/nowhere".into(), back: None, adc }], ears).unwrap();
        for _ in 0..3 {
            assert!(matches!(inbox.recv(), Ok(Heard::Reading(7, Reading::Lost))));
        }
    }
}
