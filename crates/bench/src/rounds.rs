//! Rounds that interleave: A B A B, medians of the rounds, and the ratio of two medians with how sure it is.

use crate::dice::Dice;
use crate::machine;

/// Fewer rounds say nothing about a shared machine.
pub(crate) const ROUNDS_MIN: usize = 9;
/// Resamplings of one bootstrap: the ends of a 95 % interval then stand on 50 values each.
const RESAMPLES: usize = 2_000;

/// One thing that is measured: what it is called, and what runs it once; it tells what each operation took.
pub(crate) struct Lane<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut(usize) -> Result<Round, Failed> + 'a>,
}

/// Why a measurement is void: a correctness check failed, or something could not be set up.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What one round of one lane took.
pub(crate) struct Round {
    /// Nanoseconds: each operation's, or one mean for all where they can not be told apart.
    pub(crate) each: Vec<f64>,
    /// CPU nanoseconds an operation, over the whole round.
    pub(crate) cpu: f64,
}

/// All rounds of one lane.
pub(crate) struct Track {
    pub(crate) name: &'static str,
    /// The median operation of each round, in nanoseconds.
    pub(crate) medians: Vec<f64>,
    /// CPU nanoseconds an operation, of each round.
    pub(crate) cpu: Vec<f64>,
    /// Every operation of every round, in nanoseconds.
    pub(crate) all: Vec<f64>,
}

impl Track {
    pub(crate) fn median(&self) -> f64 {
        median(&self.medians)
    }
}

/// Runs every lane once a round. The first round only warms up: it does not count.
pub(crate) fn interleave(rounds: usize, lanes: &mut [Lane<'_>]) -> Result<Vec<Track>, Failed> {
    let empty = |lane: &Lane<'_>| Track { name: lane.name, medians: vec![], cpu: vec![], all: vec![] };
    let mut tracks: Vec<Track> = lanes.iter().map(empty).collect();
    for round in 0..=rounds.max(ROUNDS_MIN) {
        for (lane, track) in lanes.iter_mut().zip(&mut tracks) {
            let taken = (lane.run)(round)?;
            if round > 0 {
                track.medians.push(median(&taken.each));
                track.cpu.push(taken.cpu);
                track.all.extend(taken.each);
            }
        }
    }
    Ok(tracks)
}

/// Times `count` operations one by one, with this thread's CPU.
pub(crate) fn each(
    count: usize,
    mut operation: impl FnMut(usize) -> Result<(), Failed>,
) -> Result<Round, Failed> {
    let mut took = Vec::with_capacity(count);
    let cpu = machine::thread_cpu_ns();
    let mut before = machine::now();
    for n in 0..count {
        operation(n)?;
        let after = machine::now();
        took.push((after - before).as_nanos() as f64);
        before = after;
    }
    let cpu = (machine::thread_cpu_ns() - cpu) / count.max(1) as f64;
    Ok(Round { each: took, cpu })
}

/// The middle; the mean of the two in the middle of an even number.
pub(crate) fn median(all: &[f64]) -> f64 {
    let sorted = sorted(all);
    let middle = sorted.len() / 2;
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 { at(middle) } else { (at(middle.wrapping_sub(1)) + at(middle)) / 2.0 }
}

/// The value that `share` of all are at most.
pub(crate) fn percentile(all: &[f64], share: f64) -> f64 {
    let sorted = sorted(all);
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

pub(crate) fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / all.len() as f64
}

fn sorted(all: &[f64]) -> Vec<f64> {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A figure and the interval that holds it in 95 of 100 resamplings.
#[derive(Clone, Copy)]
pub(crate) struct Sure {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Sure {
    pub(crate) fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }
}

/// What `figure` makes of both lists, resampled apart from each other.
pub(crate) fn bootstrap(a: &[f64], b: &[f64], figure: impl Fn(&[f64], &[f64]) -> f64) -> Sure {
    let mut dice = Dice::new(0x5eed);
    let mut again = |all: &[f64]| -> Vec<f64> {
        let drawn = (0..all.len()).filter_map(|_| dice.pick(all).copied());
        drawn.collect()
    };
    let found: Vec<f64> = (0..RESAMPLES).map(|_| figure(&again(a), &again(b))).collect();
    Sure { value: figure(a, b), low: percentile(&found, 0.025), high: percentile(&found, 0.975) }
}

/// The ratio of the medians of rounds.
pub(crate) fn ratio(of: &Track, to: &Track) -> Sure {
    bootstrap(&of.medians, &to.medians, |a, b| median(a) / median(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_of_the_sorted_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!((percentile(&hundred, 0.99), percentile(&hundred, 0.5)), (99.0, 50.0));
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
    }

    #[test]
    fn an_interval_is_narrow_for_steady_rounds_and_wide_for_others() {
        let track = |medians: Vec<f64>| Track { name: "", medians, cpu: vec![], all: vec![] };
        let steady = track(vec![10.0; 9]);
        let found = ratio(&track(vec![20.0; 9]), &steady);
        assert_eq!((found.value, found.low, found.high), (2.0, 2.0, 2.0));
        let found = ratio(&track((1..10).map(f64::from).collect()), &steady);
        assert!(found.low < found.value && found.value < found.high);
    }

    #[test]
    fn lanes_take_turns_and_the_first_round_does_not_count() {
        let order = std::cell::RefCell::new(Vec::new());
        let order = &order;
        let lane = |name| Lane {
            name,
            run: Box::new(move |round| {
                order.borrow_mut().push(name);
                Ok(Round { each: vec![round as f64], cpu: 0.0 })
            }),
        };
        let tracks = interleave(1, &mut [lane("a"), lane("b")]).unwrap();
        assert_eq!(tracks[0].medians, (1..=ROUNDS_MIN).map(|n| n as f64).collect::<Vec<_>>());
        assert_eq!(order.borrow().len(), 2 * (ROUNDS_MIN + 1));
        assert!(order.borrow().chunks(2).all(|pair| pair == ["a", "b"]));
    }
}
