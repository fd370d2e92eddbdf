//! What is counted: a contender, and how many of its calls are in flight.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use await_layer_benches::load::{Client, Load};
use await_layer_benches::wire::{self, Counted};
use await_layer_benches::{floor, hand_written, layer, tasks};
use await_layer_testkit::alloc::COUNTING;
use tokio::runtime::{Builder, Runtime};

use crate::wakes::Watched;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Floor,
    Tasks,
    HandWritten,
    Callers,
    Driver,
    Batch,
}

use Contender::{Batch, Callers, Driver, Floor, HandWritten, Tasks};

#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) contender: Contender,
    pub(crate) in_flight: usize,
}

/// Of a whole run, setting up included.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) calls: u64,
    pub(crate) allocations: u64,
    /// Bytes asked of the allocator.
    pub(crate) bytes: u64,
    pub(crate) flushes: u64,
}

impl Case {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [1, 64, 4096].into_iter().flat_map(|in_flight| {
            [Floor, Tasks, HandWritten, Callers, Driver, Batch].map(|contender| Self {
                contender,
                in_flight,
            })
        })
    }

    pub(crate) fn named(name: &str) -> Result<Self, Box<dyn Error>> {
        Self::all()
            .find(|case| case.to_string() == name)
            .ok_or_else(|| {
                let names = Self::all().map(|case| case.to_string());
                format!("the cases are: {}", names.collect::<Vec<_>>().join(", ")).into()
            })
    }

    /// A short run and one three times as long. Setting up costs both the
    /// same: it is not in the difference between them.
    pub(crate) fn rounds(self) -> [usize; 2] {
        let short = (600 / self.in_flight).max(1);
        [short, 3 * short]
    }

    /// Six calls per round and caller: five, after one to warm up.
    pub(crate) fn calls(self, rounds: usize) -> u64 {
        (6 * rounds * self.in_flight) as u64
    }

    fn load(self, rounds: usize) -> Load {
        let load = Load {
            in_flight: self.in_flight,
            payload: 64,
            calls: 5 * rounds * self.in_flight,
            flushes: Arc::default(),
        };
        assert_eq!(
            (load.calls + load.warm_up()) as u64,
            self.calls(rounds),
            "the load has another warm-up"
        );
        load
    }

    pub(crate) fn run(self, rounds: usize) -> Result<Totals, Box<dyn Error>> {
        let load = self.load(rounds);
        let flushes = load.flushes.clone();
        let before = COUNTING.stats();
        runtime()?.block_on(async {
            let io = Counted::new(wire::in_memory(), load.flushes.clone());
            match self.contender {
                Floor => floor::run(io, load).await,
                Tasks => load.run(&tasks::open(io)).await,
                HandWritten => hand_written::run(io, load).await,
                Callers => layer::by_callers(io, load).await,
                Driver => layer::by_driver(io, load).await,
                Batch => load.run_batches(&layer::open(io, &load)).await,
            }
        });
        let change = COUNTING.stats() - before;
        Ok(Totals {
            calls: self.calls(rounds),
            allocations: (change.allocations + change.reallocations) as u64,
            bytes: change.bytes_allocated as u64,
            flushes: flushes.load(Ordering::Relaxed),
        })
    }

    /// How often the callers' tasks are woken, in a whole run; `None` if the
    /// contender has none.
    pub(crate) fn wakes(self, rounds: usize) -> Result<Option<u64>, Box<dyn Error>> {
        let load = self.load(rounds);
        runtime()?.block_on(async {
            let io = wire::in_memory();
            Ok(match self.contender {
                // One task for all of a batch.
                Floor | Batch => None,
                Tasks => Some(watch(tasks::open(io), &load).await),
                HandWritten => Some(watch(hand_written::open(io), &load).await),
                Callers => Some(watch(layer::open(io, &load), &load).await),
                Driver => {
                    let handle = layer::open(io, &load);
                    tokio::spawn(handle.driver());
                    Some(watch(handle, &load).await)
                }
            })
        })
    }
}

async fn watch(client: impl Client, load: &Load) -> u64 {
    let wakes = Arc::new(AtomicU64::new(0));
    load.run(&Watched::new(client, wakes.clone())).await;
    wakes.load(Ordering::Relaxed)
}

pub(crate) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contender = match self.contender {
            Floor => "floor",
            Tasks => "floor, tasks",
            HandWritten => "hand-written",
            Callers => "callers",
            Driver => "driver",
            Batch => "batch",
        };
        write!(f, "{contender} x {}", self.in_flight)
    }
}
