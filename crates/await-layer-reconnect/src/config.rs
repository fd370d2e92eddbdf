//! What a `Reconnect` may hold, and how long things may take.

use std::time::Duration;

use crate::Backoff;

/// How calls and outages are bounded. All is finite by default.
///
/// Change the fields you need and keep the rest:
/// `Config { max_waiting: 64, ..Config::default() }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// When to dial again, and when to give up.
    pub backoff: Backoff,
    /// Calls that may wait for a connection at once. One more fails at once
    /// with [`ReconnectError::Full`](crate::ReconnectError::Full): what piles up
    /// in an outage would all go to the server that has just come back. Zero
    /// lets no call wait. Default 1,024, as a connection's `max_in_flight`.
    pub max_waiting: usize,
    /// How long a call may take as a whole (outages, repeats and the reply)
    /// unless it has a [`timeout`](crate::ReconnectCall::timeout) of its own.
    /// [`Duration::MAX`] leaves replies to their connection's `call_timeout`
    /// and outages to the [`Backoff`]. Default 30 s: long enough for a server
    /// that restarts.
    pub call_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            max_waiting: 1024,
            call_timeout: Duration::from_secs(30),
        }
    }
}
