//! A lift's cabin: one reader for several floors. A badge waits for the button that says which floor is meant.

use crate::core::Input;
use crate::feedback::FLOOR_WAIT;
use core::time::Duration;
use lockward_door::Key;
use lockward_model::{Mono, Side};

/// What a person shows at a reader, before it is known at which door.
#[derive(Clone)]
pub(crate) enum Shown {
    /// So many bits; none for something that is no card.
    Card(u16, Vec<u8>),
    /// Key, whether its signature was right, and how long it took.
    KeyCard(Box<[u8; 65]>, bool, Option<Duration>),
    Code(Box<[u8]>),
}

impl Shown {
    pub(crate) fn at(self, door: usize, side: Side) -> Input {
        match self {
            Self::Card(bits, data) => Input::Card { door, side, bits, data },
            Self::KeyCard(key, signed, took) => Input::KeyCard { door, side, key, signed, took },
            Self::Code(bytes) => Input::Code { door, side, bytes },
        }
    }
}

/// One cabin.
pub(crate) struct Cabin {
    /// Floors whose button is wired.
    chosen_by_button: Vec<usize>,
    /// Floors that can not be chosen: a badge is asked of all of them.
    always: Vec<usize>,
    waits: Option<(Shown, Mono)>,
    /// Where the last badge went: keys follow it.
    last: Vec<usize>,
}

impl Cabin {
    /// `floors`, each with whether its button is wired.
    pub(crate) fn new(floors: impl IntoIterator<Item = (usize, bool)>) -> Self {
        let (chosen, always): (Vec<_>, Vec<_>) = floors.into_iter().partition(|(_, button)| *button);
        let doors = |all: Vec<(usize, bool)>| all.into_iter().map(|(door, _)| door).collect::<Vec<_>>();
        let always = doors(always);
        Self { chosen_by_button: doors(chosen), last: always.clone(), always, waits: None }
    }

    /// A badge: a later one takes the place of one that still waits.
    pub(crate) fn show(&mut self, now: Mono, shown: Shown, out: &mut Vec<Input>) {
        out.extend(self.always.iter().map(|floor| shown.clone().at(*floor, Side::Entry)));
        self.last.clone_from(&self.always);
        if !self.chosen_by_button.is_empty() {
            self.waits = Some((shown, now + FLOOR_WAIT));
        }
    }

    /// A floor's button is pressed: the badge that waits is meant for it, and for no other.
    pub(crate) fn press(&mut self, now: Mono, floor: usize, out: &mut Vec<Input>) {
        if !self.chosen_by_button.contains(&floor) {
            return;
        }
        if let Some((shown, until)) = self.waits.take()
            && now < until
        {
            out.push(shown.at(floor, Side::Entry));
            self.last = vec![floor];
        }
    }

    pub(crate) fn key(&self, key: Key, out: &mut Vec<Input>) {
        out.extend(self.last.iter().map(|door| Input::Key { door: *door, side: Side::Entry, key }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Mono = Mono(1_000_000);

    fn card(bits: u16) -> Shown {
        Shown::Card(bits, vec![0; 4])
    }

    /// Which card went to which floor.
    fn told(inputs: &mut Vec<Input>) -> Vec<(usize, u16)> {
        let one = |input| match input {
            Input::Card { door, side: Side::Entry, bits, .. } => (door, bits),
            Input::Key { door, .. } => (door, 0),
            _ => panic!("nothing else was shown"),
        };
        inputs.drain(..).map(one).collect()
    }

    #[test]
    fn a_badge_goes_to_the_floor_whose_button_is_pressed_next_and_to_no_other() {
        let (mut cabin, mut out) = (Cabin::new([(4, true), (5, true)]), Vec::new());
        cabin.press(NOW, 5, &mut out);
        cabin.show(NOW, card(26), &mut out);
        assert_eq!(told(&mut out), [], "a button before the badge counts for nothing");
        cabin.press(NOW + Duration::from_secs(7), 5, &mut out);
        cabin.press(NOW + Duration::from_secs(7), 4, &mut out);
        assert_eq!(told(&mut out), [(5, 26)]);
        cabin.key(Key::Digit(1), &mut out);
        assert_eq!(told(&mut out), [(5, 0)], "keys follow it");
    }

    #[test]
    fn a_badge_that_nobody_chose_a_floor_for_is_forgotten_and_a_later_one_takes_its_place() {
        let (mut cabin, mut out) = (Cabin::new([(4, true)]), Vec::new());
        cabin.show(NOW, card(26), &mut out);
        cabin.press(NOW + FLOOR_WAIT, 4, &mut out);
        assert_eq!(told(&mut out), []);
        cabin.show(NOW, card(26), &mut out);
        cabin.show(NOW, card(37), &mut out);
        cabin.press(NOW, 4, &mut out);
        assert_eq!(told(&mut out), [(4, 37)]);
    }

    #[test]
    fn where_no_button_is_wired_a_badge_is_asked_of_every_floor() {
        let (mut cabin, mut out) = (Cabin::new([(4, false), (5, false)]), Vec::new());
        cabin.show(NOW, card(26), &mut out);
        assert_eq!(told(&mut out), [(4, 26), (5, 26)]);
        cabin.key(Key::Enter, &mut out);
        assert_eq!(told(&mut out), [(4, 0), (5, 0)]);
    }
}
