//! `docs/door-states.md` and its drawing are written from the tables, and fail here when they are stale.

use crate::{drawing, steps, table};
use core::fmt::Write;
use std::path::PathBuf;

/// Set to write the page and the drawing anew.
const REWRITE: &str = "LOCKWARD_REWRITE_DOCS";

const HEAD: &str = "\
# What a door does

Written from the door itself by its tests; `LOCKWARD_REWRITE_DOCS=1 cargo test -p lockward-door` writes it anew. The rules are
in `crates/door`; [Architecture](ARCHITECTURE.md) says where they stand.

A door has one **state**, for people. It is computed from facts that never merge: how the lock is commanded, what the bolt's
own sensor says, the contact, the request to exit, why the door is free, lockdown, fire, power, tampering, each reader. What
must be seen first names the state: alarms of the leaf, then what moves, then why it is free, then what is wrong.

![The states of a door, and what leads from one to another](door-states.svg)

The drawing leaves out what leads from everywhere to one place: fire, a cut wire, lockdown, and each way of becoming free.

## Always

- The bolt is out only by a grant for this door, by a request to exit where the lock holds people in (*maglock*), by fire
  there, or because the door is declared free. Where the handle opens from inside (*handle*), an exit moves no bolt.
- A request to exit works in every state and waits for nothing.
- A wire that can not be believed grants nothing, opens nothing, clears nothing, and keeps no bolt out.
- A grant serves once, for the one opening; every wait ends by itself.
- An open leaf is let be: what ends while it is open locks when it has shut.

Below, an empty field says that the state, or the bolt, stays as it was.

";

fn states() -> String {
    let all = table::lines();
    let mut page = String::from("## Every state with every input\n");
    for (from, ..) in table::WAYS {
        let (idle, lines): (Vec<_>, Vec<_>) =
            all.iter().filter(|l| l.from == from).partition(|l| l.outcome.nothing);
        writeln!(page, "\n### {from}\n\n| on | then | the bolt | records |\n|---|---|---|---|").unwrap();
        for line in lines {
            let o = &line.outcome;
            let to = if o.to == line.state { "" } else { o.to.as_str() };
            let bolt = match o.released {
                Some(true) => "out",
                Some(false) => "in",
                None => "",
            };
            writeln!(page, "| {} | {to} | {bolt} | {} |", on(line), o.records.join(", ")).unwrap();
        }
        let idle: Vec<_> = idle.into_iter().map(on).collect();
        writeln!(page, "\nNothing on: {}.", idle.join(", ")).unwrap();
    }
    page
}

fn on(line: &table::Line) -> String {
    match &line.setups[..] {
        [] => line.input.to_owned(),
        setups => format!("{} ({})", line.input, setups.join("; ")),
    }
}

fn reader() -> String {
    let mut page = String::from(
        "\n## Every step of a reader\n\nWhatever is shown or typed ends in a question to the site, which puts it on record. The person \
         who came last is the one of whom\nmore is wanted.\n",
    );
    let mut step = "";
    for (of, input, does) in steps::lines() {
        if of != step {
            step = of;
            writeln!(page, "\n### {step}\n\n| on | the reader |\n|---|---|").unwrap();
        }
        if !does.is_empty() {
            writeln!(page, "| {input} | {does} |").unwrap();
        }
    }
    page
}

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

fn holds(name: &str, due: &str) {
    let path = docs(name);
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(&path, due).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == due, "docs/{name} is stale: run this test with {REWRITE}=1, and look at what changed");
}

#[test]
fn the_page_of_states_is_the_tables() {
    holds("door-states.md", &format!("{HEAD}{}{}", states(), reader()));
}

#[test]
fn the_drawing_is_the_table() {
    holds("door-states.svg", &drawing::svg(&table::lines()));
}
