//! An oracle for "exactly once": every call gets one outcome, and its own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Books every call when it starts and every outcome when it arrives, and says
/// at the end which calls do not balance.
///
/// `K` names a call, in whatever way the test can read: a number, or which end
/// asked and its number. `P` is what the reply must be. Clones share the book,
/// across threads if `K` and `P` are `Send`.
///
/// ```
/// use await_layer_testkit::ledger::Ledger;
///
/// let ledger = Ledger::new();
/// ledger.start(1, "pong");
/// ledger.start(2, "pong");
/// ledger.reply(&1, &"pong");
/// assert_eq!(ledger.check().unanswered, [2]);
/// ledger.fail(&2);
/// ledger.check().assert_balanced();
/// ```
pub struct Ledger<K, P> {
    book: Arc<Mutex<Book<K, P>>>,
}

/// What a [`Ledger`] found. Balanced if all four lists are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report<K> {
    /// Calls that were started.
    pub calls: usize,
    /// Replies that arrived, right or wrong, first or not.
    pub replies: usize,
    /// Failures that arrived.
    pub failures: usize,
    /// Calls that their callers dropped.
    pub cancelled: usize,
    /// Calls with no outcome.
    pub unanswered: Vec<K>,
    /// Calls with more than one outcome.
    pub repeated: Vec<K>,
    /// Calls with a reply that was not theirs.
    pub wrong: Vec<K>,
    /// Outcomes of calls that were never started, once for each name.
    pub unknown: Vec<K>,
}

struct Book<K, P> {
    calls: BTreeMap<K, Entry<P>>,
    unknown: Vec<K>,
    replies: usize,
    failures: usize,
    cancelled: usize,
}

struct Entry<P> {
    expected: P,
    outcomes: u32,
    wrong: bool,
}

impl<K: Ord + Clone, P: PartialEq> Ledger<K, P> {
    /// An empty book.
    pub fn new() -> Self {
        Self {
            book: Arc::new(Mutex::new(Book {
                calls: BTreeMap::new(),
                unknown: Vec::new(),
                replies: 0,
                failures: 0,
                cancelled: 0,
            })),
        }
    }

    /// Books a call, and the reply that it alone may get.
    ///
    /// # Panics
    ///
    /// If a call of that name was started before: the test's own mistake.
    #[track_caller]
    pub fn start(&self, call: K, expected: P) {
        let entry = Entry {
            expected,
            outcomes: 0,
            wrong: false,
        };
        let earlier = self.book().calls.insert(call, entry);
        assert!(earlier.is_none(), "two calls were started under one name");
    }

    /// Books a reply: an outcome, and a wrong one unless it equals what
    /// [`start`](Self::start) was told to expect.
    pub fn reply(&self, call: &K, got: &P) {
        let mut book = self.book();
        book.replies = book.replies.saturating_add(1);
        if let Some(entry) = book.outcome(call) {
            entry.wrong |= entry.expected != *got;
        }
    }

    /// Books a failure of any kind: an outcome.
    pub fn fail(&self, call: &K) {
        let mut book = self.book();
        book.failures = book.failures.saturating_add(1);
        book.outcome(call);
    }

    /// Books that the caller dropped the call: an outcome too, so that one
    /// that is delivered all the same is one too many.
    pub fn cancel(&self, call: &K) {
        let mut book = self.book();
        book.cancelled = book.cancelled.saturating_add(1);
        book.outcome(call);
    }

    /// Calls without an outcome so far.
    pub fn open(&self) -> usize {
        let book = self.book();
        book.calls.values().filter(|e| e.outcomes == 0).count()
    }

    /// What balances and what does not, so far.
    pub fn check(&self) -> Report<K> {
        let book = self.book();
        let named = |wanted: fn(&Entry<P>) -> bool| {
            let calls = book.calls.iter().filter(|(_, entry)| wanted(entry));
            calls.map(|(call, _)| call.clone()).collect()
        };
        Report {
            calls: book.calls.len(),
            replies: book.replies,
            failures: book.failures,
            cancelled: book.cancelled,
            unanswered: named(|entry| entry.outcomes == 0),
            repeated: named(|entry| entry.outcomes > 1),
            wrong: named(|entry| entry.wrong),
            unknown: book.unknown.clone(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book<K, P>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Ord + Clone, P> Book<K, P> {
    fn outcome(&mut self, call: &K) -> Option<&mut Entry<P>> {
        let entry = self.calls.get_mut(call);
        if let Some(entry) = entry {
            entry.outcomes = entry.outcomes.saturating_add(1);
            return Some(entry);
        }
        if !self.unknown.contains(call) {
            self.unknown.push(call.clone());
        }
        None
    }
}

impl<K> Report<K> {
    /// Whether every call had exactly one outcome, and its own.
    pub fn is_balanced(&self) -> bool {
        self.unanswered.is_empty()
            && self.repeated.is_empty()
            && self.wrong.is_empty()
            && self.unknown.is_empty()
    }
}

impl<K: fmt::Debug> Report<K> {
    /// Goes on if the book balances.
    ///
    /// # Panics
    ///
    /// If it does not, with the names of the calls in question.
    #[track_caller]
    pub fn assert_balanced(&self) {
        assert!(self.is_balanced(), "the ledger does not balance: {self}");
    }
}

impl<K: fmt::Debug> fmt::Display for Report<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls, {} replies, {} failures, {} cancelled",
            self.calls, self.replies, self.failures, self.cancelled
        )?;
        let lists = [
            ("no outcome", &self.unanswered),
            ("more than one outcome", &self.repeated),
            ("a reply that is not theirs", &self.wrong),
            ("an outcome without a call", &self.unknown),
        ];
        for (what, calls) in lists {
            if !calls.is_empty() {
                write!(f, "; {} with {what}: {calls:?}", calls.len())?;
            }
        }
        Ok(())
    }
}

impl<K: Ord + Clone, P: PartialEq> Default for Ledger<K, P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, P> Clone for Ledger<K, P> {
    fn clone(&self) -> Self {
        Self {
            book: Arc::clone(&self.book),
        }
    }
}

impl<K, P> fmt::Debug for Ledger<K, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Ledger")
            .field("calls", &book.calls.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_a_failure_and_a_cancel_balance() {
        let ledger = Ledger::new();
        for call in 0..3 {
            ledger.start(call, call * 10);
        }
        assert_eq!(ledger.open(), 3);
        ledger.reply(&0, &0);
        ledger.fail(&1);
        ledger.cancel(&2);
        assert_eq!(ledger.open(), 0);
        let report = ledger.check();
        report.assert_balanced();
        assert_eq!(
            (
                report.calls,
                report.replies,
                report.failures,
                report.cancelled
            ),
            (3, 1, 1, 1)
        );
    }

    #[test]
    fn each_way_of_not_balancing_is_named() {
        let ledger = Ledger::new();
        for call in ["silent", "twice", "swapped", "late"] {
            ledger.start(call, call.len());
        }
        ledger.reply(&"twice", &5);
        ledger.clone().reply(&"twice", &5);
        ledger.reply(&"swapped", &5);
        ledger.cancel(&"late");
        ledger.reply(&"late", &4);
        ledger.fail(&"stray");
        ledger.fail(&"stray");
        let report = ledger.check();
        assert!(!report.is_balanced());
        assert_eq!(report.unanswered, ["silent"]);
        assert_eq!(report.repeated, ["late", "twice"]);
        assert_eq!(report.wrong, ["swapped"]);
        assert_eq!(report.unknown, ["stray"]);
        let text = report.to_string();
        assert!(text.contains(r#"1 with no outcome: ["silent"]"#), "{text}");
    }

    #[test]
    #[should_panic(expected = "1 with no outcome: [7]")]
    fn an_open_call_fails_the_assertion() {
        let ledger = Ledger::new();
        ledger.start(7, ());
        ledger.check().assert_balanced();
    }

    #[test]
    #[should_panic(expected = "two calls were started under one name")]
    fn a_name_is_used_once() {
        let ledger = Ledger::new();
        ledger.start(7, ());
        ledger.start(7, ());
    }
}
