//! tokio-tower's multiplexing client.
//!
//! It takes any frame and asks a [`TagStore`] for the id, so its requests and
//! responses are our frames: the store counts, writes the id into the room the
//! frame has for it, and reads it off the reply. Nothing is added.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Instant;

use bytes::BytesMut;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio_tower::multiplex::{Client, MultiplexTransport, TagStore};
use tower::buffer::Buffer;
use tower::timeout::Timeout;
use tower::{Service, ServiceExt};

use crate::TIMEOUT;
use crate::load::{self, Load};
use crate::meter::{Meter, Sample};
use crate::watch::{Seen, Wakes, nanos_since};
use crate::wire::{Wire, id_of, packed, seal, strip};

struct Tags {
    next: u64,
}

impl TagStore<BytesMut, BytesMut> for Tags {
    type Tag = u64;

    fn assign_tag(mut self: Pin<&mut Self>, frame: &mut BytesMut) -> u64 {
        let tag = self.next;
        self.next += 1;
        seal(frame, tag);
        tag
    }

    fn finish_tag(self: Pin<&mut Self>, frame: &BytesMut) -> u64 {
        id_of(frame)
    }
}

/// Whatever ended the connection. None of the runs gets to see it.
#[derive(Debug)]
pub struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection has ended")
    }
}

impl Error for Ended {}

impl<T, I> From<tokio_tower::Error<T, I>> for Ended
where
    T: futures::Sink<I> + futures::TryStream,
{
    fn from(_: tokio_tower::Error<T, I>) -> Self {
        Self
    }
}

type Multiplexed<W> = Client<MultiplexTransport<W, Tags>, Ended, BytesMut>;

fn multiplexed<W: Wire>(io: W) -> Multiplexed<W> {
    Client::new(MultiplexTransport::new(io, Tags { next: 0 }))
}

/// One task owns the client and keeps the calls in flight: when one ends, the
/// next begins. No timeouts.
pub async fn run(io: impl Wire, load: &Load) -> Sample {
    let mut client = multiplexed(io);
    slide(&mut client, load, load.warm_up(), &mut None).await;
    let meter = Meter::start(&load.flushes);
    slide(&mut client, load, load.calls, &mut None).await;
    meter.stop(load.calls)
}

/// As [`run`], watched.
pub async fn watch(io: impl Wire, load: &Load) -> Seen {
    let mut client = multiplexed(io);
    slide(&mut client, load, load.warm_up(), &mut None).await;
    let wakes = Wakes::default();
    let mut took = Some(Vec::with_capacity(load.watched()));
    wakes
        .of(slide(&mut client, load, load.watched(), &mut took))
        .await;
    Seen::of(&took.unwrap_or_default(), Some(wakes.count()))
}

async fn slide<W: Wire>(
    client: &mut Multiplexed<W>,
    load: &Load,
    calls: usize,
    took: &mut Option<Vec<u64>>,
) {
    let frame = packed(load.payload);
    let mut under_way = FuturesUnordered::new();
    let mut started = 0;
    loop {
        while started < calls && under_way.len() < load.in_flight {
            let ready = poll_fn(|cx| client.poll_ready(cx)).await;
            ready.expect("the far end is there");
            let start = took.is_some().then(Instant::now);
            let call = client.call(frame.clone());
            under_way.push(async move { (start, call.await) });
            started += 1;
        }
        let Some((start, reply)) = under_way.next().await else {
            return;
        };
        let mut reply = reply.expect("every call is answered");
        strip(&mut reply);
        assert_eq!(reply.len(), load.payload);
        if let (Some(took), Some(start)) = (took.as_mut(), start) {
            took.push(nanos_since(start));
        }
    }
}

/// For many tasks: tower's buffer in front of the client, and its timeout in
/// front of that.
#[derive(Clone)]
struct Buffered<S>(S);

impl<S> load::Client for Buffered<S>
where
    S: Service<BytesMut, Response = BytesMut, Error: fmt::Debug, Future: Send>,
    S: Clone + Send + 'static,
{
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send {
        let call = self.0.clone().oneshot(frame.clone());
        async {
            let mut reply = call.await.expect("every call is answered");
            strip(&mut reply);
            reply
        }
    }
}

pub fn buffered(io: impl Wire) -> impl load::Client {
    let buffer = Buffer::new(multiplexed(io), 1024);
    Buffered(Timeout::new(buffer, TIMEOUT))
}
