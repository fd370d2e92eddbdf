//! What all the parties of one connection share.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::task::Waker;

use crate::caught;
use crate::connection::{Connection, Drive, MachineOf};
use crate::driver::{Next, Pump};
use crate::hub::{Hub, Wakers};
use crate::incoming::Queued;
use crate::machine::{Limits, Machine, nanos};
use crate::sync::{Mutex, lock};
use crate::transport::Transport;
use crate::{AwaitIdCodec, Protocol, Timer};

/// Names one kind of connection: the transport `S`, the protocol `P`, the
/// timer `T`.
///
/// It is the parameter of [`Handle`](crate::Handle), [`Call`](crate::Call) and
/// the others, as in `Handle<Link<MyTransport, MyProtocol, DefaultTimer>>`,
/// and has nothing to call.
pub struct Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    packer: P::Packer,
    timer: T,
    hub: Arc<Hub>,
    call_timeout: AtomicU64,
    serves: AtomicBool,
    state: Mutex<State<S, P, T>>,
}

type IdOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<<P as Protocol>::Frame>>::Id;
type AskOf<P> = <<P as Protocol>::Codec as AwaitIdCodec<<P as Protocol>::Frame>>::Ask;
pub(crate) type ErrorOf<S, P> = <S as Transport<<P as Protocol>::Frame>>::ReadError;
pub(crate) type Events<F, E> = async_channel::Receiver<Queued<F, E>>;

struct State<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    machine: Machine<P::Frame, IdOf<P>, AskOf<P>>,
    /// Away while someone drives.
    pump: Option<Pin<Box<Pump<S, P, T>>>>,
    /// Room for the wakers of a turn that wakes many.
    room: Option<VecDeque<Waker>>,
}

impl<S, P, T> Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    pub(crate) fn open(
        io: S,
        protocol: P,
        timer: T,
        limits: Limits,
    ) -> (Arc<Self>, Events<P::Frame, ErrorOf<S, P>>) {
        let (packer, codec, ids) = protocol.into_parts();
        let hub = Hub::new();
        // Bounded by the machine, which counts bytes too; an unbounded channel
        // allocates nothing before the first event.
        let (sender, receiver) = async_channel::unbounded();
        let now = timer.now();
        let pump = Pump::new(io, codec, ids, &timer, &hub, sender, limits.frames_per_turn);
        let link = Self {
            packer,
            timer,
            hub,
            call_timeout: AtomicU64::new(nanos(limits.call_timeout).unwrap_or(u64::MAX)),
            serves: AtomicBool::new(false),
            state: Mutex::new(State {
                machine: Machine::new(limits, now),
                pump: Some(Box::pin(pump)),
                room: None,
            }),
        };
        (Arc::new(link), receiver)
    }
}

impl<S, P, T> Connection for Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    type Frame = P::Frame;
    type Error = ErrorOf<S, P>;
    type Packer = P::Packer;
    type Id = IdOf<P>;
    type Ask = AskOf<P>;
    type Codec = P::Codec;
    type Ids = P::Ids;
    type Protocol = P;
}

#[allow(private_interfaces)]
impl<S, P, T> Drive for Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    #[allow(private_bounds)]
    fn with<R>(&self, change: impl FnOnce(&mut MachineOf<Self>) -> R) -> R {
        let mut state = lock(&self.state);
        let result = change(&mut state.machine);
        if state.machine.has_discarded() {
            let discarded = state.machine.take_discarded();
            drop(state);
            drop(discarded);
        }
        result
    }

    fn packer(&self) -> &<Self as Connection>::Packer {
        &self.packer
    }

    fn now(&self) -> u64 {
        self.timer.now()
    }

    fn call_timeout(&self) -> &AtomicU64 {
        &self.call_timeout
    }

    fn serves(&self) -> &AtomicBool {
        &self.serves
    }

    #[allow(private_bounds)]
    fn turn<R>(&self, mut look: impl FnMut(&mut MachineOf<Self>) -> Option<R>) -> Option<R> {
        let (mut found, mut panic, mut wake) = (None, None, Wakers::default());
        let mut pump = {
            let State { machine, pump, .. } = &mut *lock(&self.state);
            // The hub gives one turn at a time: it is there.
            let mut pump = pump.take()?;
            pump.as_mut().open(machine);
            Some(pump)
        };
        let mut discarded = Vec::new();
        while let Some(mut driving) = pump.take() {
            // A panic in the protocol, the transport, the timer or a frame that
            // is dropped must not take down whoever happened to drive.
            let advance = AssertUnwindSafe(|| {
                drop(std::mem::take(&mut discarded));
                driving.as_mut().advance(self);
            });
            if let Err(payload) = catch_unwind(advance) {
                caught::discard(payload);
                driving.as_mut().panicked(self);
            }
            let mut state = lock(&self.state);
            let State { machine, room, .. } = &mut *state;
            if machine.count_woken() > 1 {
                wake.borrow(room);
            }
            let pumped = driving.as_mut();
            let next = pumped.exchange(machine, &self.hub, &mut wake, &mut found, &mut look);
            discarded = machine.take_discarded();
            match next {
                Next::More => pump = Some(driving),
                Next::Done => state.pump = Some(driving),
            }
            drop(state);
            wake.wake(&mut panic);
        }
        if let Some(room) = wake.room() {
            lock(&self.state).room = Some(room);
        }
        // A waker's: whoever was driving gets it, and nobody else went short.
        match panic {
            Some(panic) => resume_unwind(panic),
            None => found,
        }
    }
}

impl<S, P, T> Drop for Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    fn drop(&mut self) {
        // A spawned driver does not keep the connection alive; it learns here
        // that it is over.
        let mut wake = Wakers::default();
        self.hub.stop(&mut wake);
        wake.wake(&mut None);
    }
}

impl<S, P, T> fmt::Debug for Link<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("in_flight", &self.with(|machine| machine.in_flight()))
            .field("protocol", &PhantomData::<fn() -> P>)
            .finish_non_exhaustive()
    }
}
