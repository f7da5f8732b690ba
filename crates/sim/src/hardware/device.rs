//! What a simulated device says that it is.

use lockward_osdp::key::Scbk;
use lockward_osdp::pd::PdSettings;
use lockward_osdp::reply::{Capability, Identity, function};

/// A device on the line.
pub struct Device {
    /// 0 to 126.
    pub address: u8,
    /// Its key, as its installer set it.
    pub key: Scbk,
    /// Its serial number: another one is another device.
    pub serial: u32,
}

pub(super) fn reader(device: Device) -> PdSettings {
    let can = [
        (function::CARD_DATA, 1, 0),
        (function::LED, 2, 1),
        (function::BUZZER, 2, 1),
        (function::CRC, 1, 0),
        (function::SECURITY, 1, 0),
        (function::READERS, 0, 1),
    ];
    settings(device, 1, &can)
}

pub(super) fn lock_board(device: Device) -> PdSettings {
    // Counts that no panel here looks at; 16 of each is a common board.
    let can = [
        (function::CONTACTS, 2, 16),
        (function::OUTPUTS, 2, 8),
        (function::CRC, 1, 0),
        (function::SECURITY, 1, 0),
    ];
    settings(device, 2, &can)
}

fn settings(device: Device, model: u8, can: &[(u8, u8, u8)]) -> PdSettings {
    // An OUI with the local bit: no maker's.
    let vendor = [0x02, 0x4c, 0x57];
    let identity = Identity { vendor, model, version: 1, serial: device.serial, firmware: [1, 0, 0] };
    let capability = |(function, level, items): &(u8, u8, u8)| Capability {
        function: *function,
        level: *level,
        items: *items,
    };
    PdSettings {
        address: device.address,
        key: Some(device.key),
        install: false,
        identity,
        capabilities: can.iter().map(capability).collect(),
    }
}
