//! Several calls that one future waits for.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::asking::{CallErrorOf, PackerErrorOf};
use crate::connection::{Connection, MachineOf, ends_at};
use crate::error::CallError;
use crate::hub::{Kind, Work};
use crate::machine::arena::Key;
use crate::machine::{BeginError, NewCall, Outcome, nanos};
use crate::packer::Unpack;
use crate::party::{Party, polled_after_the_end};

/// How many calls begin or end under one lock: others want it too. One under
/// loom, so that what comes between two locks is seen.
const AT_ONCE: usize = if cfg!(await_layer_loom) { 1 } else { 64 };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Begun,
    Done,
}

enum State<L: Connection> {
    /// Not polled yet.
    New(L::Frame),
    Pending(Key),
    Ended(Outcome<L::Frame>),
    Failed(CallErrorOf<L>),
}

/// Several requests and the replies to them, each as an `R`.
///
/// Made by [`Handle::send_await_all`](crate::Handle::send_await_all). Each
/// request is a call of its own, with its own id, deadline and outcome; they
/// are queued in order at the first poll, and the replies may come in any
/// order. One task waits for all of them and is woken once, by the last (or,
/// if it is the one that drives, when there is something to drive), which is
/// what makes it cheaper than as many [`Call`](crate::Call)s. For replies as
/// they come, join single calls instead.
///
/// They leave in one flush, up to eight times
/// [`frames_per_turn`](crate::Limits::frames_per_turn) of them, if the
/// transport has the room. Those beyond
/// [`max_in_flight`](crate::Limits::max_in_flight) wait for a permit, within
/// their timeout. All are packed and held from the start: nothing bounds how
/// many but whoever asks. None at all is ready at its first poll.
///
/// # Errors
/// None as a whole: each result is the reply or that call's
/// [`CallError`].
///
/// # Cancel safety
/// As for [`Call`](crate::Call): dropping it cancels all that have no outcome,
/// and drops the replies that have come.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "calls send nothing unless they are polled"]
pub struct CallAll<L: Connection, R> {
    link: Arc<L>,
    calls: Vec<State<L>>,
    /// When they run out, in nanoseconds; `u64::MAX` is never.
    at: u64,
    party: Party,
    stage: Stage,
    reply: PhantomData<fn() -> R>,
}

impl<L: Connection, R> CallAll<L, R> {
    pub(crate) fn new(
        link: &Arc<L>,
        packed: impl Iterator<Item = Result<L::Frame, PackerErrorOf<L>>>,
    ) -> Self {
        let state = |packed| match packed {
            Ok(frame) => State::New(frame),
            Err(error) => State::Failed(CallError::Pack(error)),
        };
        let mut all = Self {
            link: link.clone(),
            calls: packed.map(state).collect(),
            at: u64::MAX,
            party: Party::new(Kind::Call),
            stage: Stage::New,
            reply: PhantomData,
        };
        all.at = ends_at(&**link, link.call_timeout().load(Ordering::Relaxed));
        all
    }

    /// As [`Call::timeout`](crate::Call::timeout), for each of the calls: all
    /// have the same deadline, `timeout` from now.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.at = ends_at(&*self.link, nanos(timeout).unwrap_or(u64::MAX));
        self
    }

    /// Runs `change` for every call, a few under one lock.
    fn for_each(&mut self, mut change: impl FnMut(&mut MachineOf<L>, &mut State<L>)) {
        for some in self.calls.chunks_mut(AT_ONCE) {
            self.link.with(|machine| {
                for state in some {
                    change(machine, state);
                }
            });
        }
    }

    fn begin(&mut self) -> Work {
        self.stage = Stage::Begun;
        let seat = self.party.seat(&*self.link);
        let deadline = (self.at != u64::MAX).then_some(self.at);
        let mut work = Work::Queued;
        self.for_each(|machine, state| {
            // What is put here in the meantime holds nothing.
            *state = match std::mem::replace(state, State::Pending(Key::NULL)) {
                State::New(frame) => {
                    let new = NewCall {
                        frame,
                        deadline,
                        rare: None,
                        batch: Some(seat),
                    };
                    // With no seat there is nobody to be told.
                    let begun = match seat {
                        Key::NULL => Err((BeginError::Full, new)),
                        _ => machine.begin(new),
                    };
                    match begun {
                        Ok(begun) => {
                            if begun.company {
                                work = Work::QueuedInCompany;
                            }
                            State::Pending(begun.call)
                        }
                        Err((error, new)) => {
                            State::Failed(CallError::begin(error, Some(new.frame)))
                        }
                    }
                }
                ended => ended,
            };
        });
        work
    }

    fn take(&mut self) {
        self.stage = Stage::Done;
        self.for_each(|machine, state| {
            if let State::Pending(call) = *state {
                // All have ended, or the seat would not have been told.
                if let Some(outcome) = machine.take(call) {
                    *state = State::Ended(outcome);
                }
            }
        });
        self.party.leave(&*self.link);
    }
}

impl<L: Connection, R> Unpin for CallAll<L, R> {}

impl<L, R> Future for CallAll<L, R>
where
    L: Connection<Packer: Unpack<L::Frame, R>>,
{
    type Output = Vec<Result<R, CallErrorOf<L>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let work = match this.stage {
            Stage::New => this.begin(),
            Stage::Begun => Work::None,
            Stage::Done => polled_after_the_end(),
        };
        let seat = this.party.seat(&*this.link);
        if !this.link.with(|machine| machine.batch_has_ended(seat)) {
            let ended = |machine: &mut MachineOf<L>| machine.batch_has_ended(seat).then_some(());
            ready!(this.party.poll(&*this.link, cx, work, ended));
        }
        this.take();
        let packer = this.link.packer();
        let replies = this.calls.drain(..).map(|state| match state {
            State::Ended(outcome) => CallError::outcome(outcome)
                .and_then(|frame| packer.unpack(frame).map_err(CallError::Unpack)),
            State::Failed(error) => Err(error),
            State::New(_) | State::Pending(_) => Err(CallError::Ended),
        });
        Poll::Ready(replies.collect())
    }
}

impl<L: Connection, R> Drop for CallAll<L, R> {
    fn drop(&mut self) {
        if self.stage != Stage::Begun {
            return;
        }
        let mut dropped = Vec::with_capacity(self.calls.len());
        self.for_each(|machine, state| {
            if let State::Pending(call) = *state {
                dropped.push(machine.cancel(call));
            }
        });
        self.party.leave(&*self.link);
        if self.link.with(|machine| machine.is_due()) {
            self.link.hub().notify();
        }
        // Last: what is the user's may panic.
        drop(dropped);
    }
}

impl<L: Connection, R> fmt::Debug for CallAll<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAll")
            .field("calls", &self.calls.len())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
