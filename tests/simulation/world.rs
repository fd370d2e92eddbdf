//! Runs a seed, and balances the books.

use std::cell::RefCell;
use std::rc::Rc;

use await_layer::{AwaitLayer, ManualTimer, Timer, WsAwait};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::{Steps, TaskId};
use bytes::Bytes;

use crate::plan::{Blow, Driving, Kind, Plan, Serving};
use crate::shared::{End, Shared};
use crate::verdict::is_possible;
use crate::wire::{Numbered, Wire};
use crate::{answering, asking, net::Net};

/// Many times what any seed needs.
const POLLS: u64 = 1_000_000;

/// What happened in one run or many.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    pub(crate) replies: usize,
    pub(crate) failures: usize,
    pub(crate) cancelled: usize,
    pub(crate) late: u64,
    pub(crate) messages: u64,
    pub(crate) polls: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.replies += other.replies;
        self.failures += other.failures;
        self.cancelled += other.cancelled;
        self.late += other.late;
        self.messages += other.messages;
        self.polls += other.polls;
    }
}

struct World<P: Wire> {
    seed: u64,
    plan: Plan,
    steps: Steps<'static>,
    timer: ManualTimer,
    rng: Rng,
    net: Rc<RefCell<Net>>,
    shared: Rc<Shared>,
    ends: [Option<End<P>>; 2],
    callers: Vec<TaskId>,
    /// Layers that nobody polls.
    unpolled: Vec<(
        usize,
        AwaitLayer<Contract<crate::net::NetEnd>, P, ManualTimer>,
    )>,
    closing: bool,
}

pub(crate) fn run(seed: u64) -> Tally {
    let plan = Plan::draw(seed);
    match plan.kind {
        Kind::Wide => World::<Numbered<u32>>::new(seed, plan).run(),
        Kind::Narrow => World::<Numbered<u16>>::new(seed, plan).run(),
        Kind::WsAwait => World::<WsAwait<Bytes>>::new(seed, plan).run(),
    }
}

impl<P: Wire> World<P> {
    fn new(seed: u64, plan: Plan) -> Self {
        let mut rng = Rng::new(!seed);
        let timer = ManualTimer::new();
        let steps = Steps::seeded(rng.next_u64()).spurious(plan.spurious);
        let (net, ios) = Net::join(&plan, &timer, rng.fork(), P::read);
        let shared = Shared::new(&plan, &timer, net.clone(), rng.fork(), steps.spawner());
        let mut world = Self {
            seed,
            plan,
            steps,
            timer,
            rng,
            net,
            shared,
            ends: [None, None],
            callers: Vec::new(),
            unpolled: Vec::new(),
            closing: false,
        };
        for (who, io) in ios.into_iter().enumerate() {
            world.populate(who, Contract::new(io));
        }
        world
    }

    fn populate(&mut self, who: usize, io: Contract<crate::net::NetEnd>) {
        let part = self.plan.ends[who].clone();
        let layer = AwaitLayer::with(io, P::default(), self.timer.clone(), part.limits);
        let shared = self.shared.clone();
        let end = End {
            who,
            handle: layer.handle(),
            shared: shared.clone(),
        };
        match part.serving {
            Serving::Layer => {
                shared.spawn(who, "stream", answering::layer(end.clone(), layer));
            }
            Serving::Nobody if self.rng.chance(0.5) => self.unpolled.push((who, layer)),
            Serving::Nobody => drop(layer),
            how => {
                let (_, incoming) = layer.split();
                shared.spawn(who, "server", answering::server(end.clone(), incoming, how));
            }
        }
        let mut driver = end.handle.driver();
        match part.driving {
            Driving::Nobody => {}
            Driving::Spawned => {
                shared.spawn(who, "driver", async move { drop(driver.await) });
            }
            Driving::Parked => {
                let sleep = shared.sleep(std::time::Duration::from_millis(700));
                shared.spawn(who, "parked driver", async move {
                    if asking::poll_times(&mut driver, 1).await.is_none() {
                        sleep.await;
                        driver.await;
                    }
                });
            }
        }
        for _ in 0..part.callers {
            let caller = asking::caller(end.clone(), part.calls);
            self.callers.push(shared.spawn(who, "caller", caller));
        }
        if part.plains > 0 {
            shared.spawn(who, "teller", asking::teller(end.clone(), part.plains));
        }
        self.ends[who] = Some(end);
    }

    fn run(mut self) -> Tally {
        loop {
            self.check();
            while let Some((_, end, blow)) = self.due_blow() {
                self.strike(end, blow);
            }
            if self.rng.chance(0.3) {
                Net::stir(&self.net);
            }
            self.unpark();
            if self.steps.step().is_some() || Net::stir(&self.net) {
                continue;
            }
            if !self.closing && self.callers_are_done() {
                self.closing = true;
                self.close(0);
                self.close(1);
            } else if self.steps.is_done() && self.shared.lot.borrow().is_empty() {
                return self.balance();
            } else {
                self.pass_time();
            }
        }
    }

    fn check(&self) {
        let complaints = &self.net.borrow().complaints;
        assert!(complaints.is_empty(), "seed {}: {complaints:#?}", self.seed);
        let polls = self.steps.polls();
        assert!(
            polls < POLLS,
            "seed {}: {polls} polls were not enough",
            self.seed
        );
    }

    fn due_blow(&mut self) -> Option<(u64, usize, Blow)> {
        let polls = self.steps.polls();
        let due = self.plan.blows.iter().position(|(at, ..)| *at <= polls)?;
        Some(self.plan.blows.swap_remove(due))
    }

    fn strike(&mut self, end: usize, blow: Blow) {
        match blow {
            Blow::Cut(cut) => Net::cut(&self.net, end, cut),
            Blow::Close => self.close(end),
            Blow::Abandon => self.abandon(end),
        }
    }

    fn close(&mut self, end: usize) {
        if let Some(End { handle, .. }) = &self.ends[end] {
            let closed = handle.close();
            let close = async move { drop(closed.await) };
            self.shared.spawn(end, "closer", close);
        }
    }

    /// Drops all that holds this end: then the transport is dropped at once.
    fn abandon(&mut self, end: usize) {
        for task in self.shared.take_tasks(end) {
            self.steps.cancel(task);
        }
        let lot = self.shared.lot.take();
        let (gone, lot) = lot.into_iter().partition(|parked| parked.end == end);
        self.shared.lot.replace(lot);
        drop::<Vec<_>>(gone);
        self.unpolled.retain(|(who, _)| *who != end);
        self.ends[end] = None;
        let dropped = self.net.borrow().dropped[end];
        assert!(
            dropped || self.shared.forgotten[end].get(),
            "seed {}: end {end} was dropped and its transport was not",
            self.seed
        );
    }

    fn unpark(&mut self) {
        let now = self.timer.now();
        let lot = self.shared.lot.take();
        let (due, lot) = lot.into_iter().partition(|parked| parked.at <= now);
        self.shared.lot.replace(lot);
        for parked in Vec::from_iter::<Vec<crate::shared::Parked>>(due) {
            let task = self.shared.spawn(parked.end, "parked call", parked.future);
            self.callers.push(task);
        }
    }

    fn callers_are_done(&self) -> bool {
        self.shared.lot.borrow().is_empty()
            && !self.callers.iter().any(|task| self.steps.lives(*task))
    }

    /// Nobody is woken: the clock moves on to what happens next.
    fn pass_time(&mut self) {
        for (end, part) in self.plan.ends.iter().enumerate() {
            let drives = part.driving == Driving::Spawned && self.plan.nobody_parks();
            assert!(
                !drives || !self.net.borrow().keeps_back(end),
                "seed {}: end {end} rests with frames that are not flushed",
                self.seed
            );
        }
        let parked = self
            .shared
            .lot
            .borrow()
            .iter()
            .map(|parked| parked.at)
            .min();
        let times = [
            self.timer.next_deadline(),
            self.net.borrow().next_arrival(),
            parked,
        ];
        let Some(next) = times.into_iter().flatten().min() else {
            let stuck = self.steps.run(0);
            panic!("seed {}: {stuck:?}", self.seed);
        };
        self.timer.set(next);
        Net::arrive(&self.net);
    }

    fn balance(self) -> Tally {
        let seed = self.seed;
        let mut late = 0;
        for (who, end) in self.ends.iter().enumerate() {
            let Some(end) = end else { continue };
            assert_eq!(end.handle.in_flight(), 0, "seed {seed}: end {who}");
            let reason = end.handle.close_reason();
            assert!(
                reason.as_ref().is_some_and(is_possible),
                "seed {seed}: end {who} ended with {reason:?}"
            );
            let stats = end.handle.stats();
            late += stats.late + stats.unknown;
            assert!(
                self.net.borrow().dropped[who],
                "seed {seed}: end {who} keeps its transport"
            );
        }
        let report = self.shared.ledger.check();
        assert!(report.is_balanced(), "seed {seed}: {report}");
        Tally {
            calls: report.calls,
            replies: report.replies,
            failures: report.failures,
            cancelled: report.cancelled,
            late,
            messages: self.shared.messages.get(),
            polls: self.steps.polls(),
        }
    }
}
