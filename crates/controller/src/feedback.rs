//! What a reader's light and sounder do for each thing that a door wants to tell the person before it.
//!
//! | | light | sounder |
//! |---|---|---|
//! | ready | red | – |
//! | open to everybody | green | – |
//! | nobody enters (lockdown) | dark, a red flash every two seconds | – |
//! | close it soon | red and amber in turn | a short one every second, until the door closes |
//! | held too long | red, blinking | on and off, until the door closes |
//! | enter the PIN | amber, blinking | one short |
//! | show the card | amber | one short |
//! | the second person, please | amber and green in turn | two short |
//! | choose a floor (in a lift) | amber, blinking fast, 8 s | one short |
//! | granted | green, 3 s | one short |
//! | denied | red, blinking fast, 2 s | three short |
//! | key taken | amber, a moment | – (the keypad clicks by itself) |
//! | wait | amber, 1 s | – |
//!
//! The first five are seen while nothing else is. The next three stand before those until the answer, and are said to
//! the reader as what it shows for good, so that nothing short can take their place. All others last for a moment.

use core::time::Duration;
use lockward_door::Feedback;
use lockward_model::Mono;
use lockward_osdp::command::{Blink, Buzzer, Color, Led, PdCommand, Temporary};

/// How long a card that was shown in a cabin waits for a floor's button.
pub(crate) const FLOOR_WAIT: Duration = Duration::from_secs(8);
/// One card in a cabin may be asked of several floors: a refusal does not hide that another floor was granted.
const GRANTED_STANDS: Duration = Duration::from_secs(2);

/// One reader's light and sounder, and the doors that it speaks for: one, or the floors of a cabin.
#[derive(Debug)]
pub(crate) struct Face {
    resting: Vec<(usize, Feedback)>,
    asking: Option<Feedback>,
    granted: Option<Mono>,
}

impl Face {
    pub(crate) fn new(doors: impl IntoIterator<Item = usize>) -> Self {
        let resting = doors.into_iter().map(|door| (door, Feedback::Idle)).collect();
        Self { resting, asking: None, granted: None }
    }

    /// The commands for one message of a door; lights first, so that nothing delays what the eye waits for.
    pub(crate) fn show(&mut self, now: Mono, door: usize, feedback: Feedback) -> Vec<PdCommand> {
        match feedback {
            Feedback::Idle | Feedback::Unlocked | Feedback::Lockdown | Feedback::Warning | Feedback::Held => {
                self.rest(door, feedback)
            }
            Feedback::EnterPin | Feedback::ShowCard | Feedback::SecondPerson => {
                self.asking = Some(feedback);
                let count = if feedback == Feedback::SecondPerson { 2 } else { 1 };
                vec![self.permanent(Temporary::Cancel), beep(count)]
            }
            Feedback::Granted => {
                self.granted = Some(now);
                self.answer(steady(Color::Green), 30, 1)
            }
            Feedback::Denied => {
                if self.resting.len() > 1 && self.granted.is_some_and(|at| now < at + GRANTED_STANDS) {
                    return Vec::new();
                }
                self.answer(blink(1, Color::Red, 1, Color::Off), 20, 3)
            }
            Feedback::KeyTaken => vec![moment(steady(Color::Amber), 2)],
            Feedback::Wait => vec![moment(steady(Color::Amber), 10)],
        }
    }

    /// All that a reader shows that has just come, and knows nothing.
    pub(crate) fn again(&self) -> Vec<PdCommand> {
        let sound = sound(self.resting()).unwrap_or_else(silence);
        vec![self.permanent(Temporary::Cancel), sound]
    }

    fn rest(&mut self, door: usize, feedback: Feedback) -> Vec<PdCommand> {
        let before = self.resting();
        if let Some((_, resting)) = self.resting.iter_mut().find(|(d, _)| *d == door) {
            *resting = feedback;
        }
        let mut out = Vec::new();
        // What is seen before it stays so.
        if self.asking.is_none() {
            out.push(self.permanent(Temporary::Keep));
        }
        match (sound(before), sound(self.resting())) {
            (_, Some(sound)) => out.push(sound),
            (Some(_), None) => out.push(silence()),
            (None, None) => {}
        }
        out
    }

    /// The answer ends whatever was asked.
    fn answer(&mut self, blink: Blink, tenths: u16, sounds: u8) -> Vec<PdCommand> {
        self.asking = None;
        let temporary = Temporary::Set { blink, lasts: tenths };
        vec![self.permanent(temporary), beep(sounds)]
    }

    /// What is shown while nothing else is: what all its doors say, or nothing special.
    fn resting(&self) -> Feedback {
        let first = self.resting.first().map_or(Feedback::Idle, |(_, f)| *f);
        if self.resting.iter().all(|(_, f)| *f == first) { first } else { Feedback::Idle }
    }

    fn permanent(&self, temporary: Temporary) -> PdCommand {
        let blink = match self.asking.unwrap_or_else(|| self.resting()) {
            Feedback::Unlocked => steady(Color::Green),
            Feedback::Lockdown => blink(2, Color::Red, 18, Color::Off),
            Feedback::Warning => blink(5, Color::Red, 5, Color::Amber),
            Feedback::Held => blink(5, Color::Red, 5, Color::Off),
            Feedback::EnterPin => blink(3, Color::Amber, 3, Color::Off),
            Feedback::ShowCard => steady(Color::Amber),
            Feedback::SecondPerson => blink(5, Color::Amber, 5, Color::Green),
            _ => steady(Color::Red),
        };
        PdCommand::Led(Led { reader: 0, number: 0, temporary, permanent: Some(blink) })
    }
}

/// A card is taken in a cabin, and waits for the button of a floor.
pub(crate) fn choose_floor() -> Vec<PdCommand> {
    let tenths = u16::try_from(FLOOR_WAIT.as_millis() / 100).unwrap_or(u16::MAX);
    vec![moment(blink(1, Color::Amber, 1, Color::Off), tenths), beep(1)]
}

/// What sounds for as long as a door rests like this.
fn sound(resting: Feedback) -> Option<PdCommand> {
    let (on, off) = match resting {
        Feedback::Warning => (1, 9),
        Feedback::Held => (5, 5),
        _ => return None,
    };
    Some(PdCommand::Buzzer(Buzzer { reader: 0, sound: true, on, off, count: 0 }))
}

fn steady(color: Color) -> Blink {
    Blink::steady(color)
}

/// Times in tenths of a second.
fn blink(on: u8, on_color: Color, off: u8, off_color: Color) -> Blink {
    Blink { on, off, on_color, off_color }
}

fn moment(blink: Blink, tenths: u16) -> PdCommand {
    let temporary = Temporary::Set { blink, lasts: tenths };
    PdCommand::Led(Led { reader: 0, number: 0, temporary, permanent: None })
}

fn beep(count: u8) -> PdCommand {
    PdCommand::Buzzer(Buzzer { reader: 0, sound: true, on: 1, off: 1, count })
}

fn silence() -> PdCommand {
    PdCommand::Buzzer(Buzzer { reader: 0, sound: false, on: 0, off: 0, count: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(5_000_000);

    /// What is seen for good, and what for a moment.
    fn light(commands: &[PdCommand]) -> (Option<Blink>, Option<Blink>) {
        let led = commands.iter().find_map(|c| if let PdCommand::Led(led) = c { Some(led) } else { None });
        let temporary =
            |led: &Led| if let Temporary::Set { blink, .. } = led.temporary { Some(blink) } else { None };
        (led.and_then(|l| l.permanent), led.and_then(temporary))
    }

    fn sounds(commands: &[PdCommand]) -> Vec<(bool, u8)> {
        let sound =
            |c: &PdCommand| if let PdCommand::Buzzer(b) = c { Some((b.sound, b.count)) } else { None };
        commands.iter().filter_map(sound).collect()
    }

    #[test]
    fn no_two_messages_look_and_sound_alike() {
        let all = [
            Feedback::Idle,
            Feedback::Unlocked,
            Feedback::Lockdown,
            Feedback::Warning,
            Feedback::Held,
            Feedback::EnterPin,
            Feedback::ShowCard,
            Feedback::SecondPerson,
            Feedback::Granted,
            Feedback::Denied,
            Feedback::KeyTaken,
            Feedback::Wait,
        ];
        let shown = all.map(|f| Face::new([0]).show(NOW, 0, f));
        for (i, one) in shown.iter().enumerate() {
            assert!(shown.iter().skip(i + 1).all(|other| one != other), "{:?}", all[i]);
        }
    }

    #[test]
    fn what_is_asked_stays_until_the_answer_whatever_else_is_said() {
        let mut face = Face::new([0]);
        let asked = light(&face.show(NOW, 0, Feedback::EnterPin)).0.unwrap();
        assert_eq!(light(&face.show(NOW, 0, Feedback::KeyTaken)), (None, Some(steady(Color::Amber))));
        assert_eq!(light(&face.show(NOW, 0, Feedback::Unlocked)), (None, None), "seen when nothing else is");
        assert_eq!(light(&face.again()).0, Some(asked), "the reader restarted");
        let (after, answer) = light(&face.show(NOW, 0, Feedback::Denied));
        assert_eq!(answer.map(|b| b.on_color), Some(Color::Red));
        assert_eq!(after, Some(steady(Color::Green)), "and what it rests in from then on");
    }

    #[test]
    fn a_sound_that_lasts_ends_with_what_it_is_for_and_a_short_one_is_let_ring_out() {
        let mut face = Face::new([0]);
        assert_eq!(sounds(&face.show(NOW, 0, Feedback::Warning)), [(true, 0)]);
        assert_eq!(sounds(&face.show(NOW, 0, Feedback::Held)), [(true, 0)]);
        assert_eq!(sounds(&face.again()), [(true, 0)]);
        assert_eq!(sounds(&face.show(NOW, 0, Feedback::Idle)), [(false, 0)]);
        assert_eq!(sounds(&face.show(NOW, 0, Feedback::Granted)), [(true, 1)]);
        assert_eq!(sounds(&face.show(NOW, 0, Feedback::Idle)), []);
    }

    #[test]
    fn a_cabin_shows_what_all_floors_say_and_a_grant_over_a_refusal() {
        let mut cabin = Face::new([3, 4]);
        assert_eq!(light(&cabin.show(NOW, 3, Feedback::Unlocked)).0, Some(steady(Color::Red)));
        assert_eq!(light(&cabin.show(NOW, 4, Feedback::Unlocked)).0, Some(steady(Color::Green)));
        assert_eq!(light(&cabin.show(NOW, 3, Feedback::Granted)).1, Some(steady(Color::Green)));
        assert_eq!(cabin.show(NOW, 4, Feedback::Denied), []);
        let later = NOW + GRANTED_STANDS;
        assert!(light(&cabin.show(later, 4, Feedback::Denied)).1.is_some(), "of the next card");
        let mut door = Face::new([0]);
        door.show(NOW, 0, Feedback::Granted);
        assert!(!door.show(NOW, 0, Feedback::Denied).is_empty(), "the next person at a door is told");
    }
}
