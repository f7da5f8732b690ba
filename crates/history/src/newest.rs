//! The newest time of each key, and nothing older: the fold under most of this room.

use lockward_model::Time;
use std::collections::BTreeMap;

/// At most `max` keys. When one more comes, the oldest quarter is let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newest<K> {
    times: BTreeMap<K, Time>,
    max: usize,
}

impl<K: Ord + Copy> Newest<K> {
    pub(crate) fn new(max: usize) -> Self {
        Self { times: BTreeMap::new(), max }
    }

    /// True if `at` is news for `key`.
    pub(crate) fn raise(&mut self, key: K, at: Time) -> bool {
        if let Some(known) = self.times.get_mut(&key) {
            let news = at > *known;
            *known = at.max(*known);
            return news;
        }
        if self.times.len() >= self.max {
            self.let_the_oldest_go();
        }
        self.times.insert(key, at);
        true
    }

    fn let_the_oldest_go(&mut self) {
        let mut all: Vec<Time> = self.times.values().copied().collect();
        let quarter = (all.len() / 4).min(all.len().saturating_sub(1));
        if all.is_empty() {
            return;
        }
        let (_, limit, _) = all.select_nth_unstable(quarter);
        let limit = *limit;
        self.times.retain(|_, at| *at > limit);
    }

    pub(crate) fn get(&self, key: K) -> Option<Time> {
        self.times.get(&key).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, Time)> {
        self.times.iter().map(|(k, at)| (*k, *at))
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(K, Time) -> bool) {
        self.times.retain(|k, at| keep(*k, *at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_set_lets_the_oldest_go_and_keeps_the_newest() {
        let mut newest = Newest::new(8);
        for n in 0..1_000_i64 {
            assert!(newest.raise(n, Time(n)));
            assert!(newest.times.len() <= 8);
            assert_eq!(newest.get(n), Some(Time(n)));
        }
        assert_eq!(newest.get(0), None);
    }

    #[test]
    fn an_older_time_is_no_news() {
        let mut newest = Newest::new(8);
        assert!(newest.raise(1, Time(5)) && !newest.raise(1, Time(4)) && !newest.raise(1, Time(5)));
        assert_eq!(newest.get(1), Some(Time(5)));
    }
}
