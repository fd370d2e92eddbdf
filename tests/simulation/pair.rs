//! One connection of a run: who lives at its ends, what befalls it, and
//! whether its books balance.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use await_layer::{AwaitLayer, Cause, CloseReason, ManualTimer, Timer};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::{Steps, TaskId};

use crate::books::miscounted;
use crate::fuse::{Fused, Point};
use crate::net::Net;
use crate::plan::{Blow, Cut, Driving, PairPlan, Serving};
use crate::port::NetEnd;
use crate::shared::{End, Parked, Shared};
use crate::tally::Feature;
use crate::telling::{self, Layer};
use crate::verdict::is_possible;
use crate::wire::Wire;
use crate::{answering, asking, closing, permits, stranger};

/// How far it has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The callers call.
    Calling,
    /// They are done; that nothing is missing is being shown.
    Proving,
    /// Asked to close so many times: who was to drive it may have panicked.
    Closing(u8),
}

pub(crate) struct Pair<P: Wire> {
    plan: PairPlan,
    timer: ManualTimer,
    net: Rc<RefCell<Net>>,
    shared: Rc<Shared>,
    ends: [Option<End<P>>; 2],
    /// All that must be done before the next phase.
    callers: Vec<TaskId>,
    /// Layers that nobody polls.
    unpolled: Vec<(usize, Layer<P>)>,
    phase: Phase,
}

/// A pair, whatever its protocol.
pub(crate) trait Connected {
    fn shared(&self) -> &Shared;
    /// Does what befalls it after so many polls.
    fn befall(&mut self, steps: &mut Steps<'static>);
    /// Its next phase, if it is time; `false` if nothing came of it.
    fn advance(&mut self, steps: &Steps<'static>) -> bool;
    /// Who was put aside until now goes on.
    fn unpark(&mut self);
    /// When something happens next.
    fn next_time(&self) -> Option<u64>;
    /// Nobody is woken: what must hold then.
    fn check_rest(&self);
    fn balance(&self);
}

impl<P: Wire> Pair<P> {
    pub(crate) fn new(
        shared: Rc<Shared>,
        net: Rc<RefCell<Net>>,
        ios: [NetEnd; 2],
        rng: &mut Rng,
    ) -> Self {
        let mut pair = Self {
            plan: shared.plan.clone(),
            timer: shared.timer.clone(),
            net,
            shared: shared.clone(),
            ends: [None, None],
            callers: Vec::new(),
            unpolled: Vec::new(),
            phase: Phase::Calling,
        };
        shared.score.count(Feature::Connections);
        let [near, far] = ios;
        pair.populate(0, near, rng);
        if pair.plan.stranger {
            let task = stranger::stranger::<P>(shared.clone(), far);
            shared.spawn(1, "stranger", task);
        } else {
            pair.populate(1, far, rng);
        }
        pair
    }

    fn populate(&mut self, who: usize, io: NetEnd, rng: &mut Rng) {
        let part = self.plan.ends[who].clone();
        let shared = self.shared.clone();
        let protocol = Fused {
            protocol: P::default(),
            fuse: shared.sides[who].fuse.clone(),
        };
        let layer = AwaitLayer::with(Contract::new(io), protocol, self.timer.clone(), part.limits);
        let end = End {
            who,
            handle: layer.handle(),
            shared: shared.clone(),
        };
        let mut tells = part.plains > 0;
        match part.serving {
            Serving::Layer => {
                let (sink, stream) = telling::parts(layer);
                shared.spawn(who, "stream", answering::layer(end.clone(), stream));
                let feeder = telling::feeder(end.clone(), sink, part.plains);
                shared.spawn(who, "feeder", feeder);
                tells = false;
            }
            Serving::Nobody if rng.chance(0.5) => self.unpolled.push((who, layer)),
            Serving::Nobody => drop(layer),
            how => {
                let (_, incoming) = layer.split();
                shared.spawn(who, "server", answering::server(end.clone(), incoming, how));
            }
        }
        self.drive(&end, part.driving);
        for _ in 0..part.callers {
            let caller = asking::caller(end.clone(), part.calls);
            self.callers.push(shared.spawn(who, "caller", caller));
        }
        if tells {
            shared.spawn(who, "teller", telling::teller(end.clone(), part.plains));
        }
        if part.settings > 0 {
            let tinker = telling::tinker(end.clone(), part.settings);
            shared.spawn(who, "tinker", tinker);
        }
        self.ends[who] = Some(end);
    }

    fn drive(&self, end: &End<P>, how: Driving) {
        let mut driver = end.handle.driver();
        let shared = &self.shared;
        match how {
            Driving::Nobody => {}
            Driving::Spawned => {
                shared.spawn(end.who, "driver", async move { drop(driver.await) });
            }
            Driving::Parked => {
                let sleep = shared.sleep(Duration::from_millis(700));
                shared.spawn(end.who, "parked driver", async move {
                    if asking::poll_times(&mut driver, 1).await.is_none() {
                        sleep.await;
                        driver.await;
                    }
                });
            }
        }
    }

    fn close(&self, end: usize) {
        if let Some(end) = &self.ends[end] {
            let closer = closing::closer(end.clone());
            self.shared.spawn(end.who, "closer", closer);
        }
    }

    /// Drops all that holds this end: then the transport is dropped at once.
    fn abandon(&mut self, end: usize, steps: &mut Steps<'static>) {
        for task in self.shared.take_tasks(end) {
            steps.cancel(task);
        }
        let lot = self.shared.lot.take();
        let (gone, lot) = lot.into_iter().partition(|parked| parked.end == end);
        self.shared.lot.replace(lot);
        drop::<Vec<_>>(gone);
        self.unpolled.retain(|(who, _)| *who != end);
        self.ends[end] = None;
        self.shared.sides[end].deserted.set(true);
        let dropped = self.net.borrow().dropped[end].is_some();
        assert!(
            dropped || self.shared.sides[end].forgotten.get(),
            "end {end} was dropped and its transport was not"
        );
    }

    fn all_have_ended(&self) -> bool {
        let mut ends = self.ends.iter().flatten();
        ends.all(|end| end.handle.close_reason().is_some())
    }
}

impl<P: Wire> Connected for Pair<P> {
    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn befall(&mut self, steps: &mut Steps<'static>) {
        while let Some(due) = {
            let polls = steps.polls();
            self.plan.blows.iter().position(|(at, ..)| *at <= polls)
        } {
            let (_, end, blow) = self.plan.blows.swap_remove(due);
            self.shared.score.count(Feature::Blows);
            match blow {
                Blow::Cut(cut) => {
                    if cut == Cut::Stuck {
                        self.shared.score.count(Feature::Stuck);
                    }
                    Net::cut(&self.net, end, cut);
                }
                Blow::Close => self.close(end),
                Blow::Abandon => self.abandon(end, steps),
            }
        }
    }

    fn advance(&mut self, steps: &Steps<'static>) -> bool {
        self.callers.retain(|task| steps.lives(*task));
        if !self.callers.is_empty() || !self.shared.lot.borrow().is_empty() {
            return false;
        }
        self.phase = match self.phase {
            Phase::Calling => {
                for end in self.ends.iter().flatten() {
                    let prove = permits::all_are_there(end.clone());
                    let task = self.shared.spawn(end.who, "proof", prove);
                    self.callers.push(task);
                }
                Phase::Proving
            }
            Phase::Closing(times) if times == 3 || self.all_have_ended() || !steps.is_done() => {
                return false;
            }
            Phase::Proving | Phase::Closing(_) => {
                self.close(0);
                self.close(1);
                match self.phase {
                    Phase::Closing(times) => Phase::Closing(times + 1),
                    _ => Phase::Closing(1),
                }
            }
        };
        true
    }

    fn unpark(&mut self) {
        let now = self.timer.now();
        let lot = self.shared.lot.take();
        let (due, lot) = lot.into_iter().partition(|parked| parked.at <= now);
        self.shared.lot.replace(lot);
        for parked in Vec::<Parked>::from_iter::<Vec<_>>(due) {
            let task = self.shared.spawn(parked.end, "parked call", parked.future);
            self.callers.push(task);
        }
    }

    fn next_time(&self) -> Option<u64> {
        let lot = self.shared.lot.borrow();
        let parked = lot.iter().map(|parked| parked.at).min();
        let arrival = self.net.borrow().next_arrival();
        [parked, arrival].into_iter().flatten().min()
    }

    fn check_rest(&self) {
        for (who, part) in self.plan.ends.iter().enumerate() {
            let drives = part.driving == Driving::Spawned && self.plan.nobody_parks();
            let sound = self.shared.sides[who].fuse.has_blown().is_none();
            assert!(
                !(drives && sound && self.net.borrow().keeps_back(who)),
                "end {who} rests with frames that are not flushed"
            );
        }
    }

    fn balance(&self) {
        let (net, score) = (self.net.borrow(), &self.shared.score);
        for (who, end) in self.ends.iter().enumerate() {
            let side = &self.shared.sides[who];
            match side.fuse.has_blown() {
                None => {}
                Some(Point::Waker) => score.count(Feature::PanickedWaker),
                Some(Point::Pack | Point::Unpack | Point::Handler) => {
                    score.count(Feature::PanickedTask);
                }
                Some(_) => score.count(Feature::Panicked),
            }
            let counts = &net.counts[who];
            score.add(Feature::Repeated, counts.repeated);
            score.add(Feature::Overtook, counts.overtook);
            score.add(Feature::Forged, counts.forged);
            if let Some((at, ..)) = self.plan.snap.filter(|(_, end, _)| *end == who) {
                if counts.steps >= at {
                    score.snapped_at(at);
                }
            }
            let Some(end) = end else { continue };
            assert_eq!(end.handle.in_flight(), 0, "end {who}");
            let reason = end.handle.close_reason();
            let possible = |reason: &CloseReason| is_possible(&self.shared, who, reason);
            assert!(
                reason.as_ref().is_some_and(possible),
                "end {who} ended with {reason:?}"
            );
            assert!(net.dropped[who].is_some(), "end {who} keeps its transport");
            let cause = reason.map(|reason| reason.cause());
            let stats = end.handle.stats();
            let books = *side.books.borrow();
            let wrong = books.disagree(&stats);
            assert!(
                wrong.is_none(),
                "end {who}: {wrong:?}: {stats:?}, {books:?}"
            );
            if cause != Some(Cause::Panicked) {
                let mut counts = *counts;
                if cause == Some(Cause::Unmatched) {
                    // Read behind the last straw, and not looked at.
                    let asks = stats.requests + stats.refused;
                    let replies = stats.replied + stats.late + stats.unknown;
                    if counts.asks > asks {
                        counts.asks -= 1;
                        counts.again = counts.again.saturating_sub(1);
                    } else if counts.replies > replies {
                        counts.replies -= 1;
                    }
                }
                let mut wrong = miscounted(&stats, &counts, P::MARKED);
                let refusals = stats.unanswered + stats.refused - stats.refusals_dropped;
                let all_left = cause == Some(Cause::Local) && self.plan.is_orderly();
                let left = counts.refusals..=counts.refusals + counts.belated;
                if all_left && P::MARKED && !left.contains(&refusals) {
                    wrong = Some("refusals");
                }
                assert!(
                    wrong.is_none(),
                    "end {who}: {wrong:?}: {stats:?}, {counts:?}"
                );
            }
            match cause {
                Some(Cause::CloseTimeout) => score.count(Feature::CloseTimeout),
                Some(Cause::Eof) => score.count(Feature::Eof),
                Some(Cause::Transport) => score.count(Feature::Transport),
                Some(Cause::Unmatched) => score.count(Feature::Unmatched),
                Some(Cause::Overflow) => score.count(Feature::Overflow),
                _ => {}
            }
            score.add(Feature::Late, stats.late + stats.unknown);
            score.add(Feature::LateParts, stats.late_parts);
            score.add(Feature::Withdrawn, stats.withdrawn);
            score.add(Feature::Refused, stats.refused);
            score.add(Feature::RefusalsDropped, stats.refusals_dropped);
            score.add(Feature::Dropped, stats.dropped);
        }
    }
}
