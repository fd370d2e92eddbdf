//! Calls that are answered while many others wait.

use await_layer::memory::Duplex;
use await_layer_benches::load::Client;
use bytes::BytesMut;
use futures::StreamExt;

use crate::contender::{Experiment, load};
use crate::tasks;

pub(crate) const IN_FLIGHT: usize = 64;

pub(crate) struct Beside {
    pub(crate) waiting: usize,
}

impl Experiment for Beside {
    async fn run(self, client: impl Client, mut far_end: Duplex<BytesMut>) -> Vec<f64> {
        tasks::spawn(&client, self.waiting);
        for _ in 0..self.waiting {
            drop(far_end.next().await.expect("a frame"));
        }
        let (sink, stream) = far_end.split();
        tokio::spawn(stream.forward(sink));
        vec![load(IN_FLIGHT, 200_000).run(&client).await.cpu]
    }
}
