//! The test's end of a scripted transport.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use super::state::{Op, State, park, wake};

/// Plays a [`Scripted`](super::Scripted) transport. Clones play the same one.
///
/// Whatever it changes wakes whoever waits for it. It never blocks, and may be
/// used from within the closures that it installs.
pub struct Remote<F, E> {
    pub(super) state: Arc<Mutex<State<F, E>>>,
}

impl<F, E> Remote<F, E> {
    /// Has the stream yield this frame, after what is already to come.
    pub fn feed(&self, frame: F) {
        self.come(Ok(frame));
    }

    /// Has the stream yield this error, after what is already to come. More
    /// can follow it.
    pub fn fail_read(&self, error: E) {
        self.come(Err(error));
    }

    /// Has the stream end, after what is already to come.
    pub fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }

    /// Has the `nth` poll of the stream yield this error, before what is still
    /// to come; 1 is the next poll. Pending polls count.
    ///
    /// # Panics
    ///
    /// If `nth` is 0.
    #[track_caller]
    pub fn fail_read_at(&self, nth: u64, error: E) {
        assert!(nth > 0, "polls are counted from 1");
        let mut state = self.lock();
        let poll = state.reading.calls.saturating_add(nth);
        let replaced = state.reading.failures.insert(poll, error);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        drop(replaced);
    }

    /// Has the stream end at its `nth` poll, and what is still to come then is
    /// never read; 1 is the next poll. Pending polls count.
    ///
    /// # Panics
    ///
    /// If `nth` is 0.
    #[track_caller]
    pub fn end_at(&self, nth: u64) {
        assert!(nth > 0, "polls are counted from 1");
        let mut state = self.lock();
        state.reading.shut_from = Some(state.reading.calls.saturating_add(nth));
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }

    /// Allows this many frames from now on; then `poll_ready` is pending.
    /// Replaces what was allowed before.
    pub fn allow(&self, frames: usize) {
        self.set_credit(Some(frames));
    }

    /// Allows any number of frames, as at the start.
    pub fn allow_all(&self) {
        self.set_credit(None);
    }

    /// Has an operation be pending from now on, until [`resume`](Self::resume).
    ///
    /// # Panics
    ///
    /// For [`Op::Send`], which cannot be pending.
    #[track_caller]
    pub fn pend(&self, op: Op) {
        self.pend_at(op, 1);
    }

    /// Has an operation be pending from the `nth` call on, until
    /// [`resume`](Self::resume); 1 is the next call. Pending calls count.
    ///
    /// # Panics
    ///
    /// For [`Op::Send`], which cannot be pending, and if `nth` is 0.
    #[track_caller]
    pub fn pend_at(&self, op: Op, nth: u64) {
        assert!(op != Op::Send, "start_send cannot be pending");
        assert!(nth > 0, "calls are counted from 1");
        let mut state = self.lock();
        let gate = state.gate(op);
        gate.shut_from = Some(gate.calls.saturating_add(nth));
    }

    /// Takes back every [`pend`](Self::pend) of this operation.
    pub fn resume(&self, op: Op) {
        let mut state = self.lock();
        let gate = state.gate(op);
        gate.shut_from = None;
        let waker = gate.waker.take();
        drop(state);
        wake(waker);
    }

    /// Fails the next call of an operation, even if it is pending.
    pub fn fail(&self, op: Op, error: E) {
        self.fail_at(op, 1, error);
    }

    /// Fails the `nth` call of an operation, even if it is pending; 1 is the
    /// next call. Pending calls count. The calls after it are as they would
    /// have been; what a failed sink does is not for the script to say.
    ///
    /// # Panics
    ///
    /// If `nth` is 0.
    #[track_caller]
    pub fn fail_at(&self, op: Op, nth: u64, error: E) {
        assert!(nth > 0, "calls are counted from 1");
        let mut state = self.lock();
        let gate = state.gate(op);
        let call = gate.calls.saturating_add(nth);
        let replaced = gate.failures.insert(call, error);
        let waker = gate.waker.take();
        drop(state);
        wake(waker);
        drop(replaced);
    }

    /// Calls of an operation so far, whatever became of them.
    pub fn calls(&self, op: Op) -> u64 {
        self.lock().gate(op).calls
    }

    /// Runs for each frame inside `start_send`, before it returns: for a peer
    /// that answers before the sender knows that it has sent.
    pub fn on_send(&self, answer: impl FnMut(&F, &Self) + Send + 'static) {
        let replaced = self.lock().on_send.replace(Box::new(answer));
        drop(replaced);
    }

    /// Runs for each frame inside the `poll_flush` or `poll_close` that writes
    /// it, before it returns.
    pub fn on_flush(&self, answer: impl FnMut(&F, &Self) + Send + 'static) {
        let replaced = self.lock().on_flush.replace(Box::new(answer));
        drop(replaced);
    }

    /// Takes what was written since the last time.
    pub fn take_written(&self) -> Vec<F> {
        std::mem::take(&mut self.lock().written).into()
    }

    /// Waits for the next written frame and takes it; `None` once the
    /// transport was closed or dropped and all was taken.
    ///
    /// Cancel safe: a frame is taken only when it is returned. One at a time:
    /// of two that wait, only the last is woken.
    pub async fn next_written(&self) -> Option<F> {
        poll_fn(|cx| self.poll_written(cx)).await
    }

    /// Polls for what [`next_written`](Self::next_written) waits for.
    pub fn poll_written(&self, cx: &mut Context<'_>) -> Poll<Option<F>> {
        let mut state = self.lock();
        if let Some(frame) = state.written.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if state.closed || state.dropped {
            return Poll::Ready(None);
        }
        let replaced = park(&mut state.watcher, cx.waker());
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Frames that were sent, but neither a flush nor a close completed since.
    pub fn unflushed(&self) -> usize {
        self.lock().unflushed.len()
    }

    /// Frames and errors that nobody has read yet.
    pub fn unread(&self) -> usize {
        self.lock().incoming.len()
    }

    /// Whether a `poll_close` completed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether the transport was dropped.
    pub fn is_dropped(&self) -> bool {
        self.lock().dropped
    }

    /// No user code runs under the lock, so poisoning says nothing.
    pub(super) fn lock(&self) -> MutexGuard<'_, State<F, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn come(&self, item: Result<F, E>) {
        let mut state = self.lock();
        state.incoming.push_back(item);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }

    fn set_credit(&self, credit: Option<usize>) {
        let mut state = self.lock();
        state.credit = credit;
        let waker = state.gate(Op::Ready).waker.take();
        drop(state);
        wake(waker);
    }
}

impl<F, E> Clone for Remote<F, E> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
        }
    }
}

impl<F, E> fmt::Debug for Remote<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("state", &*self.lock())
            .finish()
    }
}
