//! Stable codes: written down nowhere but in the tables of `model`, and `docs/CODES.md` is those tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use lockward_model::CODE_TABLES;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Set to anything, it writes the page anew.
const REWRITE: &str = "LOCKWARD_REWRITE_DOCS";

/// What looks like a code and is none: names of environment variables.
const VARIABLES: [&str; 3] = ["LOCKWARD_", "CARGO_", "NO_COLOR"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every source file of the rooms but `model`, without files of tests.
fn sources() -> Vec<PathBuf> {
    let mut folders: Vec<_> =
        fs::read_dir(project().join("crates")).unwrap().map(|e| e.unwrap().path()).collect();
    folders.retain(|room| !room.ends_with("model"));
    folders.iter_mut().for_each(|room| room.push("src"));
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    found
}

/// Capitals, joined by low lines.
fn looks_like_a_code(word: &str) -> bool {
    let capitals = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    };
    word.contains('_')
        && word.split('_').all(capitals)
        && !VARIABLES.iter().any(|variable| word.starts_with(variable))
}

/// The literals of a source file that look like a code; its tests may hold what they like.
fn spelled(text: &str) -> Vec<String> {
    // What stands behind `mod tests` is a test.
    let shipped = text.split("#[cfg(test)]").next().unwrap();
    let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = lines.flat_map(|line| line.split('"'));
    words.filter(|word| looks_like_a_code(word)).map(str::to_owned).collect()
}

#[test]
fn only_the_tables_spell_a_code() {
    let rooms = project().join("crates");
    for path in sources() {
        let codes = spelled(&fs::read_to_string(&path).unwrap());
        let name = path.strip_prefix(&rooms).unwrap().to_str().unwrap();
        let advice = "name them from a table in model/src/code, or put them into one";
        assert!(codes.is_empty(), "{name} spells {codes:?}: {advice}");
    }
}

#[test]
fn a_spelled_code_is_seen() {
    assert_eq!(spelled(r#"Err(Bye("LOG_FORK")), env("LOCKWARD_LOG"), "WORD", "A _B""#), ["LOG_FORK"]);
    assert!(
        spelled("// as \"LOG_FORK\"\n#[cfg(test)] mod tests { const X: &str = \"LOG_FORK\"; }").is_empty()
    );
}

/// The page, as the tables say it.
fn page() -> String {
    let mut codes: BTreeMap<_, (_, _, Vec<_>)> = BTreeMap::new();
    for (place, rows) in CODE_TABLES {
        for row in rows {
            let (_, alarm, places) = codes.entry(row.code).or_insert((row.sentence, row.alarm, Vec::new()));
            *alarm |= row.alarm;
            places.push(place);
        }
    }
    let mut page = String::from(HEAD);
    for (code, (sentence, alarm, places)) in codes {
        let alarm = if alarm { "yes" } else { "" };
        writeln!(page, "| `{code}` | {sentence} | {alarm} | {} |", places.join(", ")).unwrap();
    }
    page
}

const HEAD: &str = "\
# Codes

Whatever happens, is refused or is found has one code; the log, the API, the link, the programs and the pages share it. A code
keeps its meaning for ever. What to do about an alarm stands in [Operating](OPERATING.md#codes).

Where a code occurs:

- **event**: what an entry of the event log says.
- **door**: why access was denied, within `ACCESS_DENIED`.
- **link**: why the hub turned a peer away, did not enrol a device, or ended a controller's link. Who was turned away or not
  enrolled is on record within the alarm `TLS_PEER_INVALID`; why a link ended stands in the programs' own logs.
- **change**: why an entry of the config log is not followed: what the hub and `lockward change apply` answer, and what a
  controller puts on record within the alarm `CONFIG_REFUSED`.
- **API**: the `code` of a problem (RFC 9457), and the word on an error page.
- **audit**: what `lockward log verify` names.

This page is written from the tables in `crates/model/src/code`; `LOCKWARD_REWRITE_DOCS=1 cargo test -p lockward-model --test codes`
writes it anew.

| code | meaning | alarm | where |
|---|---|---|---|
";

#[test]
fn the_page_of_codes_is_the_tables() {
    let (path, due) = (project().join("docs/CODES.md"), page());
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, &due).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == due, "docs/CODES.md is stale: run this test with {REWRITE}=1, and look at what changed");
}
