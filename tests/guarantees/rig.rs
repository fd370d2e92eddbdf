//! One end of ours on a transport that the test plays.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use await_layer::{
    AwaitLayer, Call, CallError, Handle, IdGenerator, Incoming, Limits, Link, ManualTimer, SlotIds,
};
use await_layer_testkit::script::{self, Remote, Scripted};
use await_layer_testkit::wakers::CountingWaker;
use await_layer_testkit::words::{Kind, Word, Words};

pub(crate) type Joint<G = SlotIds<u64>> = Link<Scripted<Word, Broken>, Words<G>, ManualTimer>;
pub(crate) type Asked<G = SlotIds<u64>> = Call<Joint<G>, Word>;
type Outcome = Result<Word, CallError<Word, Infallible>>;

pub(crate) struct Rig<G: IdGenerator<Id = u64> = SlotIds<u64>> {
    pub(crate) remote: Remote<Word, Broken>,
    pub(crate) timer: ManualTimer,
    pub(crate) handle: Handle<Joint<G>>,
    pub(crate) incoming: Incoming<Joint<G>>,
}

/// Limits that let so many calls be under way.
pub(crate) fn room_for(calls: usize) -> Limits {
    Limits {
        max_in_flight: calls,
        ..Limits::default()
    }
}

pub(crate) fn rig(limits: Limits) -> Rig {
    rig_with(SlotIds::new(), limits)
}

pub(crate) fn rig_with<G: IdGenerator<Id = u64>>(ids: G, limits: Limits) -> Rig<G> {
    let (io, remote) = script::scripted();
    let timer = ManualTimer::new();
    let layer = AwaitLayer::with(io, Words(ids), timer.clone(), limits);
    let (handle, incoming) = layer.split();
    Rig {
        remote,
        timer,
        handle,
        incoming,
    }
}

/// A future with its waker: polled when it was woken, as a task is.
pub(crate) struct Task<F> {
    future: Option<F>,
    waker: CountingWaker,
    begun: bool,
}

impl<F: Future + Unpin> Task<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future: Some(future),
            waker: CountingWaker::new(),
            begun: false,
        }
    }

    /// Whether it was woken, or has yet to begin.
    pub(crate) fn is_due(&self) -> bool {
        !self.begun || self.waker.wakes() > 0
    }

    /// Polls once, if it is its turn.
    pub(crate) fn turn(&mut self) -> Option<F::Output> {
        if !self.is_due() {
            return None;
        }
        self.begun = true;
        self.waker.take();
        let waker = self.waker.waker();
        let future = self.future.as_mut()?;
        let Poll::Ready(output) = Pin::new(future).poll(&mut Context::from_waker(&waker)) else {
            return None;
        };
        self.future = None;
        Some(output)
    }

    /// Polls for as long as it is woken.
    pub(crate) fn run(&mut self) -> Option<F::Output> {
        loop {
            let output = self.turn();
            if output.is_some() || self.future.is_none() || self.waker.wakes() == 0 {
                return output;
            }
        }
    }
}

/// Polls each when it was woken, until all have their outcomes.
pub(crate) fn finish<G: IdGenerator<Id = u64>>(tasks: &mut [Task<Asked<G>>]) -> Vec<Outcome> {
    let mut outcomes = vec![None; tasks.len()];
    let mut left = tasks.len();
    while left > 0 {
        let before = left;
        for (task, outcome) in tasks.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                *outcome = task.run();
                left -= usize::from(outcome.is_some());
            }
        }
        assert!(left < before, "{left} were not woken");
    }
    outcomes.into_iter().flatten().collect()
}

/// The requests among what was written.
pub(crate) fn requests(written: Vec<Word>) -> Vec<Word> {
    written
        .into_iter()
        .filter(|word| word.kind == Kind::Request)
        .collect()
}

/// What belongs to a number and to no other.
pub(crate) fn proof(number: u64) -> u64 {
    (number ^ 0x9E37_79B9_7F4A_7C15)
        .wrapping_mul(0xBF58_476D_1CE4_E5B9)
        .rotate_left(31)
        .wrapping_mul(0x94D0_49BB_1331_11EB)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the line is dead")
    }
}

impl std::error::Error for Broken {}
