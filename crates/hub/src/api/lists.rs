//! Lists with cursors, and what may be asked of them: nothing that a list does not know.

use super::Problem;
use crate::web::{Visit, query};
use serde::Serialize;

/// Items of one answer, unless somebody says otherwise.
pub(super) const LIMIT: usize = 50;
/// The most that one answer holds.
pub(super) const LIMIT_MAX: usize = 200;

/// Letters of one value of a query.
pub(super) const TEXT_MAX: usize = 100;

/// One answer of a list.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    /// Given back as `cursor`, it goes on from here; none at the end.
    pub(super) next: Option<String>,
}

/// What was asked of a list.
pub(super) struct Asked<'a> {
    visit: &'a Visit,
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
}

impl<'a> Asked<'a> {
    /// `more`: what this list knows besides `limit` and `cursor`.
    pub(super) fn read(visit: &'a Visit, more: &[&str]) -> Result<Self, Problem> {
        only(visit, &[&["limit", "cursor"], more].concat())?;
        let limit = match field(visit, "limit")? {
            None => LIMIT,
            Some(text) => {
                let limit = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
                limit.ok_or_else(|| Problem::invalid(format!("`limit` is 1 to {LIMIT_MAX}")))?
            }
        };
        Ok(Self { visit, limit, cursor: field(visit, "cursor")? })
    }

    pub(super) fn field(&self, name: &str) -> Result<Option<String>, Problem> {
        field(self.visit, name)
    }

    /// The cursor, as a number.
    pub(super) fn number(&self) -> Result<Option<u64>, Problem> {
        let parse = |text: &String| text.parse().map_err(|_| unknown_cursor());
        self.cursor.as_ref().map(parse).transpose()
    }

    /// The part of `all`, which is sorted by its names, that the cursor begins.
    pub(super) fn page<T, U>(
        &self,
        all: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
        tell: impl Fn(T) -> U,
    ) -> Result<List<U>, Problem> {
        let from = self.cursor.clone().unwrap_or_default();
        if from.len() > lockward_model::ID_BYTES_MAX {
            return Err(unknown_cursor());
        }
        let mut rest = all.skip_while(|item| name(item) < from);
        let items = rest.by_ref().take(self.limit).map(tell).collect();
        Ok(List { items, next: rest.next().as_ref().map(name) })
    }
}

pub(super) fn unknown_cursor() -> Problem {
    Problem::invalid("`cursor` is none that this list has given")
}

/// Refuses what is not known: whoever misspells a filter would else believe that it held.
pub(super) fn only(visit: &Visit, known: &[&str]) -> Result<(), Problem> {
    let pairs = visit.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut seen: Vec<&str> = Vec::new();
    for name in pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name)) {
        if !known.contains(&name) {
            return Err(Problem::invalid(format!(
                "the query may hold {known:?}, each once, and nothing else"
            )));
        }
        if seen.contains(&name) {
            return Err(Problem::invalid(format!("`{name}` stands twice in the query")));
        }
        seen.push(name);
    }
    Ok(())
}

fn field(visit: &Visit, name: &str) -> Result<Option<String>, Problem> {
    let here = |pair: &str| pair == name || pair.split_once('=').is_some_and(|(n, _)| n == name);
    if !visit.uri.query().unwrap_or_default().split('&').any(here) {
        return Ok(None);
    }
    let fits =
        |text: &String| (1..=TEXT_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let found = query(&visit.uri, name).filter(fits);
    found.map(Some).ok_or_else(|| {
        Problem::invalid(format!("`{name}` has 1 to {TEXT_MAX} letters, as a query spells them"))
    })
}
