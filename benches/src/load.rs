//! The load: as many tasks as calls in flight, each with one call under way.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use bytes::BytesMut;
use tokio::sync::{Barrier, mpsc};

use crate::meter::{Meter, Sample};
use crate::runtime::{Runtime, Tokio};
use crate::watch::{Seen, Wakes, nanos_since};
use crate::wire::packed;

#[derive(Clone)]
pub struct Load {
    pub in_flight: usize,
    /// Bytes of a body.
    pub payload: usize,
    pub calls: usize,
    pub flushes: Arc<AtomicU64>,
}

/// Whatever can ask the far end in frames.
pub trait Client: Clone + Send + 'static {
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send;
}

/// Whatever can ask the far end.
pub trait Caller: Clone + Send + 'static {
    type Question: Send + Sync;
    type Answer: Send;

    /// A question of so many bytes.
    fn question(payload: usize) -> Self::Question;

    fn ask(&self, question: &Self::Question) -> impl Future<Output = Self::Answer> + Send;

    /// How many bytes the answer has.
    fn size(answer: &Self::Answer) -> usize;
}

impl<C: Client> Caller for C {
    type Question = BytesMut;
    type Answer = BytesMut;

    fn question(payload: usize) -> BytesMut {
        packed(payload)
    }

    fn ask(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send {
        self.call(frame)
    }

    fn size(frame: &BytesMut) -> usize {
        frame.len()
    }
}

impl Load {
    pub fn warm_up(&self) -> usize {
        self.calls / 5
    }

    /// How many are watched: fewer, because they only have to be enough for a
    /// percentile.
    pub fn watched(&self) -> usize {
        self.calls / 2
    }

    /// Lets `client` make the calls; the warm-up is not measured.
    pub async fn run(&self, client: &impl Caller) -> Sample {
        self.run_on(&Tokio, client).await
    }

    /// As [`run`](Self::run), with the tasks on that runtime.
    pub async fn run_on<C: Caller>(&self, runtime: &impl Runtime, client: &C) -> Sample {
        let barrier = Arc::new(Barrier::new(self.in_flight + 1));
        let (each, warm_up) = (self.each(self.calls), self.each(self.warm_up()));
        // One for all: else large ones would be out of the cache.
        let question = Arc::new(C::question(self.payload));
        let payload = self.payload;
        let (done, mut finished) = mpsc::channel(self.in_flight);
        for _ in 0..self.in_flight {
            let (client, question) = (client.clone(), question.clone());
            let (barrier, done) = (barrier.clone(), done.clone());
            runtime.spawn(async move {
                for _ in 0..warm_up {
                    client.ask(&question).await;
                }
                barrier.wait().await;
                barrier.wait().await;
                for _ in 0..each {
                    let answer = client.ask(&question).await;
                    assert_eq!(C::size(&answer), payload);
                }
                done.send(()).await.expect("somebody waits");
            });
        }
        drop(done);
        // All are there; none goes on before the meter runs.
        barrier.wait().await;
        let meter = Meter::start(&self.flushes);
        barrier.wait().await;
        for _ in 0..self.in_flight {
            // Nothing comes from a task that panicked.
            finished.recv().await.expect("every call is answered");
        }
        meter.stop(each * self.in_flight)
    }

    /// Looks at each call by itself. Clocks and counted wakers cost time, so
    /// this is no part of [`run`](Self::run).
    pub async fn watch_on<C: Caller>(&self, runtime: &impl Runtime, client: &C) -> Seen {
        let barrier = Arc::new(Barrier::new(self.in_flight + 1));
        let (each, warm_up) = (self.each(self.watched()), self.each(self.warm_up()));
        let question = Arc::new(C::question(self.payload));
        let wakes = Wakes::default();
        let (done, mut finished) = mpsc::channel(self.in_flight);
        for _ in 0..self.in_flight {
            let (client, question) = (client.clone(), question.clone());
            let (barrier, done) = (barrier.clone(), done.clone());
            runtime.spawn(wakes.of(async move {
                let mut took = Vec::with_capacity(each);
                for _ in 0..warm_up {
                    client.ask(&question).await;
                }
                barrier.wait().await;
                barrier.wait().await;
                for _ in 0..each {
                    let start = Instant::now();
                    client.ask(&question).await;
                    took.push(nanos_since(start));
                }
                done.send(took).await.expect("somebody waits");
            }));
        }
        drop(done);
        barrier.wait().await;
        let before = wakes.count() + self.in_flight as u64;
        barrier.wait().await;
        let mut took = Vec::with_capacity(each * self.in_flight);
        for _ in 0..self.in_flight {
            took.extend(finished.recv().await.expect("every call is answered"));
        }
        Seen::of(&took, Some(wakes.count() - before))
    }

    /// How many of `calls` each task makes.
    pub(crate) fn each(&self, calls: usize) -> usize {
        calls.div_ceil(self.in_flight)
    }
}
