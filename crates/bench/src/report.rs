//! What a run found, for people in 80 columns and for machines in JSON: figures, checks, goals, and the load around them.

use crate::machine;
use crate::rounds::{Sure, Track, median};
use serde::Serialize;
use std::fmt::Write as _;

/// A terminal's usual width.
const COLUMNS: usize = 80;

/// A run's figures. Begin it before the first measurement: it notes the load.
#[derive(Serialize)]
pub(crate) struct Report {
    verb: &'static str,
    about: Vec<String>,
    figures: Vec<Figure>,
    checks: Vec<Check>,
    goals: Vec<Goal>,
    load_before: f64,
    load_after: f64,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    cpu_ns: Option<f64>,
}

/// Something that must hold, or the figures mean nothing.
#[derive(Serialize)]
struct Check {
    claim: String,
    held: bool,
}

#[derive(Serialize)]
struct Goal {
    name: String,
    value: f64,
    low: f64,
    high: f64,
    bound: f64,
    at_least: bool,
    met: bool,
}

/// Which side of its bound a figure has to be on.
#[derive(Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Report {
    pub(crate) fn begin(verb: &'static str) -> Self {
        let load_before = machine::load();
        let (about, figures, checks, goals) = (vec![], vec![], vec![], vec![]);
        Self { verb, about, figures, checks, goals, load_before, load_after: load_before }
    }

    /// How it was measured.
    pub(crate) fn about(&mut self, line: impl Into<String>) {
        self.about.push(line.into());
    }

    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { name: name.into(), value, unit, cpu_ns: None });
    }

    /// The median operation of a lane, with its CPU.
    pub(crate) fn track(&mut self, track: &Track) {
        let (value, cpu_ns) = (track.median(), Some(median(&track.cpu)));
        self.figures.push(Figure { name: track.name.into(), value, unit: "ns", cpu_ns });
    }

    pub(crate) fn check(&mut self, claim: impl Into<String>, held: bool) {
        self.checks.push(Check { claim: claim.into(), held });
    }

    pub(crate) fn goal(&mut self, name: impl Into<String>, found: Sure, bound: Bound) {
        let (at_least, limit, met) = match bound {
            Bound::AtMost(most) => (false, most, found.value <= most),
            Bound::AtLeast(least) => (true, least, found.value >= least),
        };
        let Sure { value, low, high } = found;
        self.goals.push(Goal { name: name.into(), value, low, high, bound: limit, at_least, met });
    }

    /// Whether every check held.
    #[cfg(test)]
    pub(crate) fn held(&self) -> bool {
        self.checks.iter().all(|c| c.held)
    }

    /// Prints it. True if every check held and every goal was met.
    pub(crate) fn end(mut self, json: bool) -> bool {
        self.load_after = machine::load();
        let text = if json { serde_json::to_string_pretty(&self).unwrap_or_default() } else { self.table() };
        println!("{text}");
        self.checks.iter().all(|c| c.held) && self.goals.iter().all(|g| g.met)
    }

    fn table(&self) -> String {
        let mut out = format!("{}\n", self.verb);
        // Writing to a String can not fail.
        for line in &self.about {
            wrap(line, &mut out);
        }
        let _ = writeln!(out, "\n  {:<48} {:>13} {:>13}", "figure", "median", "CPU/op");
        for f in &self.figures {
            let cpu = f.cpu_ns.map_or(String::new(), |ns| told(ns, "ns"));
            let _ = writeln!(out, "  {:<48} {:>13} {cpu:>13}", f.name, told(f.value, f.unit));
        }
        let _ = writeln!(out, "\n  {:<38} {:>8} {:>15} {:>9}", "goal", "found", "95 %", "bound");
        for g in &self.goals {
            let sign = if g.at_least { ">=" } else { "<=" };
            let spread =
                if g.low == g.high { String::new() } else { format!("{}..{}", short(g.low), short(g.high)) };
            let bound = format!("{sign} {}", short(g.bound));
            let met = if g.met { "met" } else { "MISS" };
            let _ = writeln!(out, "  {:<38} {:>8} {spread:>15} {bound:>9} {met}", g.name, short(g.value));
        }
        out.push('\n');
        for c in &self.checks {
            let _ = writeln!(out, "  [{}] {}", if c.held { "held" } else { "FAILED" }, c.claim);
        }
        let _ = writeln!(out, "  load {:.2} before, {:.2} after", self.load_before, self.load_after);
        if self.load_before.max(self.load_after) > machine::LOAD_MAX {
            let _ = writeln!(out, "  the machine is busy (load above {}): run it again", machine::LOAD_MAX);
        }
        out
    }
}

/// Puts a sentence on as many lines as it needs.
fn wrap(line: &str, out: &mut String) {
    let mut row = String::from(" ");
    for word in line.split_whitespace() {
        if row.chars().count() + 1 + word.chars().count() > COLUMNS {
            let _ = writeln!(out, "{row}");
            row = "   ".to_owned();
        }
        let _ = write!(row, " {word}");
    }
    let _ = writeln!(out, "{row}");
}

/// A value with the prefix that keeps it short.
fn told(value: f64, unit: &str) -> String {
    match unit {
        "ns" if value >= 1e9 => format!("{:.2} s", value / 1e9),
        "ns" if value >= 1e6 => format!("{:.2} ms", value / 1e6),
        "ns" if value >= 1e3 => format!("{:.2} µs", value / 1e3),
        "B" if value >= 1_048_576.0 => format!("{:.1} MiB", value / 1_048_576.0),
        unit => format!("{} {unit}", short(value)),
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_80_columns_and_tells_a_missed_goal() {
        let mut report = Report::begin("decide");
        report.figure("x".repeat(48), 123_456.0, "ns");
        report.goal(
            "y".repeat(38),
            Sure { value: 1234.5, low: 1000.0, high: 2000.0 },
            Bound::AtLeast(9999.0),
        );
        report.check("z", true);
        report.about("many words ".repeat(30));
        let table = report.table();
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert!(table.contains("MISS") && table.contains("123.46 µs"), "{table}");
        assert!(!report.end(true));
    }
}
