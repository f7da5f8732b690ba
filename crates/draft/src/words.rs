//! Numbers with their nouns, as sentences have them.

/// `1 door`, `2 doors`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {}", many(noun)),
    }
}

fn many(noun: &str) -> String {
    match noun {
        "person" => "people".into(),
        noun if noun.ends_with('y') && !noun.ends_with("ey") => format!("{}ies", noun.trim_end_matches('y')),
        noun => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_are_counted() {
        assert_eq!([count(1, "person"), count(2, "person")], ["1 person", "2 people"]);
        assert_eq!([count(0, "policy"), count(3, "door")], ["0 policies", "3 doors"]);
        assert_eq!(count(2, "API key"), "2 API keys");
    }
}
