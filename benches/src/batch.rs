//! A batch of calls that one task awaits.

use std::time::Instant;

use futures::future::join_all;

use crate::load::{Caller, Load};
use crate::meter::{Meter, Sample};
use crate::watch::{Seen, Wakes, nanos_since};

impl Load {
    /// One task makes as many calls as may be in flight, awaits them all, and
    /// does it again.
    pub async fn run_batches<C: Caller>(&self, client: &C) -> Sample {
        let question = C::question(self.payload);
        for _ in 0..self.each(self.warm_up()) {
            self.batch(client, &question).await;
        }
        let each = self.each(self.calls);
        let meter = Meter::start(&self.flushes);
        for _ in 0..each {
            self.batch(client, &question).await;
        }
        meter.stop(each * self.in_flight)
    }

    /// As [`run_batches`](Self::run_batches), watched. A call took as long as
    /// its batch, for nobody has the reply before.
    pub async fn watch_batches<C: Caller>(&self, client: &C) -> Seen {
        let question = C::question(self.payload);
        for _ in 0..self.each(self.warm_up()) {
            self.batch(client, &question).await;
        }
        let each = self.each(self.watched());
        let (wakes, mut took) = (Wakes::default(), Vec::with_capacity(each * self.in_flight));
        let batches = async {
            for _ in 0..each {
                let start = Instant::now();
                self.batch(client, &question).await;
                took.extend(std::iter::repeat_n(nanos_since(start), self.in_flight));
            }
        };
        wakes.of(batches).await;
        Seen::of(&took, Some(wakes.count()))
    }

    async fn batch<C: Caller>(&self, client: &C, question: &C::Question) {
        let calls = (0..self.in_flight).map(|_| client.ask(question));
        for answer in join_all(calls).await {
            assert_eq!(C::size(&answer), self.payload);
        }
    }
}
