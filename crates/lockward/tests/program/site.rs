//! A site in a folder of its own, and the program beside it.

use lockward_store::{HubStore, Log};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What one run of the program came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Panics unless it went well.
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    /// Panics unless it failed with this exit code, and said so on standard error.
    pub(crate) fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// Panics unless every line fits a terminal.
    pub(crate) fn narrow(self) -> Self {
        for line in self.out.lines().chain(self.err.lines()) {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
        self
    }

    /// Both streams as one line of words, however they were wrapped.
    pub(crate) fn words(&self) -> String {
        let all = format!("{} {}", self.out, self.err);
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Panics unless all of these were said.
    pub(crate) fn says(self, wanted: &[&str]) -> Self {
        let words = self.words();
        wanted.iter().for_each(|w| assert!(words.contains(w), "`{w}` is missing in: {words}"));
        self
    }

    /// Panics if any of these was said.
    pub(crate) fn hides(self, secrets: &[&str]) -> Self {
        let words = self.words();
        secrets.iter().for_each(|s| assert!(!words.contains(s), "`{s}` stands in: {words}"));
        self
    }
}

/// The program in a folder.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockward"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    command.env_remove("LOCKWARD_MASTER_KEY");
    command
}

pub(crate) fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that runs until it is dropped.
pub(crate) struct Background(pub(crate) Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A temporary folder, with a site in `site` if it was founded.
pub(crate) struct House {
    pub(crate) dir: TempDir,
}

pub(crate) const INIT: [&str; 9] = [
    "init",
    "site",
    "--title",
    "Depot Nord",
    "--zone",
    "Europe/Berlin",
    "--operator",
    "ada",
    "--no-passphrase",
];

impl House {
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn founded() -> Self {
        let house = Self::empty();
        house.run(&INIT).good();
        house
    }

    /// With the sample site applied.
    pub(crate) fn furnished() -> Self {
        let house = Self::founded();
        house.apply(GOOD).good();
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        finish(command(self.dir.path(), args))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Applies a change file without asking.
    pub(crate) fn apply(&self, text: &str) -> Run {
        self.write("change.toml", text);
        self.run(&["change", "apply", "change.toml", "--dir", "site", "--yes"])
    }

    /// How many entries the logs have.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let store = self.store();
        (store.head(Log::Config).unwrap().size(), store.head(Log::Event).unwrap().size())
    }

    pub(crate) fn store(&self) -> HubStore {
        HubStore::open(&self.path("site")).unwrap()
    }

    /// Every file below a folder, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        gather(self.dir.path(), &mut found);
        found.sort();
        found
    }
}

fn gather(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, found) } else { found.push((path.clone(), fs::read(path).unwrap())) }
    }
}

/// Secrets of the sample that nothing may ever print.
pub(crate) const SECRETS: [&str; 5] = ["4711", "4712", "deadbeef", "271828", "argon2"];

/// A small site: a hall with a cage in it, three people, a schedule.
pub(crate) const GOOD: &str = r#"
reason = "Opening of the depot"

[[zone]]
id = "cage"
title = "Stock cage"
in = "hall"

[[zone]]
id = "hall"
title = "Hall"

[[schedule]]
id = "days"
title = "Working days"
[[schedule.window]]
days = ["mon-fri", "sat"]
from = "06:00"
to = "22:00"
[[schedule.exception]]
date = 2026-12-25
windows = []
[[schedule.exception]]
date = 2026-12-24
windows = ["06:00-12:00"]

[[controller]]
id = "north"
title = "North wall"

[[door]]
id = "main"
title = "Main entrance"
kind = "entrance"
to = "hall"
controller = "north"
release = "5s"
open_limit = "30s"
relock = "on-close"
exit = "mechanical"

[[door]]
id = "cage"
title = "Cage door"
kind = "cage"
from = "hall"
to = "cage"
controller = "north"
release = "3s"
open_limit = "1m"
relock = "on-open"
exit = "released"

[[group]]
id = "staff"
title = "Staff"
[[group]]
id = "stock"
title = "Stock keepers"

[[person]]
id = "p1"
name = "Grace Hopper"
contact = "grace@example.com"
groups = ["staff"]
[[person]]
id = "p2"
name = "Alan Turing"
groups = ["stock", "staff"]
valid_until = 2099-12-31
[[person]]
id = "p3"
name = "Edsger Dijkstra"

[[card]]
id = "c1"
person = "p1"
number = "26:12:4711"
[[card]]
id = "c2"
person = "p2"
number = "26:12:4712"
[[card]]
id = "c3"
person = "p3"
number = "32:deadbeef"
[[pin]]
id = "k2"
person = "p2"
pin = "271828"

[[rule]]
id = "in-by-day"
title = "Staff by day"
groups = ["staff"]
zones = ["hall"]
schedule = "days"
factors = ["card"]
[[rule]]
id = "stock"
title = "Stock keepers"
groups = ["stock"]
doors = ["cage"]
factors = ["card", "pin"]

[[policy]]
id = "no-p3"
text = 'forbid (principal == Person::"p3", action == Action::"enter", resource);'
"#;
