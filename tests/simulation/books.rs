//! What the callers of one end saw, and whether its counters agree.

use await_layer::Stats;

use crate::net::Counts;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Books {
    /// Calls that ended with an answer or the peer's refusal.
    pub(crate) replied: u64,
    pub(crate) expired: u64,
    /// Calls that ended otherwise, and streams however they ended.
    pub(crate) other: u64,
    /// Calls that their callers have left in whatever way.
    pub(crate) left: u64,
}

impl Books {
    /// What the connection says of itself against what was seen. A call that
    /// was left may have ended before, unseen.
    pub(crate) fn disagree(&self, stats: &Stats) -> Option<&'static str> {
        let unseen = self.left + self.other;
        let over = |counted: u64, seen: u64| counted < seen || counted > seen + unseen;
        let ended = stats.replied + stats.expired + stats.cancelled;
        if over(stats.replied, self.replied) {
            Some("replied")
        } else if over(stats.expired, self.expired) {
            Some("expired")
        } else if stats.cancelled > self.left + self.other {
            Some("cancelled")
        } else if ended > stats.calls || stats.calls - ended > self.other + self.left {
            Some("calls")
        } else {
            None
        }
    }
}

/// What passed the link against what the connection counted. `marked`: the
/// link could tell what each frame was.
pub(crate) fn miscounted(stats: &Stats, counts: &Counts, marked: bool) -> Option<&'static str> {
    let answers = stats.replied + stats.late + stats.unknown;
    // A part that comes for nobody counts as an answer that does.
    let most = counts.replies + counts.parts;
    if stats.written != counts.written {
        Some("written")
    } else if stats.read != counts.read {
        Some("read")
    } else if marked && !(counts.replies..=most).contains(&answers) {
        Some("replied, late and unknown")
    } else if marked && stats.refused < counts.again {
        Some("refused under a live id")
    } else if marked && stats.requests + stats.refused != counts.asks {
        Some("requests and refused")
    } else {
        None
    }
}
