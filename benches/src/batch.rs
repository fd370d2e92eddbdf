//! A batch of calls that one task awaits.

use std::time::Instant;

use crate::load::{Caller, Load};
use crate::meter::{Meter, Sample};
use crate::watch::{Seen, Wakes, nanos_since};

/// Whatever can ask many things at once.
pub trait Asker: Caller {
    fn ask_all(
        &self,
        question: &Self::Question,
        times: usize,
    ) -> impl Future<Output = Vec<Self::Answer>> + Send;
}

impl Load {
    /// One task makes as many calls as may be in flight, awaits them all, and
    /// does it again.
    pub async fn run_batches<C: Asker>(&self, client: &C) -> Sample {
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
    pub async fn watch_batches<C: Asker>(&self, client: &C) -> Seen {
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

    async fn batch<C: Asker>(&self, client: &C, question: &C::Question) {
        for answer in client.ask_all(question, self.in_flight).await {
            assert_eq!(C::size(&answer), self.payload);
        }
    }
}
