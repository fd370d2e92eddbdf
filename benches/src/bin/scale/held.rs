//! Pending calls that nobody has put into tasks: what they take beside the
//! futures themselves.

use std::task::{Context, Waker};

use await_layer::memory::Duplex;
use await_layer_benches::load::Client;
use await_layer_testkit::alloc::Region;
use bytes::BytesMut;
use futures::{FutureExt, StreamExt};
use tokio::task::unconstrained;

use crate::contender::{CAPACITY, Experiment, frame};

pub(crate) struct Held {
    pub(crate) pending: usize,
}

impl Experiment for Held {
    async fn run(self, client: impl Client, mut far_end: Duplex<BytesMut>) -> Vec<f64> {
        let frame = frame();
        let mut calls = Vec::with_capacity(self.pending);
        let cx = &mut Context::from_waker(Waker::noop());
        let region = Region::start();
        while calls.len() < self.pending {
            let begun = CAPACITY.min(self.pending - calls.len());
            for _ in 0..begun {
                // Nobody would poll a call again that was asked to yield.
                let mut call = Box::pin(unconstrained(client.call(frame)));
                assert!(call.poll_unpin(cx).is_pending());
                calls.push(call);
            }
            for _ in 0..begun {
                drop(far_end.next().await.expect("a frame"));
            }
        }
        let future = calls.first().map_or(0, |call| size_of_val(&**call)) as f64;
        let bytes = region.change().live_bytes as f64 / self.pending as f64;
        vec![bytes - future, future]
    }
}
