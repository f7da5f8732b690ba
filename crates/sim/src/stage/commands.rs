//! The commands: one a line, in words that an installer would say.

/// Every command with its arguments, and what it does, in the order of the help.
pub(super) const COMMANDS: [(&str, &str); 33] = [
    ("badge DOOR PERSON [exit]", "holds a card to the reader; `stranger` has one that nobody knows"),
    ("keys DOOR 271828# [exit]", "types; `#` ends an entry, `*` begins again"),
    ("key-card DOOR PERSON [late|forged]", "shows a card that signs"),
    ("issue NAME DOOR|ZONE [USES]", "makes a pass, good for an hour"),
    ("pass DOOR NAME", "shows a pass"),
    ("press DOOR [hold]", "presses the button or the handle inside, for a second or until `let-go`"),
    ("let-go DOOR", "lets it go"),
    ("open DOOR", "opens the leaf, if the bolt lets it"),
    ("force DOOR", "opens it, whatever the bolt does"),
    ("close DOOR", "closes it"),
    ("bolt DOOR out|in|free", "the bolt sticks: drawn back, thrown, or no longer"),
    ("call FLOOR", "sends the lift to a floor"),
    ("cut DOOR contact|exit|bolt|called", "cuts a wire"),
    ("short DOOR contact|exit|bolt|called", "bridges it"),
    ("ground DOOR contact|exit|bolt|called", "ties it to earth"),
    ("feed DOOR contact|exit|bolt|called", "feeds it a foreign voltage"),
    ("mend DOOR contact|exit|bolt|called", "mends it"),
    (
        "building power|battery|fire|tamper on|off",
        "tells all controllers; `on` is what is wrong, but for power",
    ),
    ("wait 10s | wait until 18:00", "lets time go by"),
    ("clock +1h", "sets the controllers' clocks wrong; the hub's stays right"),
    ("hub lost|back", "nobody reaches the hub, or everybody again"),
    ("kill CONTROLLER", "kills the process; it comes up again after two seconds"),
    ("power CONTROLLER cut|back", "takes its power, or gives it back"),
    ("change FILE|TOML", "changes the site, signed by the operator"),
    ("lock-down ZONE", "nobody enters"),
    ("lift ZONE", "ends that"),
    ("threat ZONE 0..4", "sets how watchful it is"),
    ("forgive PERSON | forgive zone ZONE", "forgets where somebody is, or everybody in a zone"),
    ("show [DOOR]", "doors, bolts and wires"),
    ("muster", "who is where"),
    ("log [COUNT]", "the last events"),
    ("why N | verify", "tells an event and decides it again; checks the whole log"),
    ("expect [no] event CODE [DOOR] | release DOOR | DOOR STATE", "fails the script if that is not so"),
];

/// One line, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// The first word.
    pub verb: &'a str,
    /// The others.
    pub words: Vec<&'a str>,
    /// Everything behind the first word, as it was typed.
    pub rest: &'a str,
}

impl<'a> Command<'a> {
    /// Reads a line; `None` where it says nothing. What stands behind a ` # ` or a `#` at its beginning is for readers.
    #[must_use]
    pub fn read(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let said =
            if line.starts_with('#') { "" } else { line.split(" # ").next().unwrap_or_default().trim() };
        let (verb, rest) = said.split_once(' ').unwrap_or((said, ""));
        let rest = rest.trim();
        (!verb.is_empty()).then(|| Self { verb, words: rest.split_whitespace().collect(), rest })
    }
}

/// How a command is written.
pub(super) fn usage(verb: &str) -> Option<&'static str> {
    let first = |usage: &str| usage.split(' ').next() == Some(verb);
    match verb {
        "verify" => Some("verify"),
        _ => COMMANDS.iter().map(|(usage, _)| *usage).find(|u| first(u)),
    }
}

/// What to say to a word that is none: the nearest that is.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let shared = |k: &str| k.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    let near = |k: &str| shared(k).max(usize::from(sorted(k) == sorted(word)) * word.len());
    let best = known.into_iter().map(|k| (near(k), k)).max_by_key(|(n, _)| *n);
    best.filter(|(n, _)| *n >= 2).map(|(_, k)| format!("; did you mean `{k}`?")).unwrap_or_default()
}

fn sorted(word: &str) -> Vec<u8> {
    let mut letters: Vec<u8> = word.bytes().collect();
    letters.sort_unstable();
    letters
}

/// Every first word.
pub(super) fn verbs() -> impl Iterator<Item = &'static str> {
    let first = COMMANDS.iter().filter_map(|(usage, _)| usage.split(' ').next());
    first.chain(["verify", "help", "quit"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_verb_and_words_and_comments_are_not_heeded() {
        let read = Command::read("  badge main  ada # the first of the day").unwrap();
        assert_eq!((read.verb, read.words, read.rest), ("badge", vec!["main", "ada"], "main  ada"));
        assert_eq!(Command::read("keys main 1234#").unwrap().words, ["main", "1234#"]);
        assert_eq!((Command::read("# nothing"), Command::read("  ")), (None, None));
    }

    #[test]
    fn a_word_that_is_none_gets_a_hint_where_one_is_near() {
        assert_eq!(hint("bagde", verbs()), "; did you mean `badge`?");
        assert_eq!(hint("colour", ["main", "cage"]), "");
        assert_eq!(hint("mian", ["main", "cage"]), "; did you mean `main`?");
    }

    #[test]
    fn every_usage_fits_beside_what_it_means() {
        assert!(COMMANDS.iter().all(|(usage, meaning)| usage.len() <= 76 && meaning.len() <= 76));
    }
}
