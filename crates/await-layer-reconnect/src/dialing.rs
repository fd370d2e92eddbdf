//! The attempts of one outage.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use await_layer::{Handle, Sleep, Timer};
use futures_util::task::AtomicWaker;

use crate::Connect;
use crate::backoff::nanos;
use crate::config::Config;
use crate::error::{Bound, GaveUp};

/// An executor may be late by this: a second. Whoever comes later was not there.
const LATE: u64 = 1_000_000_000;

/// What all outages share.
pub(crate) struct Plan<C: Connect> {
    pub(crate) connect: C,
    pub(crate) config: Config,
    /// Calls that wait for a connection.
    pub(crate) waiting: Arc<AtomicUsize>,
    /// Of the last attempt, if there is no connection since.
    last: Mutex<Option<Arc<C::Error>>>,
    stopped: AtomicBool,
    /// Whoever dials.
    dialer: AtomicWaker,
}

impl<C: Connect> Plan<C> {
    pub(crate) fn new(connect: C, config: Config) -> Self {
        Self {
            connect,
            config,
            waiting: Arc::default(),
            last: Mutex::new(None),
            stopped: AtomicBool::new(false),
            dialer: AtomicWaker::new(),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.connect.timer().now()
    }

    pub(crate) fn last(&self) -> Option<Arc<C::Error>> {
        let last = self.last.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an attempt has come to.
    fn attempted(&self, error: Option<C::Error>) {
        let error = error.map(Arc::new);
        let former = {
            let last = self.last.lock();
            std::mem::replace(&mut *last.unwrap_or_else(PoisonError::into_inner), error)
        };
        drop(former);
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.dialer.wake();
    }
}

/// A connection, and the failures in a row that came before it.
pub(crate) struct Arrived<C: Connect> {
    pub(crate) handle: Handle<C::Link>,
    pub(crate) failures: u32,
}

impl<C: Connect> Clone for Arrived<C> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            failures: self.failures,
        }
    }
}

/// What an outage comes to.
type Ended<C> = Result<Arrived<C>, GaveUp<<C as Connect>::Error>>;
type Attempted<C> = Result<Handle<<C as Connect>::Link>, <C as Connect>::Error>;

enum Phase<D> {
    Dialing(Pin<Box<D>>),
    Waiting,
}

/// Dials until there is a connection or a bound is reached.
pub(crate) struct Dialing<C: Connect> {
    plan: Arc<Plan<C>>,
    rng: fastrand::Rng,
    /// Made when it is needed first: making it is the user's code.
    sleep: Option<<C::Timer as Timer>::Sleep>,
    phase: Phase<C::Dialing>,
    /// When this wait or this attempt is over; `u64::MAX` is never.
    at: u64,
    /// When it was polled first, later by the time in which nobody waited.
    since: Option<u64>,
    /// When it was polled last.
    polled: u64,
    failures: u32,
    /// Dialed at once: nothing was lost before it.
    first: bool,
}

impl<C: Connect> Dialing<C> {
    /// After so many failures in a row, the loss of a connection perhaps among
    /// them; or the `first`.
    pub(crate) fn new(plan: Arc<Plan<C>>, rng: fastrand::Rng, failures: u32, first: bool) -> Self {
        Self {
            sleep: None,
            plan,
            rng,
            phase: Phase::Waiting,
            at: 0,
            since: None,
            polled: 0,
            failures,
            first,
        }
    }

    fn gave_up(&self, bound: Bound) -> GaveUp<C::Error> {
        GaveUp {
            bound,
            failures: self.failures,
            last: self.plan.last(),
        }
    }

    /// Nobody waits if nobody comes when a wait or an attempt is over. That is
    /// no part of the outage: whoever comes later finds time to dial.
    fn resume(&mut self) {
        let now = self.plan.now();
        if let Some(since) = &mut self.since {
            let alone = now.saturating_sub(self.at.max(self.polled));
            *since = since.saturating_add(alone);
            let timeout = nanos(self.plan.config.backoff.attempt_timeout);
            if alone >= timeout.max(LATE) && matches!(self.phase, Phase::Dialing(_)) {
                // Its time is over, and yet it has not failed.
                self.phase = Phase::Waiting;
            }
        }
        self.polled = now;
    }

    /// Sets the wait that is due now, if another attempt is.
    fn wait(&mut self) -> Result<(), GaveUp<C::Error>> {
        let backoff = &self.plan.config.backoff;
        if self.failures >= backoff.attempts.max(1) {
            return Err(self.gave_up(Bound::Attempts));
        }
        let now = self.plan.now();
        let since = *self.since.get_or_insert(now);
        let wait = match std::mem::take(&mut self.first) {
            true => 0,
            false => backoff.wait(self.failures, &mut self.rng),
        };
        let at = now.saturating_add(wait);
        let end = since.saturating_add(nanos(backoff.within));
        if at > end {
            return Err(self.gave_up(Bound::Time));
        }
        self.at = at;
        self.phase = Phase::Waiting;
        Ok(())
    }

    fn dial(&mut self) {
        let timeout = nanos(self.plan.config.backoff.attempt_timeout);
        self.at = self.plan.now().saturating_add(timeout);
        if let Some(since) = self.since {
            let end = since.saturating_add(nanos(self.plan.config.backoff.within));
            self.at = self.at.min(end);
        }
        self.phase = Phase::Dialing(Box::pin(self.plan.connect.dial()));
    }

    /// Begins an attempt if none is under way.
    fn poll_attempt(&mut self, cx: &mut Context<'_>) -> Poll<Attempted<C>> {
        loop {
            match &mut self.phase {
                Phase::Waiting => self.dial(),
                Phase::Dialing(attempt) => return attempt.as_mut().poll(cx),
            }
        }
    }

    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.at {
            u64::MAX => Poll::Pending,
            at => {
                let timer = self.plan.connect.timer();
                let sleep = self.sleep.get_or_insert_with(|| timer.sleep());
                sleep.poll_until(at, cx)
            }
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Ended<C>> {
        self.plan.dialer.register(cx.waker());
        if self.plan.stopped.load(Ordering::Acquire) {
            return Poll::Ready(Err(self.gave_up(Bound::Stopped)));
        }
        self.resume();
        if self.since.is_none() {
            self.wait()?;
        }
        loop {
            if matches!(self.phase, Phase::Waiting) {
                ready!(self.poll_time(cx));
            }
            match self.poll_attempt(cx) {
                Poll::Ready(Ok(handle)) => {
                    self.plan.attempted(None);
                    return Poll::Ready(Ok(Arrived {
                        handle,
                        failures: self.failures,
                    }));
                }
                Poll::Ready(Err(error)) => self.plan.attempted(Some(error)),
                Poll::Pending => {
                    ready!(self.poll_time(cx));
                    self.plan.attempted(None);
                }
            }
            self.failures = self.failures.saturating_add(1);
            self.wait()?;
        }
    }
}

impl<C: Connect> Unpin for Dialing<C> {}

impl<C: Connect> Future for Dialing<C> {
    type Output = Ended<C>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // A panic here would be everybody's who waits, now and later.
        let ended = catch_unwind(AssertUnwindSafe(|| this.poll_end(cx)));
        ended.unwrap_or_else(|payload| {
            // It may throw again, which is kept then.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(again);
            }
            Poll::Ready(Err(this.gave_up(Bound::Panicked)))
        })
    }
}

impl<C: Connect> fmt::Debug for Dialing<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialing")
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}
