//! How a child process ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitStatus;
use std::task::{Context, Poll};
use std::time::Duration;

use await_layer::{Cause, CloseReason};
use tokio::time::{Sleep, sleep};

/// How long the exit of a child may come after the end of its stdout, and the
/// other way round.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct End {
    status: Option<ExitStatus>,
    patience: Option<Pin<Box<Sleep>>>,
    told: bool,
}

impl End {
    pub(crate) fn exited(&mut self, status: ExitStatus) {
        self.status = Some(status);
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Ready some time after it was first polled.
    pub(crate) fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        patience.as_mut().poll(cx)
    }

    /// Why the connection has ended, once.
    pub(crate) fn tell(&mut self) -> Option<CloseReason> {
        if std::mem::replace(&mut self.told, true) {
            return None;
        }
        let Some(status) = self.status else {
            let why = "the child closed its stdout and still runs";
            return Some(CloseReason::new(Cause::Eof, why));
        };
        let reason = CloseReason::new(Cause::Eof, format!("the child has ended, {status}"));
        Some(
            match status.code().and_then(|code| u16::try_from(code).ok()) {
                Some(code) => reason.with_code(code),
                None => reason,
            },
        )
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
