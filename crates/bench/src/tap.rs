//! `tap`: from a card at a reader to the card in the panel's hands, on a line that takes each byte's time.
//!
//! Twice: in simulated time, which is exact and shows what the panel adds to the wire; and in real time beside LibOSDP,
//! which reads its own clock, with LibOSDP's readers on both lines.

use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, ROUNDS_MIN, bootstrap, mean, percentile};
use crate::tap_line::{Line, REPLY_DELAY};
use crate::tap_paced::Pair;
use clap::Args;

#[derive(Args)]
pub(crate) struct Options {
    /// Baud rates.
    #[arg(long, value_delimiter = ',', default_values_t = [9_600, 115_200])]
    baud: Vec<u32>,
    /// Readers on a line.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8])]
    readers: Vec<u8>,
    /// Taps in simulated time.
    #[arg(long, default_value_t = 2_000)]
    taps: u16,
    /// Taps a round at each panel in real time; 0 leaves LibOSDP out.
    #[arg(long, default_value_t = 20)]
    paced: usize,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("tap");
    report.about(format!("simulated line: byte by byte, exact; readers answer after {REPLY_DELAY} µs"));
    report.about("paced line: real time, whole frames after their characters' time, 0.1 ms loop,");
    report.about("LibOSDP's readers on both lines, taps in turn at Lockward's panel and LibOSDP's");
    let (cpu, mut exchanges) = (machine::thread_cpu_ns(), 0);
    for baud in &options.baud {
        for readers in &options.readers {
            exchanges += simulated(&mut report, options.taps, *readers, *baud)?;
        }
        exchanges += silent(&mut report, options.taps, *baud)?;
    }
    let cpu = (machine::thread_cpu_ns() - cpu) / exchanges.max(1) as f64;
    report.figure("CPU of an exchange, panel, readers and line", cpu, "ns");
    report.check("every simulated card arrived once, as it was, in a secure channel", true);
    if options.paced > 0 {
        for baud in &options.baud {
            for readers in &options.readers {
                paced(&mut report, options, *readers, *baud)?;
            }
        }
        report.check("every paced card arrived once, as it was, in a secure channel", true);
    }
    Ok(report)
}

fn simulated(report: &mut Report, taps: u16, readers: u8, baud: u32) -> Result<u64, Failed> {
    let mut line = Line::new(readers, None, baud)?;
    let found = line.taps(taps, 11)?;
    report.figure(
        format!("simulated mean, {baud} baud, {readers} readers"),
        mean(&found.latencies) * 1e3,
        "ns",
    );
    report.figure(format!("  of which its bytes need, {baud}, {readers}"), found.need * 1e3, "ns");
    let over = bootstrap(&found.latencies, &[], |all, _| mean(all) / found.need);
    report.goal(format!("mean / its bytes, {baud}, {readers}"), over, Bound::AtMost(1.15));
    Ok(line.exchanges)
}

fn silent(report: &mut Report, taps: u16, baud: u32) -> Result<u64, Failed> {
    let (mut alive, mut one_less) = (Line::new(8, None, baud)?, Line::new(8, Some(3), baud)?);
    let (all, some) = (alive.taps(taps, 5)?.latencies, one_less.taps(taps, 5)?.latencies);
    let p99 = |all: &[f64]| percentile(all, 0.99);
    report.figure(format!("simulated p99, {baud}, 8 readers"), p99(&all) * 1e3, "ns");
    report.figure(format!("simulated p99, {baud}, 8 readers, one silent"), p99(&some) * 1e3, "ns");
    let ratio = bootstrap(&some, &all, |a, b| p99(a) / p99(b));
    report.goal(format!("p99 one silent / all alive, {baud}"), ratio, Bound::AtMost(1.2));
    Ok(alive.exchanges + one_less.exchanges)
}

fn paced(report: &mut Report, options: &Options, readers: u8, baud: u32) -> Result<(), Failed> {
    let mut pair = Pair::new(readers, baud)?;
    let [mut ours, mut theirs] = [Vec::new(), Vec::new()];
    let (start, before) = (machine::now(), pair.cpu());
    for _ in 0..options.rounds.max(ROUNDS_MIN) {
        let [a, b] = pair.taps(options.paced)?;
        ours.extend(a);
        theirs.extend(b);
    }
    let elapsed = start.elapsed().as_nanos() as f64;
    for (name, all, cpu, old) in
        [("Lockward", &ours, pair.cpu()[0], before[0]), ("LibOSDP", &theirs, pair.cpu()[1], before[1])]
    {
        let p95 = percentile(all, 0.95) / 1e6;
        let share = (cpu - old) / elapsed * 100.0;
        let told = format!("{name}, {baud}, {readers}: p95 {p95:.1} ms, {share:.1} % of a core");
        report.figure(told, mean(all), "ns");
    }
    let ratio = bootstrap(&ours, &theirs, |a, b| mean(a) / mean(b));
    let name = format!("mean / LibOSDP's, {baud}, {readers}");
    // A goal only where LibOSDP's own poll is the latency: one reader at 115,200 baud. With eight, or at 9,600, the wire is.
    if baud >= 115_200 && readers == 1 {
        report.goal(name, ratio, Bound::AtMost(0.40));
    } else {
        report.figure(name, ratio.value, "");
    }
    Ok(())
}
