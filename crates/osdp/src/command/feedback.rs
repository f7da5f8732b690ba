//! What a panel's owner may ask of a reader: light, sound, output, display; and their bytes.

use super::code;

/// Longest text of TEXT: two rows of a common 16-column display.
pub const TEXT_MAX: usize = 32;
/// Longest data of MFG: a frame of 128 bytes, which any PD takes, less header, security, padding, MAC and vendor.
pub const MFG_MAX: usize = 96;

/// A colour of a reader's light (OSDP 2.2, 6.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "colours are what they are called")]
pub enum Color {
    Off,
    Red,
    Green,
    Amber,
    Blue,
    Magenta,
    Cyan,
    White,
}

impl Color {
    const ALL: [Self; 8] =
        [Self::Off, Self::Red, Self::Green, Self::Amber, Self::Blue, Self::Magenta, Self::Cyan, Self::White];

    fn read(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

/// How a light blinks: `on` and `off` in units of 100 ms; a steady light has `off` 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blink {
    /// Time in `on_color`, in 100 ms.
    pub on: u8,
    /// Time in `off_color`, in 100 ms.
    pub off: u8,
    /// Colour of the first time.
    pub on_color: Color,
    /// Colour of the second time.
    pub off_color: Color,
}

impl Blink {
    /// One colour, not blinking.
    #[must_use]
    pub fn steady(color: Color) -> Self {
        Self { on: 1, off: 0, on_color: color, off_color: color }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.on, self.off, self.on_color as u8, self.off_color as u8]);
    }

    fn read(bytes: [u8; 4]) -> Option<Self> {
        let [on, off, on_color, off_color] = bytes;
        // OSDP 2.2, 6.10: both times zero is not allowed when the record is used.
        (on != 0 || off != 0).then_some(())?;
        Some(Self { on, off, on_color: Color::read(on_color)?, off_color: Color::read(off_color)? })
    }
}

/// What a light does for a while, before it goes back to its permanent state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporary {
    /// Leave a running temporary state as it is.
    Keep,
    /// End it now.
    Cancel,
    /// Start one.
    Set {
        /// How it blinks.
        blink: Blink,
        /// How long, in 100 ms.
        lasts: u16,
    },
}

/// LED: one light of one reader (OSDP 2.2, 6.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Led {
    /// Reader number within the PD, from 0.
    pub reader: u8,
    /// Light number within the reader, from 0.
    pub number: u8,
    /// For a while.
    pub temporary: Temporary,
    /// From now on; `None` leaves it as it is.
    pub permanent: Option<Blink>,
}

/// BUZ: the reader's sounder (OSDP 2.2, 6.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buzzer {
    /// Reader number within the PD, from 0.
    pub reader: u8,
    /// False is silence now; the rest is then not used.
    pub sound: bool,
    /// Time on, in 100 ms; not 0 when it shall sound.
    pub on: u8,
    /// Time off, in 100 ms.
    pub off: u8,
    /// How many times; 0 is until told otherwise.
    pub count: u8,
}

/// What an output does (OSDP 2.2, 6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputControl {
    /// No change.
    Keep,
    /// Off for good; ends a timed state.
    Off,
    /// On for good; ends a timed state.
    On,
    /// Off for good; a timed state runs to its end.
    OffAfterTimed,
    /// On for good; a timed state runs to its end.
    OnAfterTimed,
    /// On for a time in 100 ms, then back.
    OnFor(u16),
    /// Off for a time in 100 ms, then back.
    OffFor(u16),
}

impl OutputControl {
    fn parts(self) -> (u8, u16) {
        match self {
            Self::Keep => (0, 0),
            Self::Off => (1, 0),
            Self::On => (2, 0),
            Self::OffAfterTimed => (3, 0),
            Self::OnAfterTimed => (4, 0),
            Self::OnFor(time) => (5, time),
            Self::OffFor(time) => (6, time),
        }
    }

    fn read(control: u8, time: u16) -> Option<Self> {
        Some(match control {
            0 => Self::Keep,
            1 => Self::Off,
            2 => Self::On,
            3 => Self::OffAfterTimed,
            4 => Self::OnAfterTimed,
            5 => Self::OnFor(time),
            6 => Self::OffFor(time),
            _ => return None,
        })
    }
}

/// TEXT: a line on the reader's display (OSDP 2.2, 6.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Reader number within the PD, from 0.
    pub reader: u8,
    /// Shown for so many seconds; `None` is until replaced.
    pub seconds: Option<u8>,
    /// Row, from 1.
    pub row: u8,
    /// Column, from 1.
    pub column: u8,
    /// Printable ASCII; what passes [`TEXT_MAX`] is cut off.
    pub text: String,
}

/// A command that a panel's owner may give, in session only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PdCommand {
    /// A light.
    Led(Led),
    /// The sounder.
    Buzzer(Buzzer),
    /// An output: its number from 0, and what it does.
    Output(u8, OutputControl),
    /// The display.
    Text(Text),
    /// A maker's own command: vendor code and at most [`MFG_MAX`] bytes.
    Vendor([u8; 3], Vec<u8>),
}

impl PdCommand {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Led(led) => led.write(out),
            Self::Buzzer(b) => {
                out.extend_from_slice(&[b.reader, if b.sound { 2 } else { 1 }, b.on, b.off, b.count]);
            }
            Self::Output(number, control) => {
                let (control, time) = control.parts();
                out.extend_from_slice(&[*number, control]);
                out.extend_from_slice(&time.to_le_bytes());
            }
            Self::Text(text) => {
                let shown: Vec<u8> = text
                    .text
                    .chars()
                    .map(|c| if c == ' ' || c.is_ascii_graphic() { c as u8 } else { b'?' })
                    .take(TEXT_MAX)
                    .collect();
                // 1: permanent, no wrap; 3: temporary, no wrap.
                let (control, seconds) = text.seconds.map_or((1, 0), |seconds| (3, seconds));
                let len = u8::try_from(shown.len()).unwrap_or(u8::MAX);
                out.extend_from_slice(&[text.reader, control, seconds, text.row, text.column, len]);
                out.extend_from_slice(&shown);
            }
            Self::Vendor(vendor, data) => {
                out.extend_from_slice(vendor);
                out.extend(data.iter().take(MFG_MAX));
            }
        }
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Output(..) => code::OUT,
            Self::Led(_) => code::LED,
            Self::Buzzer(_) => code::BUZ,
            Self::Text(_) => code::TEXT,
            Self::Vendor(..) => code::MFG,
        }
    }

    pub(super) fn read(code: u8, data: &[u8]) -> Option<Self> {
        Some(match (code, data) {
            (code::LED, data) => Self::Led(Led::read(data.try_into().ok()?)?),
            (code::BUZ, &[reader, control, on, off, count]) => {
                let sound = matches!(control, 2 | 3);
                // OSDP 2.2, 6.11: a tone with no time on is no tone.
                (control == 1 || (sound && on != 0)).then_some(())?;
                Self::Buzzer(Buzzer { reader, sound, on, off, count })
            }
            (code::OUT, &[number, control, low, high]) => {
                Self::Output(number, OutputControl::read(control, u16::from_le_bytes([low, high]))?)
            }
            (code::TEXT, &[reader, control, time, row, column, len, ref text @ ..]) => {
                (usize::from(len) == text.len() && text.len() <= TEXT_MAX).then_some(())?;
                let seconds = match control {
                    1 | 2 => None,
                    3 | 4 => Some(time),
                    _ => return None,
                };
                let text = String::from_utf8(text.to_vec()).ok().filter(|text| text.is_ascii())?;
                Self::Text(Text { reader, seconds, row, column, text })
            }
            (code::MFG, &[a, b, c, ref data @ ..]) if data.len() <= MFG_MAX => {
                Self::Vendor([a, b, c], data.to_vec())
            }
            _ => return None,
        })
    }
}

impl Led {
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.reader, self.number]);
        match self.temporary {
            Temporary::Keep => out.extend_from_slice(&[0; 7]),
            Temporary::Cancel => out.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0]),
            Temporary::Set { blink, lasts } => {
                out.push(2);
                blink.write(out);
                out.extend_from_slice(&lasts.to_le_bytes());
            }
        }
        match self.permanent {
            None => out.extend_from_slice(&[0; 5]),
            Some(blink) => {
                out.push(1);
                blink.write(out);
            }
        }
    }

    fn read(bytes: [u8; 14]) -> Option<Self> {
        let [reader, number, temporary, t0, t1, t2, t3, low, high, permanent, p0, p1, p2, p3] = bytes;
        let temporary = match temporary {
            0 => Temporary::Keep,
            1 => Temporary::Cancel,
            2 => Temporary::Set {
                blink: Blink::read([t0, t1, t2, t3])?,
                lasts: u16::from_le_bytes([low, high]),
            },
            _ => return None,
        };
        let permanent = match permanent {
            0 => None,
            1 => Some(Blink::read([p0, p1, p2, p3])?),
            _ => return None,
        };
        Some(Self { reader, number, temporary, permanent })
    }
}
