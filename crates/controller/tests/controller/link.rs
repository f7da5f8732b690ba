//! A link that loses, repeats, delays and breaks, as a seed says.

use crate::hub::FakeHub;
use crate::rig::{Rig, Seen};
use lockward_controller::core::Input;
use lockward_wire::link::{Frames, ToController, ToHub};
use std::collections::VecDeque;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// How often each fault happens: once in so many messages, or turns.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) loses: u64,
    pub(crate) repeats: u64,
    pub(crate) breaks: u64,
    /// A message takes up to so many turns.
    pub(crate) delay: u64,
}

pub(crate) struct Link {
    dice: Dice,
    faults: Faults,
    turn: u64,
    up: bool,
    up_way: VecDeque<(u64, ToHub)>,
    down_way: VecDeque<(u64, ToController)>,
}

impl Link {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let dice = Dice(seed);
        Self { dice, faults, turn: 0, up: false, up_way: VecDeque::new(), down_way: VecDeque::new() }
    }

    /// What the controller sent in a turn.
    pub(crate) fn carry(&mut self, seen: Seen) {
        if seen.hung_up {
            self.up_way.clear();
            self.up = false;
        }
        for said in seen.sent {
            let due = self.turn + self.dice.below(self.faults.delay);
            if self.up {
                // In order: nothing overtakes.
                let due = self.up_way.back().map_or(due, |(last, _)| due.max(*last));
                self.up_way.push_back((due, over_the_wire(&said)));
            }
        }
    }

    /// One turn of the link: breaks and stands again, and delivers what is due at both ends.
    pub(crate) fn step(&mut self, rig: &mut Rig, hub: &mut FakeHub) {
        self.turn += 1;
        if self.up && self.dice.once_in(self.faults.breaks) {
            self.cut(rig, hub);
        }
        if !self.up {
            if self.dice.once_in(4) {
                self.up = true;
                let seen = rig.turn(vec![Input::Linked]);
                self.carry(seen);
            }
            return;
        }
        while let Some((_, said)) = self.up_way.pop_front_if(|(due, _)| *due <= self.turn) {
            for _ in 0..self.copies() {
                match hub.hear(rig.now.wall, said.clone()) {
                    Ok(answers) => {
                        let due = self.turn + self.dice.below(self.faults.delay);
                        self.down_way.extend(answers.into_iter().map(|a| (due, a)));
                    }
                    Err(_ended) => return self.cut(rig, hub),
                }
            }
        }
        let mut inputs = Vec::new();
        while let Some((_, answer)) = self.down_way.pop_front_if(|(due, _)| *due <= self.turn) {
            for _ in 0..self.copies() {
                inputs.push(Input::Hub(Box::new(answer.clone())));
            }
        }
        if !inputs.is_empty() {
            let seen = rig.turn(inputs);
            self.carry(seen);
            if !self.up {
                self.cut(rig, hub);
            }
        }
    }

    pub(crate) fn cut(&mut self, rig: &mut Rig, hub: &mut FakeHub) {
        self.forget(hub);
        rig.turn(vec![Input::Unlinked]);
    }

    /// What a link that broke, or whose end lost its power, still carried.
    pub(crate) fn forget(&mut self, hub: &mut FakeHub) {
        self.up = false;
        self.up_way.clear();
        self.down_way.clear();
        hub.unlinked();
    }

    fn copies(&mut self) -> usize {
        if self.dice.once_in(self.faults.loses) {
            0
        } else if self.dice.once_in(self.faults.repeats) {
            2
        } else {
            1
        }
    }
}

fn over_the_wire(said: &ToHub) -> ToHub {
    let mut frames = Frames::default();
    frames.push(&said.encode().unwrap());
    ToHub::decode(frames.next_frame().unwrap().unwrap()).unwrap()
}
