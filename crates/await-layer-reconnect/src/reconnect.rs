//! What outlives its connections.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use await_layer::{Handle, PackedBy, Unpack};
use futures_util::FutureExt;
use futures_util::future::Shared;

use crate::backoff::{SHORTEST, nanos};
use crate::call::ReconnectCall;
use crate::config::Config;
use crate::connected::Connected;
use crate::connections::Connections;
use crate::dialing::{Arrived, Dialing, Plan};
use crate::error::{Bound, GaveUp};
use crate::keep_up::KeepUp;
use crate::{CallFrame, CallPacker, Connect};

/// The outage that somebody waits for the end of.
pub(crate) type Outage<C> = Shared<Dialing<C>>;

/// A handle that stays valid while connections come and go. Cheap to clone.
///
/// Nothing is spawned: whoever waits for a connection dials, and the others
/// that wait share the attempt. While nobody waits nothing is dialed; poll
/// [`keep_up`](Self::keep_up) to have a connection ready all the time. Where
/// several wait and some are not polled, the others go on.
///
/// The first connection is made when it is first needed, likewise.
pub struct Reconnect<C: Connect> {
    shared: Arc<Inner<C>>,
}

struct Inner<C: Connect> {
    plan: Arc<Plan<C>>,
    state: Mutex<State<C>>,
}

struct State<C: Connect> {
    /// Changes whenever a connection is given up.
    epoch: u64,
    phase: Phase<C>,
    /// In a row.
    failures: u32,
    rng: fastrand::Rng,
}

enum Phase<C: Connect> {
    Up { handle: Handle<C::Link>, since: u64 },
    Down(Outage<C>),
    Over(GaveUp<C::Error>),
}

/// What there is to call on.
pub(crate) enum Current<C: Connect> {
    Now(Handle<C::Link>, u64),
    Soon(Outage<C>, u64),
    Never(GaveUp<C::Error>),
}

impl<C: Connect> Reconnect<C> {
    /// Connects by `connect` when it is first needed.
    pub fn new(connect: C, config: Config) -> Self {
        let mut rng = config.backoff.rng();
        let plan = Arc::new(Plan::new(connect, config));
        let outage = Dialing::new(plan.clone(), rng.fork(), 0, true).shared();
        Self {
            shared: Arc::new(Inner {
                plan,
                state: Mutex::new(State {
                    epoch: 0,
                    phase: Phase::Down(outage),
                    failures: 0,
                    rng,
                }),
            }),
        }
    }

    /// Sends `request` with an id, on this connection or the next; the
    /// returned future is the reply. See [`ReconnectCall`] for what is sent
    /// again and what is not.
    pub fn send_await<R, Q>(&self, request: Q) -> ReconnectCall<C, Q, R>
    where
        Q: PackedBy<CallFrame<C>, CallPacker<C>>,
        CallPacker<C>: Unpack<CallFrame<C>, R>,
    {
        ReconnectCall::new(self.clone(), request)
    }

    /// Ready when there is a connection: its handle, for all that is not a
    /// call. It may have ended by the time it is used, as any may.
    pub fn connected(&self) -> Connected<C> {
        Connected::new(self.clone())
    }

    /// A stream of every connection as it is made.
    pub fn connections(&self) -> Connections<C> {
        Connections::new(self.clone())
    }

    /// A future that drives each connection and makes the next, until it gives
    /// up or is stopped.
    pub fn keep_up(&self) -> KeepUp<C> {
        KeepUp::new(self.clone())
    }

    /// Makes no further connection: whoever waits for one, now or later, gets
    /// [`Bound::Stopped`]. The connection there is, if any, is returned and
    /// goes on; await its [`close`](Handle::close) to end it well, or drop it.
    pub fn stop(&self) -> Option<Handle<C::Link>> {
        let gave_up = GaveUp {
            bound: Bound::Stopped,
            failures: 0,
            last: None,
        };
        let former = {
            let mut state = self.lock();
            state.epoch = state.epoch.wrapping_add(1);
            std::mem::replace(&mut state.phase, Phase::Over(gave_up))
        };
        self.shared.plan.stop();
        match former {
            Phase::Up { handle, .. } => Some(handle),
            Phase::Down(_) | Phase::Over(_) => None,
        }
    }

    /// Begins anew, as at first, if it has given up; does nothing while it has
    /// not, nor once it was stopped. What has ended, such as
    /// [`keep_up`](Self::keep_up), is to be made anew.
    pub fn try_again(&self) {
        let plan = &self.shared.plan;
        let mut state = self.lock();
        let former = match &state.phase {
            Phase::Over(why) if why.bound() != Bound::Stopped => {
                state.failures = 0;
                // Those who have not heard of the end are not to tell it again.
                state.epoch = state.epoch.wrapping_add(1);
                let outage = Dialing::new(plan.clone(), state.rng.fork(), 0, true);
                std::mem::replace(&mut state.phase, Phase::Down(outage.shared()))
            }
            _ => return,
        };
        drop(state);
        drop(former);
    }

    /// Why the last attempt failed, for a person who wonders what takes so
    /// long. `None` if it only took too long, or has not failed.
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<C::Error>> {
        self.shared.plan.last()
    }

    pub(crate) fn plan(&self) -> &Plan<C> {
        &self.shared.plan
    }

    pub(crate) fn current(&self) -> Current<C> {
        loop {
            let (handle, epoch) = {
                let state = self.lock();
                match &state.phase {
                    Phase::Up { handle, .. } => (handle.clone(), state.epoch),
                    Phase::Down(outage) => return Current::Soon(outage.clone(), state.epoch),
                    Phase::Over(why) => return Current::Never(why.clone()),
                }
            };
            // Asked without the lock: it may drop values of the user's.
            if !handle.is_closing() {
                return Current::Now(handle, epoch);
            }
            self.lost(epoch);
        }
    }

    /// The connection of `epoch` takes no further calls.
    pub(crate) fn lost(&self, epoch: u64) {
        let plan = &self.shared.plan;
        let now = plan.now();
        let mut state = self.lock();
        let Phase::Up { since, .. } = &state.phase else {
            return;
        };
        if state.epoch != epoch {
            return;
        }
        let lasting = nanos(plan.config.backoff.longest).max(SHORTEST);
        let lasted = now.saturating_sub(*since) >= lasting;
        state.failures = match lasted {
            true => 0,
            false => state.failures.saturating_add(1),
        };
        let outage = Dialing::new(plan.clone(), state.rng.fork(), state.failures, false);
        state.epoch = state.epoch.wrapping_add(1);
        let former = std::mem::replace(&mut state.phase, Phase::Down(outage.shared()));
        drop(state);
        drop(former);
    }

    /// What an outage of `epoch` has come to.
    pub(crate) fn arrived(&self, epoch: u64, end: &Result<Arrived<C>, GaveUp<C::Error>>) {
        let now = self.shared.plan.now();
        let phase = match end {
            Ok(arrived) => Phase::Up {
                handle: arrived.handle.clone(),
                since: now,
            },
            Err(why) => Phase::Over(why.clone()),
        };
        let mut state = self.lock();
        let former = if state.epoch == epoch && matches!(state.phase, Phase::Down(_)) {
            if let Ok(arrived) = end {
                state.failures = arrived.failures;
            }
            std::mem::replace(&mut state.phase, phase)
        } else {
            // Somebody else has said so already, or it was stopped.
            phase
        };
        drop(state);
        drop(former);
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connect> Clone for Reconnect<C> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<C: Connect> fmt::Debug for Reconnect<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.lock().phase {
            Phase::Up { .. } => "up",
            Phase::Down(_) => "down",
            Phase::Over(_) => "over",
        };
        f.debug_struct("Reconnect")
            .field("phase", &phase)
            .finish_non_exhaustive()
    }
}
