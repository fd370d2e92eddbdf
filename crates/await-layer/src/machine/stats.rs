//! What happened on a connection so far.

/// Counters of one connection; they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls that took a slot.
    pub calls: u64,
    /// Calls that ended with a reply.
    pub replied: u64,
    /// Calls that ran out of time.
    pub expired: u64,
    /// Calls that were dropped before they ended.
    pub cancelled: u64,
    /// Frames handed to the transport.
    pub written: u64,
    /// Frames read from the transport.
    pub read: u64,
    /// Replies to calls that had already ended, as far as the id tells: late
    /// or duplicate.
    pub late: u64,
    /// Replies to no call that we know of.
    pub unknown: u64,
    /// Parts that came for a call that no longer wants them.
    pub late_parts: u64,
    /// Requests of the peer's that were delivered.
    pub requests: u64,
    /// Requests of the peer's that it cancelled before they were answered.
    pub withdrawn: u64,
    /// Requests refused before they were delivered: busy or duplicate.
    pub refused: u64,
    /// Refusals not sent because too many were waiting already.
    pub refusals_dropped: u64,
    /// Requests whose handler went away without an answer.
    pub unanswered: u64,
    /// Answers that came too late to be sent: after a cancel on a wire that
    /// forbids it.
    pub answers_dropped: u64,
    /// Plain messages dropped because nobody took them.
    pub dropped: u64,
}
