//! What all the parties of one connection share.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::task::Waker;

use crate::connection::{Connection, Drive, MachineOf};
use crate::driver::Pump;
use crate::hub::Hub;
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
    /// Empty, kept for its capacity: the wakers of the next turn go here.
    spare: Vec<Waker>,
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
        let pump = Pump::new(io, codec, ids, &timer, &hub, sender, limits.frames_per_turn);
        let link = Self {
            packer,
            timer,
            hub,
            call_timeout: AtomicU64::new(nanos(limits.call_timeout).unwrap_or(u64::MAX)),
            serves: AtomicBool::new(false),
            state: Mutex::new(State {
                machine: Machine::new(limits),
                pump: Some(Box::pin(pump)),
                spare: Vec::new(),
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
        let (result, discarded) = {
            let machine = &mut lock(&self.state).machine;
            (change(machine), machine.take_discarded())
        };
        drop(discarded);
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

    fn turn(&self) {
        let pump = lock(&self.state).pump.take();
        let Some(mut pump) = pump else {
            // Unreachable: the hub gives one turn at a time.
            self.hub.end_turn(true, false, &mut Vec::new());
            return;
        };
        // A panic in the protocol, the transport or the timer must not take
        // down whoever happened to drive.
        let turn = AssertUnwindSafe(|| pump.as_mut().turn(self, self.now()));
        let done = catch_unwind(turn);
        let done = match done {
            Ok(done) => done,
            Err(_) => pump.as_mut().panicked(self),
        };
        let mut wake = {
            let mut state = lock(&self.state);
            let wake = pump.as_mut().take_wakers(&mut state.spare);
            state.pump = Some(pump);
            wake
        };
        self.hub.end_turn(done.ticking, done.again, &mut wake);
        if wake.is_empty() {
            return;
        }
        wake_all(&mut wake);
        // Empty, and no user code runs when an empty one is dropped.
        lock(&self.state).spare = wake;
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
        let mut wake = Vec::new();
        self.hub.stop(&mut wake);
        for waker in wake {
            waker.wake();
        }
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

/// Wakes them all, even if one panics; then goes on with that panic.
fn wake_all(wakers: &mut Vec<Waker>) {
    let mut panic = None;
    for waker in wakers.drain(..) {
        if let Err(first) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(first);
        }
    }
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}
