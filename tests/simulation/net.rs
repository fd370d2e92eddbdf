//! The link: delays, stalls, cuts and repetitions.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use await_layer::{ManualTimer, Timer};
use await_layer_testkit::rng::Rng;
use bytes::Bytes;
use futures::{Sink, Stream};

use crate::body::{Body, What};
use crate::journal::Journal;
use crate::lane::{Lane, wake};
use crate::plan::{Cut, Plan};

/// What both ends and the world share of the link.
pub(crate) struct Net {
    /// By the end that writes.
    lanes: [Lane; 2],
    unreadable: [bool; 2],
    unwritable: [bool; 2],
    pub(crate) dropped: [bool; 2],
    /// Operations that are pending for no reason.
    stalled: Vec<Waker>,
    /// Answers to be repeated long after, and the end that reads them.
    echoes: Vec<(usize, Bytes)>,
    pub(crate) journal: Journal,
    pub(crate) complaints: Vec<String>,
    plan: Plan,
    timer: ManualTimer,
    rng: Rng,
    read: fn(&Bytes) -> Option<Body>,
}

/// One end of the link: neither `Send` nor `Unpin`-minded.
pub(crate) struct NetEnd {
    net: Rc<RefCell<Net>>,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the link is cut")
    }
}

impl std::error::Error for Broken {}

impl Net {
    pub(crate) fn join(
        plan: &Plan,
        timer: &ManualTimer,
        rng: Rng,
        read: fn(&Bytes) -> Option<Body>,
    ) -> (Rc<RefCell<Self>>, [NetEnd; 2]) {
        let net = Rc::new(RefCell::new(Self {
            lanes: [Lane::default(), Lane::default()],
            unreadable: [false; 2],
            unwritable: [false; 2],
            dropped: [false; 2],
            stalled: Vec::new(),
            echoes: Vec::new(),
            journal: Journal::default(),
            complaints: Vec::new(),
            plan: plan.clone(),
            timer: timer.clone(),
            rng,
            read,
        }));
        let end = |end| NetEnd {
            net: net.clone(),
            end,
        };
        let ends = [end(0), end(1)];
        (net, ends)
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
            let (end, frame) = self.echoes.swap_remove(echo);
            let lane = &mut self.lanes[1 - end];
            if !lane.abandoned && !lane.ended && !lane.silent {
                lane.fly(self.timer.now(), frame);
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
        let lanes = self.lanes.iter().filter(|lane| lane.reader.is_some());
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
        {
            let mut this = net.borrow_mut();
            match cut {
                Cut::Eof => {
                    let lane = &mut this.lanes[1 - end];
                    lane.ended = true;
                    let lost = std::mem::take(&mut lane.flying);
                    this.lose(lost);
                    let lane = &mut this.lanes[1 - end];
                    wakers.extend(lane.reader.take());
                }
                Cut::Read => {
                    this.unreadable[end] = true;
                    wakers.extend(this.lanes[1 - end].reader.take());
                }
                Cut::Write => {
                    this.unwritable[end] = true;
                    wakers.extend(this.lanes[end].writer.take());
                }
                Cut::Silence => {
                    for lane in [0, 1] {
                        let lane = &mut this.lanes[lane];
                        lane.silent = true;
                        wakers.extend(lane.writer.take());
                        let lost = std::mem::take(&mut lane.flying);
                        this.lose(lost);
                    }
                }
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// What was under way arrives nowhere.
    fn lose(&mut self, frames: VecDeque<(u64, Bytes)>) {
        for body in frames.iter().filter_map(|(_, frame)| (self.read)(frame)) {
            self.journal.lose(body);
        }
    }

    fn stalls(&mut self, cx: &Context<'_>) -> bool {
        let stalls = self.rng.chance(self.plan.stall);
        if stalls {
            self.stalled.push(cx.waker().clone());
        }
        stalls
    }

    /// Moves one frame on; its flight begins.
    fn send_off(&mut self, end: usize) -> Option<Waker> {
        let frame = self.lanes[end].sent.pop_front()?;
        let delay = u64::try_from(self.plan.delay.as_nanos()).expect("short");
        let delay = match delay {
            0 => 0,
            // Whole milliseconds, so that frames and timers meet.
            most => self.rng.next_u64() % (most / 1_000_000 + 1) * 1_000_000,
        };
        let (body, now) = ((self.read)(&frame), self.timer.now());
        let lane = &mut self.lanes[end];
        if let Some(body) = body {
            self.journal.flushed.insert(body);
        }
        if lane.silent || lane.abandoned || lane.ended {
            return lane.writer.take();
        }
        let at = lane.fly(now + delay, frame);
        if let Some(body) = body {
            self.journal.arrives(body, at);
        }
        if at <= now { lane.reader.take() } else { None }
    }

    fn flush(
        &mut self,
        end: usize,
        cx: &Context<'_>,
        wakers: &mut Vec<Waker>,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if self.unwritable[end] {
                return Poll::Ready(Err(Broken));
            }
            if self.stalls(cx) {
                return Poll::Pending;
            }
            if self.lanes[end].sent.is_empty() {
                return Poll::Ready(Ok(()));
            }
            wakers.extend(self.send_off(end));
        }
    }

    fn read(
        &mut self,
        end: usize,
        cx: &Context<'_>,
        wakers: &mut Vec<Waker>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        if self.unreadable[end] {
            return Poll::Ready(Some(Err(Broken)));
        }
        if self.stalls(cx) {
            return Poll::Pending;
        }
        let now = self.timer.now();
        let (twice, echo) = (
            self.rng.chance(self.plan.twice),
            self.rng.chance(self.plan.echo),
        );
        let lane = &mut self.lanes[1 - end];
        if lane.flying.front().is_some_and(|(at, _)| *at <= now) {
            let (_, frame) = lane.flying.pop_front().expect("seen");
            wakers.extend(lane.writer.take());
            if let Some(body) = (self.read)(&frame) {
                self.journal.read(end, body);
                if body.what == What::Answer {
                    if twice {
                        lane.flying.push_front((now, frame.clone()));
                    }
                    if echo {
                        self.echoes.push((end, frame.clone()));
                    }
                }
            }
            return Poll::Ready(Some(Ok(frame)));
        }
        if lane.ended && lane.flying.is_empty() {
            return Poll::Ready(None);
        }
        lane.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl NetEnd {
    fn with<R>(&self, act: impl FnOnce(&mut Net, usize, &mut Vec<Waker>) -> R) -> R {
        let mut wakers = Vec::new();
        let result = act(&mut self.net.borrow_mut(), self.end, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}

impl Sink<Bytes> for NetEnd {
    type Error = Broken;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.with(|net, end, wakers| {
            if net.unwritable[end] {
                return Poll::Ready(Err(Broken));
            }
            if net.stalls(cx) {
                return Poll::Pending;
            }
            // A full buffer passes on what it holds without being flushed.
            while net.lanes[end].len() >= net.plan.capacity && !net.lanes[end].sent.is_empty() {
                wakers.extend(net.send_off(end));
            }
            let lane = &mut net.lanes[end];
            if lane.abandoned {
                return Poll::Ready(Err(Broken));
            }
            if lane.len() >= net.plan.capacity {
                lane.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    fn start_send(self: Pin<&mut Self>, frame: Bytes) -> Result<(), Broken> {
        self.with(|net, end, _| {
            if let Some(body) = (net.read)(&frame) {
                if let Err(complaint) = net.journal.start(end, body) {
                    net.complaints.push(complaint);
                }
            }
            if net.unwritable[end] {
                return Err(Broken);
            }
            net.lanes[end].sent.push_back(frame);
            Ok(())
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.with(|net, end, wakers| net.flush(end, cx, wakers))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.with(|net, end, wakers| {
            let flushed = net.flush(end, cx, wakers);
            if flushed.is_ready() {
                wakers.extend(net.lanes[end].end());
            }
            flushed
        })
    }
}

impl Stream for NetEnd {
    type Item = Result<Bytes, Broken>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.with(|net, end, wakers| net.read(end, cx, wakers))
    }
}

impl Drop for NetEnd {
    fn drop(&mut self) {
        self.with(|net, end, wakers| {
            net.dropped[end] = true;
            wakers.extend(net.lanes[end].end());
            wakers.extend(net.lanes[1 - end].abandon());
        });
    }
}

impl fmt::Debug for NetEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetEnd").field("end", &self.end).finish()
    }
}
