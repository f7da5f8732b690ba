//! What a reader's light and sounder do for each thing that a door wants to tell the person before it.
//!
//! | | light | sounder |
//! |---|---|---|
//! | ready | red | – |
//! | granted | green, 3 s | one short |
//! | denied | red, blinking fast, 2 s | three short |
//! | enter the PIN | amber, blinking slowly | one short |
//! | key taken | amber, on | – (the keypad clicks by itself) |
//! | wait | amber, 1 s | – |
//! | held too long | red, blinking | on and off until the door closes |
//! | open to everybody | green | – |

use lockward_door::Feedback;
use lockward_osdp::command::{Blink, Buzzer, Color, Led, PdCommand, Temporary};

/// A little longer than the door waits for a key (15 s).
const PIN_TENTHS: u16 = 160;

fn resting(color: Color) -> PdCommand {
    let permanent = Some(Blink::steady(color));
    PdCommand::Led(Led { reader: 0, number: 0, temporary: Temporary::Cancel, permanent })
}

/// `tenths` is how long, in tenths of a second; 0 `off` is steady.
fn moment(color: Color, on: u8, off: u8, tenths: u16) -> PdCommand {
    let off_color = if off == 0 { color } else { Color::Off };
    let temporary = Temporary::Set { blink: Blink { on, off, on_color: color, off_color }, lasts: tenths };
    PdCommand::Led(Led { reader: 0, number: 0, temporary, permanent: None })
}

fn beep(on: u8, off: u8, count: u8) -> PdCommand {
    PdCommand::Buzzer(Buzzer { reader: 0, sound: true, on, off, count })
}

/// The commands for one message; lights first, so that nothing delays what the eye waits for.
pub(crate) fn commands(feedback: Feedback) -> Vec<PdCommand> {
    match feedback {
        Feedback::Idle => vec![resting(Color::Red), silence()],
        Feedback::Granted => vec![moment(Color::Green, 1, 0, 30), beep(1, 1, 1)],
        Feedback::Denied => vec![moment(Color::Red, 1, 1, 20), beep(1, 1, 3)],
        Feedback::EnterPin => vec![moment(Color::Amber, 3, 3, PIN_TENTHS), beep(1, 1, 1)],
        // The light lasts as long as the door waits for the next key.
        Feedback::KeyTaken => vec![moment(Color::Amber, 3, 3, PIN_TENTHS)],
        Feedback::Wait => vec![moment(Color::Amber, 1, 0, 10)],
        Feedback::Held => vec![resting_blink(), beep(5, 5, 0)],
        Feedback::Unlocked => vec![resting(Color::Green), silence()],
    }
}

fn resting_blink() -> PdCommand {
    let blink = Blink { on: 5, off: 5, on_color: Color::Red, off_color: Color::Off };
    PdCommand::Led(Led { reader: 0, number: 0, temporary: Temporary::Cancel, permanent: Some(blink) })
}

fn silence() -> PdCommand {
    PdCommand::Buzzer(Buzzer { reader: 0, sound: false, on: 0, off: 0, count: 0 })
}
