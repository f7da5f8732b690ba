//! One line of what the stage tells: when, where, what; laid out for a terminal of 80 columns.

/// Columns of the narrowest terminal that people use.
const COLUMNS: usize = 80;
/// Where the place begins, and where the text does.
const PLACE_AT: usize = 14;
const TEXT_AT: usize = 26;
/// As many doors are told one by one.
const MANY: usize = 4;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// What happened.
    Plain,
    /// Somebody was let through.
    Granted,
    /// Somebody was not.
    Denied,
    /// What a person must answer.
    Alarm,
    /// What moved, or what a reader shows.
    Quiet,
    /// The command or the script is wrong.
    Wrong,
}

/// One thing that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The clock on the wall; empty where it says nothing new.
    pub time: String,
    /// A door, a controller, or nothing.
    pub place: String,
    /// What.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Line {
    /// A line without time and place.
    pub(super) fn bare(text: impl Into<String>, tone: Tone) -> Self {
        Self { time: String::new(), place: String::new(), text: text.into(), tone }
    }

    /// The line as a terminal shows it.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        if self.time.is_empty() && self.place.is_empty() {
            let depth = self.text.chars().take_while(|c| *c == ' ').count();
            return wrapped(String::new(), &self.text, depth + 2);
        }
        let mut head = format!("{:PLACE_AT$}{}", self.time, self.place);
        let width = head.chars().count();
        head.extend(std::iter::repeat_n(' ', TEXT_AT.saturating_sub(width).max(1)));
        wrapped(head, &self.text, TEXT_AT)
    }
}

/// Where more places than [`MANY`] say the same, one after the other, one line says it for all of them.
pub(super) fn folded(lines: &[Line]) -> Vec<Line> {
    let same = |a: &Line, b: &Line| {
        b.time.is_empty()
            && !a.place.is_empty()
            && !b.place.is_empty()
            && a.text == b.text
            && a.tone == b.tone
    };
    let mut out: Vec<Line> = Vec::new();
    for run in lines.chunk_by(same) {
        match run {
            [first, ..] if run.len() > MANY => {
                let place = format!("{} doors", run.len());
                let text =
                    format!("{} ({} to {})", first.text, first.place, run.last().map_or("", |l| &l.place));
                out.push(Line { place, text, ..first.clone() });
            }
            few => out.extend_from_slice(few),
        }
    }
    out
}

/// Words behind a head; what does not fit goes on below, `hang` columns in.
fn wrapped(head: String, text: &str, hang: usize) -> Vec<String> {
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let text = text.replace(odd, "\u{fffd}");
    let (mut rows, mut row, mut begun) = (Vec::new(), head, false);
    for word in text.split(' ') {
        let needed = row.chars().count() + usize::from(begun) + word.chars().count();
        if begun && needed > COLUMNS {
            rows.push(core::mem::take(&mut row));
            row.extend(std::iter::repeat_n(' ', hang));
        } else if begun {
            row.push(' ');
        }
        row.push_str(word);
        begun = true;
    }
    rows.push(row);
    rows.iter().map(|r| r.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_doors_say_alike_is_said_once() {
        let line = |place: &str, text: &str| Line {
            time: String::new(),
            place: place.into(),
            text: text.into(),
            tone: Tone::Plain,
        };
        let all: Vec<_> = ["a", "b", "c", "d", "e"].map(|door| line(door, "locks")).into();
        let one = folded(&all);
        assert_eq!(
            (one.len(), one[0].place.as_str(), one[0].text.as_str()),
            (1, "5 doors", "locks (a to e)")
        );
        assert_eq!(folded(&all[..4]), all[..4]);
        let others = [all.clone(), vec![line("x", "opens")]].concat();
        assert_eq!(folded(&others).len(), 2);
    }

    #[test]
    fn a_line_fits_and_goes_on_under_its_text() {
        let line = Line {
            time: "08:00:00.000".into(),
            place: "main".into(),
            text: "word ".repeat(20).trim().into(),
            tone: Tone::Plain,
        };
        let rows = line.rows();
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|r| r.chars().count() <= COLUMNS), "{rows:?}");
        assert!(rows[0].starts_with("08:00:00.000  main        word"), "{rows:?}");
        assert!(rows[1].starts_with(&format!("{}word", " ".repeat(TEXT_AT))), "{rows:?}");
        assert_eq!(Line::bare("  a\tb", Tone::Plain).rows(), ["  a\u{fffd}b"]);
    }
}
