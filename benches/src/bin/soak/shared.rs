//! What all lines share, and how the end of all tasks is seen.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::tally::Tally;

/// Held by every task; nothing is ever sent.
pub(crate) type Alive = mpsc::Sender<()>;

pub(crate) struct Shared {
    pub(crate) tally: Tally,
    /// When the schedule begins, and when it ends.
    pub(crate) start: Instant,
    pub(crate) stop: Instant,
    /// Calls that may be under way; beyond them none is made.
    pub(crate) most: i64,
    /// Weak: else nobody would see the end of the others.
    alive: mpsc::WeakSender<()>,
}

impl Shared {
    pub(crate) fn new(start: Instant, stop: Instant, most: i64, alive: &Alive) -> Arc<Self> {
        Arc::new(Self {
            tally: Tally::new(),
            start,
            stop,
            most,
            alive: alive.downgrade(),
        })
    }

    /// For a task that is started by one that has one.
    pub(crate) fn alive(&self) -> Alive {
        let alive = self.alive.upgrade();
        alive.expect("whoever asks holds one")
    }
}
