//! What all tasks of a connection know.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use await_layer::{CloseReason, Handle, Link, ManualTimer, Sleep, Timer};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::ledger::Ledger;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::{LocalFuture, Spawner, TaskId};

use crate::body::{Body, Name};
use crate::books::Books;
use crate::fuse::{Fuse, Fused, polling, survive};
use crate::net::Net;
use crate::plan::{PairPlan, Part};
use crate::port::NetEnd;
use crate::tally::Score;
use crate::wire::Wire;

pub(crate) type Joint<P> = Link<Contract<NetEnd>, Fused<P>, ManualTimer>;

pub(crate) struct Shared {
    pub(crate) plan: PairPlan,
    pub(crate) timer: ManualTimer,
    pub(crate) net: Rc<RefCell<Net>>,
    pub(crate) ledger: Ledger<Name, Body>,
    pub(crate) score: Rc<Score>,
    pub(crate) rng: RefCell<Rng>,
    /// Futures that somebody has put aside.
    pub(crate) lot: RefCell<Vec<Parked>>,
    pub(crate) sides: [Side; 2],
    delivered: RefCell<BTreeSet<Name>>,
    spawner: Spawner<'static>,
    tasks: RefCell<Vec<(usize, TaskId)>>,
}

/// What is known of one end.
pub(crate) struct Side {
    pub(crate) fuse: Fuse,
    pub(crate) books: RefCell<Books>,
    /// A future was forgotten, and its connection with it.
    pub(crate) forgotten: Cell<bool>,
    /// Everything that held it was dropped.
    pub(crate) deserted: Cell<bool>,
    /// How long a call takes that says nothing of it, in nanoseconds.
    pub(crate) call_timeout: Cell<u64>,
    /// When it was first asked to close.
    pub(crate) closing: Cell<Option<u64>>,
    /// The reason that the first was given.
    reason: RefCell<Option<CloseReason>>,
    calls: Cell<u64>,
    plains: Cell<u64>,
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

impl<P: Wire> End<P> {
    pub(crate) fn side(&self) -> &Side {
        &self.shared.sides[self.who]
    }

    /// The next request, a call of its own.
    pub(crate) fn body(&self, depth: u8) -> Body {
        let number = self.shared.next_call(self.who);
        Body::ask(self.shared.plan.link, self.who, number, depth)
    }
}

impl Side {
    fn new(part: &Part) -> Self {
        Self {
            fuse: part
                .fuse
                .map_or_else(Fuse::default, |(point, item)| Fuse::new(point, item)),
            books: RefCell::default(),
            forgotten: Cell::new(false),
            deserted: Cell::new(false),
            call_timeout: Cell::new(nanos(part.limits.call_timeout)),
            closing: Cell::new(None),
            reason: RefCell::default(),
            calls: Cell::new(0),
            plains: Cell::new(0),
        }
    }

    /// Whether it is the reason that everybody else was given.
    pub(crate) fn is_the_reason(&self, reason: &CloseReason) -> bool {
        *self
            .reason
            .borrow_mut()
            .get_or_insert_with(|| reason.clone())
            == *reason
    }
}

impl Shared {
    pub(crate) fn new(
        plan: &PairPlan,
        timer: &ManualTimer,
        net: Rc<RefCell<Net>>,
        (ledger, score): (Ledger<Name, Body>, Rc<Score>),
        rng: Rng,
        spawner: Spawner<'static>,
    ) -> Rc<Self> {
        Rc::new(Self {
            plan: plan.clone(),
            timer: timer.clone(),
            net,
            ledger,
            score,
            rng: RefCell::new(rng),
            lot: RefCell::default(),
            sides: [Side::new(&plan.ends[0]), Side::new(&plan.ends[1])],
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

    fn next_call(&self, end: usize) -> u64 {
        let calls = &self.sides[end].calls;
        calls.replace(calls.get() + 1)
    }

    pub(crate) fn next_plain(&self, end: usize) -> Body {
        let plains = &self.sides[end].plains;
        Body::plain(self.plan.link, end, plains.replace(plains.get() + 1))
    }

    /// `false` if this request was delivered before.
    pub(crate) fn deliver(&self, request: Name) -> bool {
        self.delivered.borrow_mut().insert(request)
    }

    /// A task of this end. If something of the user's panics in it, it ends.
    pub(crate) fn spawn(
        &self,
        end: usize,
        name: &str,
        future: impl Future<Output = ()> + 'static,
    ) -> TaskId {
        let whose = (self.plan.link, end);
        let name = format!("{name} of {whose:?}");
        let task = async move {
            let mut future = pin!(future);
            poll_fn(move |cx| {
                let poll = AssertUnwindSafe(|| polling(whose, || future.as_mut().poll(cx)));
                catch_unwind(poll).unwrap_or_else(|panic| {
                    survive(panic);
                    Poll::Ready(())
                })
            })
            .await;
        };
        let task = self.spawner.spawn(name, task);
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

    /// A pause of up to so many milliseconds.
    pub(crate) async fn pause(&self, most: usize) {
        let by = Duration::from_millis(1 + self.below(most) as u64);
        self.sleep(by).await;
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("a short time")
}
