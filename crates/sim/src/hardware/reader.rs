//! The face of a reader: its light, its sounder, and what they told the person in front of it.

use crate::clock::real_now;
use core::time::Duration;
use lockward_osdp::command::{Blink, Buzzer, Color, Led, PdCommand, Temporary};
use std::time::Instant;

/// OSDP counts in these.
pub(super) const TENTH: Duration = Duration::from_millis(100);
/// An amber moment of at least so many tenths means "not now"; a shorter one, that a key was taken.
const WAIT_TENTHS: u16 = 5;

/// What a person sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Light {
    /// The first colour.
    pub color: Color,
    /// Whether it blinks.
    pub blinks: bool,
}

/// What a reader has told the person in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Go in.
    Granted,
    /// No.
    Denied,
    /// Type the PIN.
    EnterPin,
    /// Not now.
    Wait,
}

/// One reader's light and sounder, driven by what its panel commands.
#[derive(Debug)]
pub(super) struct Face {
    permanent: Light,
    moment: Option<(Light, Instant)>,
    sounds: bool,
    told: u64,
    last: Option<Signal>,
}

impl Default for Face {
    fn default() -> Self {
        let permanent = Light { color: Color::Off, blinks: false };
        Self { permanent, moment: None, sounds: false, told: 0, last: None }
    }
}

fn light(blink: Blink) -> Light {
    Light { color: blink.on_color, blinks: blink.off != 0 && blink.off_color != blink.on_color }
}

impl Face {
    pub(super) fn take(&mut self, command: &PdCommand) {
        match command {
            PdCommand::Led(led) => self.led(*led),
            PdCommand::Buzzer(Buzzer { sound, count, .. }) => self.sounds = *sound && *count == 0,
            PdCommand::Output(..) | PdCommand::Text(_) | PdCommand::Vendor(..) => {}
        }
    }

    fn led(&mut self, led: Led) {
        match led.temporary {
            Temporary::Keep => {}
            Temporary::Cancel => self.moment = None,
            Temporary::Set { blink, lasts } => {
                self.moment = Some((light(blink), real_now() + TENTH * u32::from(lasts)));
                let signal = match blink.on_color {
                    Color::Green => Some(Signal::Granted),
                    Color::Red => Some(Signal::Denied),
                    Color::Amber if lasts >= WAIT_TENTHS => Some(Signal::Wait),
                    _ => None,
                };
                self.tell(signal);
            }
        }
        if let Some(blink) = led.permanent {
            let (was, now) = (self.permanent, light(blink));
            self.permanent = now;
            // A blinking amber asks for the PIN for as long as it is asked for.
            let asks = now.color == Color::Amber && now.blinks && blink.off_color == Color::Off;
            self.tell((asks && now != was).then_some(Signal::EnterPin));
        }
    }

    fn tell(&mut self, signal: Option<Signal>) {
        if signal.is_some() {
            self.told += 1;
            self.last = signal;
        }
    }

    pub(super) fn shown(&self) -> Light {
        match self.moment {
            Some((light, until)) if real_now() < until => light,
            _ => self.permanent,
        }
    }

    /// True while it sounds until told otherwise: the alarm of a door held open.
    pub(super) fn sounds(&self) -> bool {
        self.sounds
    }

    /// How many signals there were, and the last.
    pub(super) fn told(&self) -> (u64, Option<Signal>) {
        (self.told, self.last)
    }
}
