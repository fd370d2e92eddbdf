//! So many calls begun, and then all answered, in one order or another.

use await_layer::memory::Duplex;
use await_layer_benches::load::Client;
use await_layer_benches::wire::{id_of, packed, seal};
use await_layer_testkit::rng::Rng;
use bytes::BytesMut;
use cpu_time::ThreadTime;
use futures::{SinkExt, StreamExt};

use crate::contender::{Experiment, PAYLOAD, frame};

/// Calls that are measured per order, at least.
const CALLS: usize = 200_000;

pub(crate) struct Answered {
    pub(crate) at_once: usize,
}

impl Experiment for Answered {
    async fn run(self, client: impl Client, mut far_end: Duplex<BytesMut>) -> Vec<f64> {
        let mut rng = Rng::new(1);
        let rounds = CALLS.div_ceil(self.at_once);
        let mut round = async |order: &mut dyn FnMut(&mut [u64])| {
            let start = ThreadTime::now();
            let frame = frame();
            let calls = (0..self.at_once).map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.call(frame).await })
            });
            let calls = calls.collect::<Vec<_>>();
            let mut ids = Vec::with_capacity(self.at_once);
            while ids.len() < self.at_once {
                let frame = far_end.next().await.and_then(Result::ok);
                ids.push(id_of(&frame.expect("a frame")));
            }
            let begun = start.elapsed();
            order(&mut ids);
            let start = ThreadTime::now();
            for id in ids {
                let mut reply = packed(PAYLOAD);
                seal(&mut reply, id);
                far_end.feed(reply).await.expect("somebody reads");
            }
            for call in calls {
                assert_eq!(call.await.expect("a reply").len(), PAYLOAD);
            }
            (begun + start.elapsed()).as_nanos() as f64
        };
        // Tables and buffers reach their size.
        round(&mut |_| {}).await;
        let orders: [&mut dyn FnMut(&mut [u64]); 3] =
            [&mut |_| {}, &mut |ids| ids.reverse(), &mut |ids| {
                rng.shuffle(ids)
            }];
        let mut figures = Vec::new();
        for order in orders {
            let mut nanos = 0.0;
            for _ in 0..rounds {
                nanos += round(order).await;
            }
            figures.push(nanos / (rounds * self.at_once) as f64);
        }
        figures
    }
}
