//! How a child process ends.

use std::fmt;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use await_layer::{Cause, CloseReason, Sleep, Timer};

/// Nanoseconds that the exit of a child may come after the end of its stdout,
/// and the other way round.
const PATIENCE: u64 = 1_000_000_000;

/// What the adapters' `Child` know of the end of a child process, whatever the
/// runtime: how it exited, how long to wait for the other half of its end, and
/// what to tell of it.
pub struct ChildEnd<T: Timer> {
    timer: T,
    sleep: T::Sleep,
    until: Option<u64>,
    status: Option<ExitStatus>,
    told: bool,
}

impl<T: Timer> ChildEnd<T> {
    /// Of a child that runs. `timer` is the runtime's.
    pub fn new(timer: T) -> Self {
        Self {
            sleep: timer.sleep(),
            timer,
            until: None,
            status: None,
            told: false,
        }
    }

    /// It has exited.
    pub fn exited(&mut self, status: ExitStatus) {
        self.status = Some(status);
    }

    /// Whether it has exited.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        self.status.is_some()
    }

    /// Ready when nothing more can be expected of the child: it has exited and
    /// its stdout has ended, or one of the two was a second ago.
    pub fn poll_over(&mut self, stdout_ended: bool, cx: &mut Context<'_>) -> Poll<()> {
        match (self.has_exited(), stdout_ended) {
            (true, true) => Poll::Ready(()),
            (false, false) => Poll::Pending,
            _ => self.poll_patience(cx),
        }
    }

    /// Ready a second after it was first polled.
    pub fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = || self.timer.now().saturating_add(PATIENCE);
        let until = *self.until.get_or_insert_with(now);
        self.sleep.poll_until(until, cx)
    }

    /// Why the connection has ended, once.
    pub fn tell(&mut self) -> Option<CloseReason> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        let Some(status) = self.status else {
            let why = "the child closed its stdout and still runs";
            return Some(CloseReason::new(Cause::Eof, why));
        };
        let reason = CloseReason::new(Cause::Eof, format!("the child has ended, {status}"));
        let code = status.code().and_then(|code| u16::try_from(code).ok());
        Some(match code {
            Some(code) => reason.with_code(code),
            None => reason,
        })
    }
}

impl<T: Timer> fmt::Debug for ChildEnd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildEnd")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
