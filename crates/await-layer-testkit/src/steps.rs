//! A deterministic executor: one poll at a time, in an order that a seed
//! chooses.
//!
//! A task is polled only when it was woken, so a lost wake shows as a
//! deadlock, with the names of the tasks it left waiting. Nothing sleeps and
//! nothing depends on the machine: the same tasks and the same seed give the
//! same run.
//!
//! ```
//! use await_layer::memory;
//! use await_layer_testkit::steps::Steps;
//! use futures::{SinkExt, StreamExt};
//!
//! let (mut here, mut there) = memory::pair(1);
//! let mut steps = Steps::seeded(7).spurious(0.1);
//! steps.spawn("sender", async move {
//!     for n in 0..100 {
//!         here.send(n).await.unwrap();
//!     }
//! });
//! steps.spawn("reader", async move {
//!     assert_eq!(there.by_ref().count().await, 100);
//! });
//! steps.run(10_000)?;
//! # Ok::<_, await_layer_testkit::steps::Stuck>(())
//! ```

mod stuck;
mod tasks;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;

use crate::rng::Rng;

pub use stuck::Stuck;
use tasks::Table;
pub use tasks::{Spawner, TaskId};

/// A future that need not be `Send`, in a box.
pub type LocalFuture<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Polls tasks, one at a time, on the thread it is used on.
///
/// Tasks may be added and cancelled between steps, and by one another through
/// a [`Spawner`] while it runs. A task whose poll panics is lost; the panic
/// goes to the caller.
pub struct Steps<'a> {
    table: Table<'a>,
    order: Option<Rng>,
    spurious: f64,
    polls: u64,
}

/// Polls `futures` until all are done, in the order in which they are woken.
///
/// In what [`Stuck`] says they are named by their place, from 0.
///
/// # Errors
///
/// [`Stuck`] if some can no longer be woken, or `max_polls` were not enough.
pub fn drive_bounded<'a, I>(futures: I, max_polls: u64) -> Result<u64, Stuck>
where
    I: IntoIterator<Item = LocalFuture<'a>>,
{
    let mut steps = Steps::new();
    for (place, future) in futures.into_iter().enumerate() {
        steps.spawn(place.to_string(), future);
    }
    steps.run(max_polls)
}

impl<'a> Steps<'a> {
    /// Polls in the order in which tasks were woken, first come first served.
    pub fn new() -> Self {
        Self {
            table: Table::new(),
            order: None,
            spurious: 0.0,
            polls: 0,
        }
    }

    /// Polls any of the woken tasks, as the seed has it.
    pub fn seeded(seed: u64) -> Self {
        Self {
            order: Some(Rng::new(seed)),
            ..Self::new()
        }
    }

    /// Before a step, with this probability, polls any task instead, woken or
    /// not. As long as some task is woken: what is stuck stays stuck.
    ///
    /// # Panics
    ///
    /// Without a seed, and if the probability is not at least 0 and below 1
    /// (at 1, the woken tasks might never be polled for being woken).
    #[must_use]
    #[track_caller]
    pub fn spurious(mut self, probability: f64) -> Self {
        assert!(self.order.is_some(), "spurious polls need a seed");
        assert!(
            (0.0..1.0).contains(&probability),
            "the probability of a spurious poll is at least 0 and below 1"
        );
        self.spurious = probability;
        self
    }

    /// Adds a task, to be polled first in one of the next steps. The name is
    /// for [`Stuck`].
    pub fn spawn(
        &mut self,
        name: impl Into<String>,
        future: impl Future<Output = ()> + 'a,
    ) -> TaskId {
        let id = self.table.spawner().spawn(name, future);
        self.table.settle();
        id
    }

    /// Drops a task; false if it was done or cancelled before.
    pub fn cancel(&mut self, task: TaskId) -> bool {
        self.table.settle();
        let lives = self.table.lives(task);
        self.table.spawner().cancel(task);
        self.table.settle();
        lives
    }

    /// For tasks that add or cancel tasks.
    pub fn spawner(&self) -> Spawner<'a> {
        self.table.spawner()
    }

    /// Polls one task and says which; `None` if none was woken.
    ///
    /// Between steps is the place to move a clock, cut a transport, or cancel.
    pub fn step(&mut self) -> Option<TaskId> {
        self.table.settle();
        let id = self.choose()?;
        let mut task = self.table.take(id)?;
        self.polls = self.polls.saturating_add(1);
        let waker = task.waker();
        let done = task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready();
        if done {
            drop(task);
        } else {
            self.table.put_back(id, task);
        }
        self.table.settle();
        Some(id)
    }

    /// Steps until no task is left, and returns the number of polls it took.
    ///
    /// What is left stays, so that the test can look, wake, and go on.
    ///
    /// # Errors
    ///
    /// [`Stuck::Deadlock`] once tasks are left and none is woken: a wake that
    /// is to come from another thread comes too late. [`Stuck::Exhausted`]
    /// after `max_polls`.
    pub fn run(&mut self, max_polls: u64) -> Result<u64, Stuck> {
        let start = self.polls;
        self.table.settle();
        while !self.is_done() {
            let polls = self.polls.saturating_sub(start);
            if polls >= max_polls && self.table.is_awake() {
                let left = self.table.names();
                return Err(Stuck::Exhausted { polls, left });
            }
            if self.step().is_none() {
                let left = self.table.names();
                return Err(Stuck::Deadlock { polls, left });
            }
        }
        Ok(self.polls.saturating_sub(start))
    }

    /// Whether this task is still there, neither done nor cancelled.
    pub fn lives(&self, task: TaskId) -> bool {
        self.table.lives(task)
    }

    /// Whether no task is left.
    pub fn is_done(&self) -> bool {
        self.table.is_empty()
    }

    /// Polls so far.
    pub const fn polls(&self) -> u64 {
        self.polls
    }

    fn choose(&mut self) -> Option<TaskId> {
        let Some(rng) = &mut self.order else {
            return self.table.next_woken(|_| 0);
        };
        // A task cannot be chosen spuriously when none is woken.
        if self.spurious > 0.0 && self.table.is_awake() && rng.chance(self.spurious) {
            return self.table.any(|n| rng.below(n));
        }
        self.table.next_woken(|n| rng.below(n))
    }
}

impl Default for Steps<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("left", &self.table.names())
            .field("polls", &self.polls)
            .finish_non_exhaustive()
    }
}
