//! The load: as many tasks as calls in flight, each with one call under way.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::BytesMut;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::meter::{Meter, Sample};
use crate::wire::packed;

#[derive(Clone)]
pub struct Load {
    pub in_flight: usize,
    /// Bytes of a body.
    pub payload: usize,
    pub calls: usize,
    pub flushes: Arc<AtomicU64>,
}

/// Whatever can ask the far end.
pub trait Client: Clone + Send + 'static {
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send;
}

impl Load {
    pub fn warm_up(&self) -> usize {
        self.calls / 5
    }

    /// Lets `client` make the calls; the warm-up is not measured.
    pub async fn run(&self, client: &impl Client) -> Sample {
        let barrier = Arc::new(Barrier::new(self.in_flight + 1));
        let each = self.calls.div_ceil(self.in_flight);
        let warm_up = self.warm_up().div_ceil(self.in_flight);
        let payload = self.payload;
        let mut tasks = JoinSet::new();
        for _ in 0..self.in_flight {
            let (client, barrier) = (client.clone(), barrier.clone());
            tasks.spawn(async move {
                let frame = packed(payload);
                for _ in 0..warm_up {
                    client.call(&frame).await;
                }
                barrier.wait().await;
                for _ in 0..each {
                    assert_eq!(client.call(&frame).await.len(), payload);
                }
            });
        }
        barrier.wait().await;
        let meter = Meter::start(&self.flushes);
        while let Some(done) = tasks.join_next().await {
            done.expect("every call is answered");
        }
        meter.stop(each * self.in_flight)
    }
}
