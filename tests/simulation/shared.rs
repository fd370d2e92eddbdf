//! What all tasks of a run know.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::time::Duration;

use await_layer::{Handle, Link, ManualTimer, Sleep, Timer};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::ledger::Ledger;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::{LocalFuture, Spawner, TaskId};

use crate::body::{Body, Name};
use crate::net::{Net, NetEnd};
use crate::plan::Plan;
use crate::wire::Wire;

pub(crate) type Joint<P> = Link<Contract<NetEnd>, P, ManualTimer>;

pub(crate) struct Shared {
    pub(crate) plan: Plan,
    pub(crate) timer: ManualTimer,
    pub(crate) net: Rc<RefCell<Net>>,
    pub(crate) ledger: Ledger<Name, Body>,
    pub(crate) rng: RefCell<Rng>,
    /// Futures that somebody has put aside.
    pub(crate) lot: RefCell<Vec<Parked>>,
    /// A future of this end was forgotten, and its connection with it.
    pub(crate) forgotten: [Cell<bool>; 2],
    pub(crate) messages: Cell<u64>,
    calls: [Cell<u64>; 2],
    plains: [Cell<u64>; 2],
    delivered: RefCell<BTreeSet<Name>>,
    spawner: Spawner<'static>,
    tasks: RefCell<Vec<(usize, TaskId)>>,
}

/// A future that is polled on at some time, by another task.
pub(crate) struct Parked {
    pub(crate) end: usize,
    pub(crate) at: u64,
    pub(crate) future: LocalFuture<'static>,
}

/// One end, as its tasks see it.
pub(crate) struct End<P: Wire> {
    pub(crate) who: usize,
    pub(crate) handle: Handle<Joint<P>>,
    pub(crate) shared: Rc<Shared>,
}

impl<P: Wire> Clone for End<P> {
    fn clone(&self) -> Self {
        Self {
            who: self.who,
            handle: self.handle.clone(),
            shared: self.shared.clone(),
        }
    }
}

impl Shared {
    pub(crate) fn new(
        plan: &Plan,
        timer: &ManualTimer,
        net: Rc<RefCell<Net>>,
        rng: Rng,
        spawner: Spawner<'static>,
    ) -> Rc<Self> {
        Rc::new(Self {
            plan: plan.clone(),
            timer: timer.clone(),
            net,
            ledger: Ledger::new(),
            rng: RefCell::new(rng),
            lot: RefCell::default(),
            forgotten: Default::default(),
            messages: Cell::new(0),
            calls: Default::default(),
            plains: Default::default(),
            delivered: RefCell::default(),
            spawner,
            tasks: RefCell::default(),
        })
    }

    /// The run fails at its next step. A panic would be caught by whoever
    /// drives or serves.
    pub(crate) fn complain(&self, what: String) {
        self.net.borrow_mut().complaints.push(what);
    }

    pub(crate) fn chance(&self, p: f64) -> bool {
        self.rng.borrow_mut().chance(p)
    }

    pub(crate) fn below(&self, n: usize) -> usize {
        self.rng.borrow_mut().below(n)
    }

    pub(crate) fn now(&self) -> u64 {
        self.timer.now()
    }

    pub(crate) fn next_call(&self, end: usize) -> u64 {
        self.calls[end].replace(self.calls[end].get() + 1)
    }

    pub(crate) fn next_plain(&self, end: usize) -> u64 {
        self.plains[end].replace(self.plains[end].get() + 1)
    }

    /// `false` if this request was delivered before.
    pub(crate) fn deliver(&self, request: Name) -> bool {
        self.delivered.borrow_mut().insert(request)
    }

    pub(crate) fn spawn(
        &self,
        end: usize,
        name: &str,
        future: impl Future<Output = ()> + 'static,
    ) -> TaskId {
        let name = format!("{name} of {}", ["ada", "bob"][end]);
        let task = self.spawner.spawn(name, future);
        self.tasks.borrow_mut().push((end, task));
        task
    }

    /// The tasks of one end, which are then forgotten here.
    pub(crate) fn take_tasks(&self, of: usize) -> Vec<TaskId> {
        let mut taken = Vec::new();
        self.tasks.borrow_mut().retain(|(end, task)| {
            if *end == of {
                taken.push(*task);
            }
            *end != of
        });
        taken
    }

    pub(crate) fn park(&self, end: usize, by: Duration, future: LocalFuture<'static>) {
        let at = self.now() + nanos(by);
        self.lot.borrow_mut().push(Parked { end, at, future });
    }

    pub(crate) fn sleep(&self, by: Duration) -> impl Future<Output = ()> + Unpin + use<> {
        let mut sleep = self.timer.sleep();
        let at = self.now() + nanos(by);
        poll_fn(move |cx| sleep.poll_until(at, cx))
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a short time")
}
