//! How long a PIN must be: the arithmetic of a day of guessing at every keypad of a site.

use crate::guessing::Limits;
use core::fmt;

/// What a day of guessing may hit with, at most: one in ten thousand (`threats.md` A52).
const CHANCE_MAX: (u128, u128) = (1, 10_000);
/// Codes for each user (IEC 60839-11-1, table 4, line 21: 10 users need four digits, 100 five, 1,000 six).
const CODE_RATIO: u128 = 1_000;
/// The shortest code that any keypad takes.
const DIGITS_MIN: u32 = 4;
/// Where counting ends: 10^30 codes are more than any number of users and guesses.
const DIGITS_END: u32 = 30;

/// What the digits prove at a keypad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeUse {
    /// They alone say who it is: a guess hits if it is anybody's.
    Alone {
        /// How many people have a code that counts there.
        users: u32,
    },
    /// They follow a card, which the guesser has: a guess hits if it is one of that card's.
    AfterCard {
        /// How many are right beside it: a PIN, a second PIN for duress.
        codes: u32,
    },
}

/// The keypads of a site, and whether they know of each other's failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keypads {
    /// How many. Those of one controller know of each other at once, and are one.
    pub keypads: u32,
    /// True if their controllers hear each other; false is the worst: each has a controller of its own, and none hears
    /// another.
    pub in_touch: bool,
}

impl Keypads {
    /// The most guesses within a day, at all of them together, by people who try at each as soon as it is allowed.
    ///
    /// In touch, people may try at every keypad in the second before each hears of the others; the last such burst is the
    /// largest that counts. Out of touch, each allows what its own ladders allow.
    #[must_use]
    pub fn guesses_in_a_day(self, code: CodeUse) -> u64 {
        let all = u64::from(self.keypads);
        let Limits { credential, reader, site, .. } = Limits::KEYPADS;
        match (code, self.in_touch) {
            (_, _) if all == 0 => 0,
            (CodeUse::Alone { .. }, true) => (all * reader.in_a_day(1)).min(site.in_a_day_at(all)),
            (CodeUse::Alone { .. }, false) => all * reader.in_a_day(1),
            (CodeUse::AfterCard { .. }, true) => credential.in_a_day_at(all),
            (CodeUse::AfterCard { .. }, false) => all * credential.in_a_day(self.keypads as usize),
        }
    }
}

fn codes(digits: u32) -> u128 {
    10_u128.pow(digits.min(DIGITS_END))
}

/// The chance that so many different guesses among all codes of this length hit one of `users`: at most `guesses · users
/// / 10^digits`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a probability for a reader: 53 bits are enough")]
pub fn chance_of_a_hit(guesses: u64, users: u32, digits: u32) -> f64 {
    let hits = u128::from(guesses) * u128::from(users);
    (hits as f64 / codes(digits) as f64).min(1.0)
}

/// The shortest length that meets both: the standard's code ratio, and a chance below one in ten thousand that a day of
/// guessing at all `keypads` together hits, even while none of them hears of the others. May be longer than any PIN:
/// then digits alone cannot serve so many, and a card must come first.
#[must_use]
pub fn pin_digits_needed(code: CodeUse, keypads: u32) -> u32 {
    let arithmetic = explain_pin_digits(code, keypads, 0);
    arithmetic.by_ratio.max(arithmetic.by_guessing)
}

/// The same, with every figure, for the message at a change that would set codes of `digits` digits.
#[must_use]
pub fn explain_pin_digits(code: CodeUse, keypads: u32, digits: u32) -> PinArithmetic {
    let (CodeUse::Alone { users: right } | CodeUse::AfterCard { codes: right }) = code;
    let users = right.max(1);
    let guesses = Keypads { keypads, in_touch: false }.guesses_in_a_day(code);
    let hits = u128::from(guesses) * u128::from(users);
    let shortest =
        |fits: &dyn Fn(u32) -> bool| (DIGITS_MIN..DIGITS_END).find(|d| fits(*d)).unwrap_or(DIGITS_END);
    PinArithmetic {
        digits,
        users,
        keypads,
        guesses,
        chance: chance_of_a_hit(guesses, users, digits),
        chance_in_touch: chance_of_a_hit(
            Keypads { keypads, in_touch: true }.guesses_in_a_day(code),
            users,
            digits,
        ),
        by_ratio: shortest(&|d| codes(d) >= CODE_RATIO * u128::from(users)),
        by_guessing: shortest(&|d| hits * CHANCE_MAX.1 < codes(d) * CHANCE_MAX.0),
    }
}

/// Why a code must be so long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PinArithmetic {
    /// The length in question.
    pub digits: u32,
    /// How many right codes there are.
    pub users: u32,
    /// At how many keypads it can be tried.
    pub keypads: u32,
    /// Guesses within a day at all of them, while none hears of the others.
    pub guesses: u64,
    /// The chance that they hit.
    pub chance: f64,
    /// The chance that a day's guesses hit while the keypads hear of each other.
    pub chance_in_touch: f64,
    /// The length that the standard's code ratio asks for.
    pub by_ratio: u32,
    /// The length at which a day of guessing hits with less than one in ten thousand.
    pub by_guessing: u32,
}

impl PinArithmetic {
    /// True if the length in question is enough.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.digits >= self.by_ratio.max(self.by_guessing)
    }
}

impl fmt::Display for PinArithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digits, users, keypads, guesses, chance, by_ratio, by_guessing, .. } = self;
        let code = if *users == 1 { "code" } else { "codes" };
        let who = match keypads {
            1 => "one keypad lets".to_owned(),
            n => format!("{n} keypads that do not hear of each other let"),
        };
        write!(
            f,
            "{digits} digits for {users} right {code}: {who} {guesses} guesses a day pass, \
             {guesses} x {users} / 10^{digits} = {chance:.1e}; below 1e-4 needs {by_guessing} digits, \
             and {CODE_RATIO} codes a user (IEC 60839-11-1, table 4, line 21) need {by_ratio}"
        )
    }
}
