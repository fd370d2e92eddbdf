//! What is seen of each call by itself: how long it took, and who was woken.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use hdrhistogram::Histogram;

/// Nanoseconds, and wakes of one call.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    /// How often the caller's task was woken; none where nobody counts it.
    pub wakes: Option<f64>,
}

impl Seen {
    /// `took` is one entry per call.
    pub fn of(took: &[u64], wakes: Option<u64>) -> Self {
        let mut histogram = Histogram::<u32>::new(3).expect("3 digits can be kept");
        for nanos in took {
            histogram.record(*nanos).expect("it grows");
        }
        let at = |percentile| histogram.value_at_percentile(percentile) as f64;
        Self {
            p50: at(50.0),
            p99: at(99.0),
            p999: at(99.9),
            wakes: wakes.map(|wakes| wakes as f64 / took.len() as f64),
        }
    }
}

pub fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).expect("it began in this century")
}

/// When numbered messages left, and how long each was away.
pub struct Times {
    sent: Vec<Instant>,
    took: Vec<u64>,
}

impl Times {
    pub fn of(calls: usize) -> Self {
        Self {
            sent: Vec::with_capacity(calls),
            took: Vec::with_capacity(calls),
        }
    }

    /// The next message leaves.
    pub fn sent(&mut self) {
        self.sent.push(Instant::now());
    }

    /// The reply to that message is here.
    pub fn received(&mut self, id: u64) {
        let id = usize::try_from(id).expect("it was counted in memory");
        self.took.push(nanos_since(self.sent[id]));
    }

    pub fn seen(&self) -> Seen {
        Seen::of(&self.took, None)
    }
}

/// Counts how often tasks are woken.
#[derive(Clone, Default)]
pub struct Wakes {
    count: Arc<AtomicU64>,
}

impl Wakes {
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The future, with each wake of it counted.
    pub fn of<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let count = self.count.clone();
        async move {
            let mut future = pin!(future);
            let mut own = None::<(Waker, Waker)>;
            poll_fn(|cx| {
                let waker = match &own {
                    Some((inner, waker)) if inner.will_wake(cx.waker()) => waker,
                    _ => {
                        let bell = Bell {
                            inner: cx.waker().clone(),
                            count: count.clone(),
                        };
                        &own.insert((cx.waker().clone(), Arc::new(bell).into())).1
                    }
                };
                future.as_mut().poll(&mut Context::from_waker(waker))
            })
            .await
        }
    }
}

struct Bell {
    inner: Waker,
    count: Arc<AtomicU64>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use await_layer_testkit::wakers::CountingWaker;

    use super::*;

    #[test]
    fn a_wake_is_counted_and_passed_on() {
        let (outer, wakes) = (CountingWaker::new(), Wakes::default());
        let mut polls = 0;
        let mut future = pin!(wakes.of(poll_fn(|cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })));
        let waker = outer.waker();
        let mut cx = Context::from_waker(&waker);
        while future.as_mut().poll(&mut cx).is_pending() {}
        assert_eq!(wakes.count(), 3);
        assert_eq!(outer.wakes(), 3);
    }

    #[test]
    fn percentiles_are_of_the_calls() {
        let took = (1..=1000).map(|n| n * 1000).collect::<Vec<_>>();
        let seen = Seen::of(&took, Some(2000));
        assert!((seen.p50 - 500_000.0).abs() < 1000.0);
        assert!((seen.p99 - 990_000.0).abs() < 1000.0);
        assert!((seen.p999 - 999_000.0).abs() < 2000.0);
        assert_eq!(seen.wakes, Some(2.0));
    }
}
