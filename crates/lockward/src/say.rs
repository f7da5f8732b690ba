//! What the program prints: wrapped for a terminal of 80 columns, errors with their causes.

pub(crate) use lockward_draft::count;
use std::error::Error;

/// Columns of the narrowest terminal that people use.
const COLUMNS: usize = 80;

/// Wraps at blanks; every line after the first is indented as deep as the first and by `hang` more. A word that is
/// longer than a line keeps its length: it may have to be copied. What would move the cursor, colour the screen or
/// turn the writing direction is shown as `\u{fffd}`: files, logs and peers do not write on this terminal.
pub(crate) fn wrapped(text: &str, hang: usize) -> String {
    let mut out = String::new();
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    for line in text.lines() {
        let line = line.replace(odd, "\u{fffd}");
        let depth = line.chars().take_while(|c| *c == ' ').count();
        let mut column = 0;
        for word in line.split(' ').skip(depth) {
            let width = word.chars().count();
            if column == 0 {
                out.extend(std::iter::repeat_n(' ', depth));
                column = depth;
            } else if column + 1 + width > COLUMNS {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', depth + hang));
                column = depth + hang;
            } else {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += width;
        }
        out.push('\n');
    }
    out
}

/// Prints a text to standard output.
pub(crate) fn say(text: &str) {
    print!("{}", wrapped(text, 2));
}

/// Prints a text to standard error, for what is no result.
pub(crate) fn remark(text: &str) {
    eprint!("{}", wrapped(text, 2));
}

/// Prints an error and what caused it.
pub(crate) fn complain(error: &dyn Error) {
    remark(&format!("lockward: {error}"));
    // A transparent error repeats its cause.
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if told != last {
            remark(&format!("  because: {told}"));
        }
        last = told;
        next = cause.source();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal_and_no_word_is_lost() {
        let text = "lockward: the quick brown fox jumps over the lazy dog ".repeat(9);
        let told = wrapped(text.trim(), 2);
        assert!(told.lines().all(|l| l.len() <= COLUMNS), "{told}");
        assert!(told.lines().skip(1).all(|l| l.starts_with("  ") && !l.starts_with("   ")));
        assert_eq!(told.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn an_indented_line_stays_indented() {
        let told = wrapped(&format!("  because: {}", "word ".repeat(30).trim()), 2);
        assert!(told.lines().skip(1).all(|l| l.starts_with("    word")), "{told}");
        assert_eq!(wrapped("a\n\n  b\n", 2), "a\n\n  b\n");
    }

    #[test]
    fn no_text_writes_on_the_terminal() {
        assert_eq!(
            wrapped("a\x1b[2Jb\r\u{202e}c\tbell\x07", 2),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}bell\u{fffd}\n"
        );
    }
}
