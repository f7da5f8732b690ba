//! Asking the person at the terminal: a line, a passphrase that is not shown, yes or no.

use crate::say::remark;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Shortest passphrase: at 0.1 s a guess on a good machine, four random words, or twelve random letters, are out of
/// reach; shorter ones that people choose are not.
pub(crate) const PASSPHRASE_CHARS_MIN: usize = 12;
/// Longest passphrase: no person types more, and a wrong file is not read to its end.
const PASSPHRASE_BYTES_MAX: u64 = 1_024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// Nobody is there.
    #[error("there is no terminal to ask at; give `{0}`")]
    NoTerminal(&'static str),
    /// The passphrase's file.
    #[error("could not read the passphrase from `{path}`")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Too easy to guess.
    #[error("the passphrase is too short; take at least {PASSPHRASE_CHARS_MIN} characters, best four words")]
    Short,
    /// Typed twice, in two ways.
    #[error("the two passphrases differ; nothing was made")]
    Differ,
    /// The terminal failed.
    #[error("the terminal could not be read")]
    Io(#[from] io::Error),
}

/// Wiped when dropped, never printed.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// From a file's first line.
    fn read(path: &Path) -> Result<Self, AskError> {
        let failed = |source| AskError::File { path: path.into(), source };
        let mut text = Zeroizing::new(String::new());
        File::open(path)
            .map_err(failed)?
            .take(PASSPHRASE_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(failed)?;
        Ok(Self(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
    }
}

/// True if somebody can answer.
pub(crate) fn there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// What was given, or the answer to a question. `flag` would have given it.
pub(crate) fn given_or_asked(
    given: Option<String>,
    flag: &'static str,
    question: &str,
) -> Result<String, AskError> {
    match given {
        Some(text) => Ok(text),
        None if there() => line(question),
        None => Err(AskError::NoTerminal(flag)),
    }
}

fn line(question: &str) -> Result<String, AskError> {
    eprint!("{question}: ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// Yes or no; anything but yes is no.
pub(crate) fn agrees(question: &str) -> Result<bool, AskError> {
    if !there() {
        return Err(AskError::NoTerminal("--yes"));
    }
    let answer = line(&format!("{question} [y/N]"))?;
    Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

/// The passphrase of a key that is there.
pub(crate) fn passphrase(file: Option<&Path>) -> Result<Passphrase, AskError> {
    secret(file, "passphrase of the operator's key", "--passphrase-file")
}

/// Something that nobody may read over a shoulder: from a file, or typed.
pub(crate) fn secret(
    file: Option<&Path>,
    question: &str,
    option: &'static str,
) -> Result<Passphrase, AskError> {
    match file {
        Some(path) => Passphrase::read(path),
        None if there() => hidden(question),
        None => Err(AskError::NoTerminal(option)),
    }
}

/// A passphrase for a new key: asked for twice.
pub(crate) fn new_passphrase(file: Option<&Path>) -> Result<Passphrase, AskError> {
    let chosen = match file {
        Some(path) => Passphrase::read(path)?,
        None if there() => {
            remark("The operator's key is kept in a file that only a passphrase opens.");
            let first = hidden("new passphrase")?;
            if hidden("the same again")?.as_bytes() != first.as_bytes() {
                return Err(AskError::Differ);
            }
            first
        }
        None => return Err(AskError::NoTerminal("--passphrase-file")),
    };
    let long = chosen.0.chars().count() >= PASSPHRASE_CHARS_MIN;
    long.then_some(chosen).ok_or(AskError::Short)
}

/// Reads a line that the terminal does not show.
fn hidden(question: &str) -> Result<Passphrase, AskError> {
    let stdin = io::stdin();
    let shown = tcgetattr(&stdin).map_err(io::Error::from)?;
    let mut quiet = shown.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    // Before the question: what is typed from then on is neither shown nor lost.
    tcsetattr(&stdin, OptionalActions::Flush, &quiet).map_err(io::Error::from)?;
    eprint!("{question}: ");
    io::stderr().flush()?;
    let mut text = Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut text);
    tcsetattr(&stdin, OptionalActions::Flush, &shown).map_err(io::Error::from)?;
    eprintln!();
    read?;
    Ok(Passphrase(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}
