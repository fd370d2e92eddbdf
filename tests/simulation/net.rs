//! The link: delays, stalls, cuts, repetitions and frames that overtake.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::task::{Context, Waker};

use await_layer::{ManualTimer, Timer};
use await_layer_testkit::rng::Rng;
use bytes::Bytes;

use crate::body::What;
use crate::journal::Journal;
use crate::lane::{Lane, Parcel, wake};
use crate::plan::{Cut, PairPlan};
use crate::port::NetEnd;
use crate::wire::{Look, Sort};

/// What both ends and the world share of the link.
pub(crate) struct Net {
    /// By the end that writes.
    pub(crate) lanes: [Lane; 2],
    pub(crate) unreadable: [bool; 2],
    pub(crate) unwritable: [bool; 2],
    /// Ends that have begun to close their transport.
    pub(crate) closing: [bool; 2],
    /// When this end was dropped.
    pub(crate) dropped: [Option<u64>; 2],
    pub(crate) counts: [Counts; 2],
    /// Operations that are pending for no reason.
    stalled: Vec<Waker>,
    /// Frames to be repeated long after, and the end that reads them.
    pub(crate) echoes: Vec<(usize, Parcel)>,
    pub(crate) journal: Journal,
    pub(crate) complaints: Vec<String>,
    pub(crate) plan: PairPlan,
    pub(crate) timer: ManualTimer,
    pub(crate) rng: Rng,
    look: Look,
    id: fn(&Bytes) -> Option<Bytes>,
    /// Requests that an end has read and has not answered.
    asked: [BTreeSet<Bytes>; 2],
}

/// What passed one end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Operations of the transport.
    pub(crate) steps: u64,
    pub(crate) written: u64,
    pub(crate) read: u64,
    /// Of those, answers that end their call, parts, and requests.
    pub(crate) replies: u64,
    pub(crate) parts: u64,
    pub(crate) asks: u64,
    /// Requests under the id of one that was not answered yet.
    pub(crate) again: u64,
    /// Requests that came once the end had begun to close its transport, when
    /// it writes no more.
    pub(crate) belated: u64,
    /// Refusals that were written.
    pub(crate) refusals: u64,
    pub(crate) repeated: u64,
    pub(crate) overtook: u64,
    pub(crate) forged: u64,
}

impl Net {
    pub(crate) fn join(
        plan: &PairPlan,
        timer: &ManualTimer,
        rng: Rng,
        look: Look,
        id: fn(&Bytes) -> Option<Bytes>,
    ) -> (Rc<RefCell<Self>>, [NetEnd; 2]) {
        let net = Rc::new(RefCell::new(Self {
            lanes: Default::default(),
            unreadable: [false; 2],
            unwritable: [false; 2],
            closing: [false; 2],
            dropped: [None; 2],
            counts: Default::default(),
            stalled: Vec::new(),
            echoes: Vec::new(),
            journal: Journal::default(),
            complaints: Vec::new(),
            plan: plan.clone(),
            timer: timer.clone(),
            rng,
            look,
            id,
            asked: Default::default(),
        }));
        let ends = [NetEnd::new(&net, 0), NetEnd::new(&net, 1)];
        (net, ends)
    }

    pub(crate) fn parcel(&self, frame: Bytes) -> Parcel {
        let (sort, body) = (self.look)(&frame);
        Parcel { frame, sort, body }
    }

    /// Lets one thing go on that has been held up; `false` if there is none.
    pub(crate) fn stir(net: &RefCell<Self>) -> bool {
        let waker = net.borrow_mut().release();
        let stirred = waker.is_some();
        wake(waker);
        stirred
    }

    fn release(&mut self) -> Option<Waker> {
        if !self.echoes.is_empty() && self.rng.chance(0.2) {
            let echo = self.rng.below(self.echoes.len());
            let (end, parcel) = self.echoes.swap_remove(echo);
            let lane = &mut self.lanes[1 - end];
            if lane.carries() {
                lane.fly(self.timer.now(), 0, parcel);
                self.stalled.extend(lane.reader.take());
            }
        }
        if self.stalled.is_empty() {
            return None;
        }
        let at = self.rng.below(self.stalled.len());
        Some(self.stalled.swap_remove(at))
    }

    /// When the next frame arrives that somebody waits for.
    pub(crate) fn next_arrival(&self) -> Option<u64> {
        let waits = |lane: &&Lane| lane.reader.is_some() && !lane.stuck;
        let lanes = self.lanes.iter().filter(waits);
        lanes.filter_map(|lane| Some(lane.flying.front()?.0)).min()
    }

    /// Whether this end has frames that it could flush.
    pub(crate) fn keeps_back(&self, end: usize) -> bool {
        !self.unwritable[end] && !self.lanes[end].sent.is_empty()
    }

    /// Wakes the readers for whom something has arrived.
    pub(crate) fn arrive(net: &RefCell<Self>) {
        let mut wakers = Vec::new();
        {
            let mut this = net.borrow_mut();
            let now = this.timer.now();
            for lane in &mut this.lanes {
                if lane.flying.front().is_some_and(|(at, _)| *at <= now) {
                    wakers.extend(lane.reader.take());
                }
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn cut(net: &RefCell<Self>, end: usize, cut: Cut) {
        let mut wakers = Vec::new();
        net.borrow_mut().strike(end, cut, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn strike(&mut self, end: usize, cut: Cut, wakers: &mut Vec<Waker>) {
        match cut {
            Cut::Eof => {
                let lane = &mut self.lanes[1 - end];
                lane.ended = true;
                wakers.extend(lane.reader.take());
                self.lose(1 - end);
            }
            Cut::Read => {
                self.unreadable[end] = true;
                wakers.extend(self.lanes[1 - end].reader.take());
            }
            Cut::Write => {
                self.unwritable[end] = true;
                wakers.extend(self.lanes[end].writer.take());
            }
            Cut::Silence => {
                for lane in [0, 1] {
                    self.lanes[lane].silent = true;
                    wakers.extend(self.lanes[lane].writer.take());
                    self.lose(lane);
                }
            }
            Cut::Stuck => {
                let lane = &mut self.lanes[1 - end];
                lane.stuck = true;
                // It goes on filling up; the reader waits for ever.
                let bodies = lane.flying.iter().filter_map(|(_, parcel)| parcel.body);
                for body in bodies.collect::<Vec<_>>() {
                    self.journal.lose(body);
                }
            }
        }
    }

    /// What was under way arrives nowhere.
    fn lose(&mut self, lane: usize) {
        let frames: VecDeque<_> = std::mem::take(&mut self.lanes[lane].flying);
        for body in frames.iter().filter_map(|(_, parcel)| parcel.body) {
            self.journal.lose(body);
        }
    }

    /// One more operation of the transport: the plan may have it that this is
    /// the one at which the link breaks.
    pub(crate) fn step(&mut self, end: usize, wakers: &mut Vec<Waker>) {
        self.counts[end].steps += 1;
        let steps = self.counts[end].steps;
        if let Some((at, who, cut)) = self.plan.snap {
            if (at, who) == (steps, end) {
                self.strike(end, cut, wakers);
            }
        }
    }

    pub(crate) fn stalls(&mut self, cx: &Context<'_>) -> bool {
        let stalls = self.rng.chance(self.plan.stall);
        if stalls {
            self.stalled.push(cx.waker().clone());
        }
        stalls
    }

    fn delay(&mut self) -> u64 {
        let delay = u64::try_from(self.plan.delay.as_nanos()).expect("short");
        match delay {
            0 => 0,
            // Whole milliseconds, so that frames and timers meet.
            most => self.rng.next_u64() % (most / 1_000_000 + 1) * 1_000_000,
        }
    }

    /// Moves one frame on; its flight begins.
    pub(crate) fn send_off(&mut self, end: usize) -> Option<Waker> {
        let parcel = self.lanes[end].sent.pop_front()?;
        let now = self.timer.now();
        let (at, body) = (now + self.delay(), parcel.body);
        let overtakes = self.rng.chance(self.plan.overtake);
        if let Some(body) = body {
            self.journal.flushed.insert(body);
        }
        let lane = &mut self.lanes[end];
        if lane.stuck && !lane.silent && !lane.abandoned && !lane.ended {
            lane.flying.push_back((u64::MAX, parcel));
            return None;
        }
        if !lane.carries() {
            return lane.writer.take();
        }
        let at = if overtakes {
            let last = lane.flying.back().map_or(0, |(at, _)| *at);
            self.counts[end].overtook += u64::from(at < last);
            lane.fly_freely(at, parcel)
        } else {
            lane.fly(at, self.plan.pace, parcel)
        };
        if let Some(body) = body {
            self.journal.arrives(end, body, at);
        }
        if at <= now { lane.reader.take() } else { None }
    }

    /// A frame that no layer has written, `delay` nanoseconds from now. When
    /// it arrives, if it does.
    pub(crate) fn throw(&mut self, end: usize, frame: Bytes, delay: u64) -> Option<u64> {
        let parcel = self.parcel(frame);
        let (body, at) = (parcel.body, self.timer.now() + delay);
        let lane = &mut self.lanes[end];
        if !lane.carries() {
            return None;
        }
        let at = lane.fly_freely(at, parcel);
        if let Some(body) = body {
            self.journal.arrives(end, body, at);
            self.counts[end].forged += u64::from(body.what == What::Forged);
        }
        Some(at)
    }

    /// This end writes a frame.
    pub(crate) fn note_written(&mut self, end: usize, parcel: &Parcel) {
        let counts = &mut self.counts[end];
        counts.written += 1;
        if matches!(parcel.sort, Sort::Reply | Sort::End) {
            let refuses = parcel.sort == Sort::Reply && parcel.body.is_none();
            counts.refusals += u64::from(refuses);
            if let Some(id) = (self.id)(&parcel.frame) {
                self.asked[end].remove(&id);
            }
        }
    }

    /// This end has read a frame: the books, and what may come of it.
    pub(crate) fn note_read(&mut self, end: usize, parcel: &Parcel) {
        let counts = &mut self.counts[end];
        counts.read += 1;
        counts.replies += u64::from(matches!(parcel.sort, Sort::Reply | Sort::End));
        counts.parts += u64::from(parcel.sort == Sort::Part);
        if parcel.sort == Sort::Ask {
            counts.asks += 1;
            counts.belated += u64::from(self.closing[end]);
            let id = (self.id)(&parcel.frame);
            let fresh = id.is_some_and(|id| self.asked[end].insert(id));
            counts.again += u64::from(!fresh);
        }
        match parcel.body {
            Some(body) => self.journal.read(end, body),
            // Where it is no noise to the codec it is somebody's message.
            None if parcel.sort == Sort::Garbage && self.plan.kind.passes_garbage() => {
                self.journal.plains[end].push(None);
            }
            None => {}
        }
        let answers = parcel.body.is_some_and(|body| body.what == What::Answer);
        let again = self.rng.chance(self.plan.twice);
        let echo = self.rng.chance(self.plan.echo);
        let repeats = parcel.may_repeat() && (answers || self.plan.repeats_all);
        if !repeats || !(again || echo) {
            return;
        }
        if let Some(body) = parcel.body.filter(|body| body.what == What::Ask) {
            self.journal.repeated.insert(body.name());
        }
        self.counts[end].repeated += 1;
        if again {
            let now = self.timer.now();
            self.lanes[1 - end].flying.push_front((now, parcel.clone()));
        }
        if echo {
            self.echoes.push((end, parcel.clone()));
        }
    }
}
