//! Devices as they were first met inside a secure channel: another one at the same address is refused, also after a
//! restart.

use crate::bus;
use lockward_osdp::reply::Identity as Device;
use lockward_store::{Disk, StateError, StateFile};
use std::collections::BTreeMap;
use std::path::Path;

/// Why the list can not be kept.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    /// The file can not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// It holds something else.
    #[error(
        "the list of known readers can not be understood; restore it, or remove `readers` to meet them all anew"
    )]
    Meaning(#[source] serde_json::Error),
}

/// Vendor, model, version, serial number and firmware, as numbers, by bus and address.
type File = BTreeMap<String, BTreeMap<u8, [u32; 7]>>;

/// Its file in the controller's folder.
pub(crate) const FILE: &str = "readers";

pub(crate) struct Pins {
    known: File,
}

impl Pins {
    pub(crate) fn read(disk: impl Disk, dir: &Path) -> Result<Self, PinsError> {
        let file = StateFile::open(disk, &dir.join(FILE))?;
        let known = match file.read()? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(PinsError::Meaning)?,
            None => File::default(),
        };
        Ok(Self { known })
    }

    pub(crate) fn of(&self, bus: &str) -> bus::Pins {
        let known = self.known.get(bus).into_iter().flatten();
        known.map(|(address, numbers)| (*address, device(*numbers))).collect()
    }

    /// From now on this is the device there. Gives the whole list, to be kept.
    pub(crate) fn meet(&mut self, bus: &str, address: u8, device: Device) -> Vec<u8> {
        self.known.entry(bus.into()).or_default().insert(address, numbers(device));
        self.to_bytes()
    }

    /// Whoever answers at this address next is the one. Kept when this returns.
    pub(crate) fn forget(
        &mut self,
        disk: impl Disk,
        dir: &Path,
        bus: &str,
        address: u8,
    ) -> Result<(), PinsError> {
        if let Some(known) = self.known.get_mut(bus) {
            known.remove(&address);
        }
        Ok(StateFile::open(disk, &dir.join(FILE))?.write(&self.to_bytes())?)
    }

    fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers: serialising them can not fail.
        serde_json::to_vec(&self.known).unwrap_or_default()
    }
}

fn numbers(d: Device) -> [u32; 7] {
    let vendor = u32::from_be_bytes([0, d.vendor[0], d.vendor[1], d.vendor[2]]);
    let [major, minor, build] = d.firmware.map(u32::from);
    [vendor, d.model.into(), d.version.into(), d.serial, major, minor, build]
}

fn device([vendor, model, version, serial, major, minor, build]: [u32; 7]) -> Device {
    // Every number was a byte (three, for the vendor) when it was written.
    let byte = |n: u32| n.to_be_bytes()[3];
    let [_, a, b, c] = vendor.to_be_bytes();
    Device {
        vendor: [a, b, c],
        model: byte(model),
        version: byte(version),
        serial,
        firmware: [byte(major), byte(minor), byte(build)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockward_store::SimDisk;

    #[test]
    fn a_device_is_known_again_after_a_restart_until_it_is_forgotten() {
        let disk = SimDisk::new(1);
        let met = Device {
            vendor: [0, 0xca, 0xfe],
            model: 1,
            version: 2,
            serial: 0xa1b2_c3d4,
            firmware: [1, 2, 3],
        };
        let list = Pins::read(disk.clone(), Path::new("/c")).unwrap().meet("a", 5, met);
        StateFile::open(disk.clone(), &Path::new("/c").join(FILE)).unwrap().write(&list).unwrap();
        let mut pins = Pins::read(disk.clone(), Path::new("/c")).unwrap();
        assert_eq!(pins.of("a").get(&5), Some(&met));
        pins.forget(disk.clone(), Path::new("/c"), "a", 5).unwrap();
        assert!(Pins::read(disk, Path::new("/c")).unwrap().of("a").is_empty());
    }
}
