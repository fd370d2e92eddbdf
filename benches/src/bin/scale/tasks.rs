//! Pending calls, each in a task of its own.

use await_layer::memory::Duplex;
use await_layer_benches::load::Client;
use await_layer_benches::rss::rss;
use await_layer_testkit::alloc::Region;
use bytes::BytesMut;
use futures::StreamExt;

use crate::contender::{Experiment, frame};

pub(crate) struct Tasks {
    pub(crate) pending: usize,
}

impl Experiment for Tasks {
    async fn run(self, client: impl Client, far_end: Duplex<BytesMut>) -> Vec<f64> {
        let (rss_before, region) = (rss(), Region::start());
        spawn(&client, self.pending);
        let mut arrived = far_end.take(self.pending);
        while let Some(frame) = arrived.next().await {
            drop(frame.expect("a frame"));
        }
        let pending = self.pending as f64;
        vec![
            region.change().live_bytes as f64 / pending,
            (rss() - rss_before) / pending,
        ]
    }
}

/// Starts so many calls.
pub(crate) fn spawn(client: &impl Client, calls: usize) {
    let frame = frame();
    for _ in 0..calls {
        let client = client.clone();
        tokio::spawn(async move { client.call(frame).await });
    }
}
