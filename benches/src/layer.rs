//! The layer, driven by its callers alone, by a spawned driver, or by whoever
//! reads its stream.

use await_layer::{
    AwaitIdCodec, AwaitLayer, Handle, Head, Limits, Link, Peek, Protocol, Raw, SealError, SlotIds,
    Timer, TokioTimer,
};
use bytes::BytesMut;
use futures::{FutureExt, StreamExt};

use crate::TIMEOUT;
use crate::batch::Asker;
use crate::load::{Client, Load};
use crate::meter::Sample;
use crate::runtime::{Runtime, Tokio};
use crate::wire::{Wire, id_of, seal, strip};

pub struct Echo;

/// The id in the first 8 bytes; the far end never asks.
pub struct Header;

impl Protocol for Echo {
    type Frame = BytesMut;
    type Packer = Raw;
    type Codec = Header;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Raw, Header, SlotIds<u64>) {
        (Raw, Header, SlotIds::new())
    }
}

impl AwaitIdCodec<BytesMut> for Header {
    type Id = u64;
    type Ask = u64;

    fn peek(&mut self, frame: &BytesMut) -> Peek<u64, u64> {
        Peek::Reply(id_of(frame))
    }

    fn seal(&mut self, frame: &mut BytesMut, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        let Head::Request(id) = head else {
            return Err(SealError::new("requests only"));
        };
        seal(frame, *id);
        Ok(())
    }

    fn strip(&mut self, frame: &mut BytesMut) {
        strip(frame);
    }

    fn size(frame: &BytesMut) -> usize {
        frame.len()
    }
}

impl<S: Wire, T: Clock> Client for Handle<Link<S, Echo, T>> {
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send {
        let call = self.send_await::<BytesMut>(frame);
        call.map(|reply| reply.expect("every call is answered"))
    }
}

impl<S: Wire, T: Clock> Asker for Handle<Link<S, Echo, T>> {
    async fn ask_all(&self, frame: &BytesMut, times: usize) -> Vec<BytesMut> {
        let frames = std::iter::repeat_n(frame, times);
        let replies = self.send_await_all::<BytesMut, _>(frames).await;
        let replies = replies.into_iter().collect::<Result<_, _>>();
        replies.expect("every call is answered")
    }
}

/// A timer that tasks may share.
pub trait Clock: Timer<Sleep: Send> + Send + Sync + 'static {}

impl<T: Timer<Sleep: Send> + Send + Sync + 'static> Clock for T {}

/// A connection with room for the load.
pub fn open<S: Wire>(io: S, load: &Load) -> Handle<Link<S, Echo, TokioTimer>> {
    wrap(io, TokioTimer::new(), load).handle()
}

fn wrap<S: Wire, T: Clock>(io: S, timer: T, load: &Load) -> AwaitLayer<S, Echo, T> {
    let limits = Limits {
        max_in_flight: load.in_flight,
        call_timeout: TIMEOUT,
        ..Limits::default()
    };
    AwaitLayer::with(io, Echo, timer, limits)
}

/// Nothing is spawned: a waiting call drives.
pub fn callers<S: Wire>(
    io: S,
    timer: impl Clock,
    load: &Load,
) -> impl Asker<Question = BytesMut, Answer = BytesMut> + Sync {
    wrap(io, timer, load).handle()
}

/// A spawned task drives.
pub fn driver<S: Wire>(
    io: S,
    timer: impl Clock,
    runtime: &impl Runtime,
    load: &Load,
) -> impl Client + Sync {
    let handle = wrap(io, timer, load).handle();
    let driver = handle.driver();
    runtime.spawn(async { drop(driver.await) });
    handle
}

/// Somebody reads what else comes, and drives by it.
pub fn stream<S: Wire>(
    io: S,
    timer: impl Clock,
    runtime: &impl Runtime,
    load: &Load,
) -> impl Client + Sync {
    let mut layer = wrap(io, timer, load);
    let handle = layer.handle();
    runtime.spawn(async move { while layer.next().await.is_some() {} });
    handle
}

pub async fn by_callers<S: Wire>(io: S, load: Load) -> Sample {
    load.run(&open(io, &load)).await
}

pub async fn by_driver<S: Wire>(io: S, load: Load) -> Sample {
    let client = driver(io, TokioTimer::new(), &Tokio, &load);
    load.run(&client).await
}
