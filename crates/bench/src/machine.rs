//! What this machine says about itself: its clocks, its load, its memory.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads clocks and waits")]

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Above this load a figure is worth little: two cores, both busy with something.
pub(crate) const LOAD_MAX: f64 = 2.0;

/// Now, for measuring.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets other programs run.
pub(crate) fn rest(time: Duration) {
    std::thread::sleep(time);
}

/// CPU time of this whole process, in nanoseconds.
pub(crate) fn process_cpu_ns() -> f64 {
    cpu(ClockId::ProcessCPUTime)
}

/// CPU time of this thread, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> f64 {
    cpu(ClockId::ThreadCPUTime)
}

fn cpu(clock: ClockId) -> f64 {
    let at = clock_gettime(clock);
    at.tv_sec as f64 * 1e9 + at.tv_nsec as f64
}

/// The load average of the last minute.
pub(crate) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// Memory of this process that is in RAM, in bytes: now, and at its highest.
pub(crate) fn resident() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}
