//! F23: requests that are cancelled as soon as they are made.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::task::Poll;

use await_layer::{Limits, serve};
use futures::future::poll_fn;

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

const LIMIT: usize = 16;

/// Handlers that run now, at most so far, and have begun.
#[derive(Clone, Copy, Default)]
struct Count {
    now: usize,
    most: usize,
    begun: u64,
}

pub(crate) fn measure(table: &mut Table) {
    let pairs = scaled(1_000_000);
    for slow in [Some(8), None] {
        let (count, run) = flood(pairs, slow);
        let named = match slow {
            Some(polls) => format!("{pairs} pairs, handlers of {polls} polls"),
            None => format!("{pairs} pairs, handlers that never end"),
        };
        let what = |what: &str| format!("{named}: {what}");
        table.at_most(&what("handlers at once"), count.most, "handlers", LIMIT);
        let sum = run.requests + run.refused;
        table.exactly(&what("taken or refused"), sum, "requests", pairs as u64);
        let bound = Limits::default().max_requests * 1024;
        table.at_most(&what("memory at the peak"), run.peak, "bytes", bound);
        match slow {
            // Every one that was taken has run, withdrawn or not.
            Some(_) => {
                table.exactly(&what("begun"), count.begun, "handlers", run.requests);
                table.exactly(&what("left"), count.now as u64, "handlers", 0);
                table.holds(&what("some begin"), count.begun > LIMIT as u64);
            }
            None => {
                let most = Limits::default().max_requests as u64;
                table.exactly(&what("held"), run.requests, "requests", most);
                table.exactly(&what("begun"), count.begun, "handlers", LIMIT as u64);
            }
        }
    }
}

struct Run {
    requests: u64,
    refused: u64,
    peak: usize,
}

fn flood(pairs: usize, slow: Option<usize>) -> (Count, Run) {
    let rig = Rig::new(Kinds::default(), Limits::default());
    let mut frames =
        (0..pairs as u64).flat_map(|id| [b'q', b'c'].map(|kind| wire::frame(kind, id, b"")));
    rig.make(move || frames.next());
    let Rig {
        handle,
        incoming,
        peak,
        written,
        ..
    } = rig;
    let count: Rc<Cell<Count>> = Rc::default();
    let counted = count.clone();
    let mut serving = Box::pin(serve(incoming, LIMIT, move |body: Vec<u8>| {
        let running = Running::begin(&counted);
        async move {
            match slow {
                Some(polls) => rest(polls).await,
                None => pending().await,
            }
            drop(running);
            Ok::<_, ()>(body)
        }
    }));
    peak.restart();
    let mut done = false;
    while !done {
        assert!(poll(&mut serving).is_pending(), "it ends");
        written.borrow_mut().clear();
        let (stats, count) = (handle.stats(), count.get());
        let idle = count.now == 0 && count.begun == stats.requests;
        done = stats.read == 2 * pairs as u64 && (idle || slow.is_none());
    }
    let stats = handle.stats();
    let run = Run {
        requests: stats.requests,
        refused: stats.refused,
        peak: peak.most(),
    };
    (count.get(), run)
}

/// A handler, for as long as it lives.
struct Running(Rc<Cell<Count>>);

impl Running {
    fn begin(count: &Rc<Cell<Count>>) -> Self {
        let Count { now, most, begun } = count.get();
        count.set(Count {
            now: now + 1,
            most: most.max(now + 1),
            begun: begun + 1,
        });
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let count = self.0.get();
        let now = count.now - 1;
        self.0.set(Count { now, ..count });
    }
}

/// Takes so many polls.
async fn rest(mut polls: usize) {
    poll_fn(|cx| {
        let Some(left) = polls.checked_sub(1) else {
            return Poll::Ready(());
        };
        polls = left;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
