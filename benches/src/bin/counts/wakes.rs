//! A client whose callers' wakes are counted.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Wake, Waker};

use await_layer_benches::load::Client;
use bytes::BytesMut;

#[derive(Clone)]
pub(crate) struct Watched<C> {
    client: C,
    wakes: Arc<AtomicU64>,
}

impl<C: Client> Watched<C> {
    pub(crate) fn new(client: C, wakes: Arc<AtomicU64>) -> Self {
        Self { client, wakes }
    }
}

impl<C: Client> Client for Watched<C> {
    fn call(&self, frame: &BytesMut) -> impl Future<Output = BytesMut> + Send {
        let mut call = Box::pin(self.client.call(frame));
        let wakes = self.wakes.clone();
        // One waker per call, so that it stays the same from poll to poll.
        let mut waker = None;
        poll_fn(move |cx| {
            let waker = waker.get_or_insert_with(|| {
                Waker::from(Arc::new(Bell {
                    task: cx.waker().clone(),
                    wakes: wakes.clone(),
                }))
            });
            call.as_mut().poll(&mut Context::from_waker(waker))
        })
    }
}

/// Counts, and wakes the task.
struct Bell {
    task: Waker,
    wakes: Arc<AtomicU64>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}
