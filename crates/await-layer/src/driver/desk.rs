//! What passes between the driver and the machine, a batch at a time: a lock
//! for each frame would cost more than the frame.

use std::collections::VecDeque;

use super::pump::{Inner, PUT_OFF, Turn};
use crate::connection::{Connection, MachineOf};
use crate::hub::{Hub, News, TurnEnd, Wakers};
use crate::machine::arena::Key;
use crate::machine::{Answer, Write};
use crate::timer::Sleep;

/// How many frames share a lock.
pub(super) const BATCH: usize = 16;

/// An answer that has come for a call that the directory knows.
pub(super) struct Answered<F> {
    pub(super) call: Key,
    pub(super) kind: Answer,
    pub(super) frame: F,
    pub(super) size: usize,
}

/// A request that is written.
pub(super) struct Asked {
    pub(super) call: Key,
    pub(super) id: Key,
    pub(super) retire: bool,
}

/// The driver's side of the exchange.
pub(super) struct Desk<L: Connection> {
    pub(super) answers: Vec<Answered<L::Frame>>,
    pub(super) asked: Vec<Asked>,
    /// Off the queue and to be written.
    pub(super) staged: VecDeque<Write<L::Frame, L::Id, L::Ask>>,
    /// There was more to stage.
    pub(super) more: bool,
    /// Places of ids that are free again.
    pub(super) released: Vec<Key>,
    /// Frames read and not counted yet.
    pub(super) read: u64,
    /// The transport has flushed all that is written.
    pub(super) flushed: bool,
    pub(super) may_read: bool,
    /// As many refusals wait as may.
    pub(super) refusals_wait: bool,
    /// Answers that may be read before the machine is asked again.
    pub(super) batch: usize,
    /// Everything that was under way has finished and is flushed.
    pub(super) drained: bool,
    /// More replies to nothing than are borne.
    pub(super) unbearable: bool,
    /// To be armed for this deadline, shared or not.
    pub(super) arm: Option<(Option<u64>, bool)>,
}

impl<L: Connection> Desk<L> {
    pub(super) const fn new() -> Self {
        Self {
            answers: Vec::new(),
            asked: Vec::new(),
            staged: VecDeque::new(),
            more: false,
            released: Vec::new(),
            read: 0,
            flushed: false,
            may_read: true,
            refusals_wait: false,
            batch: BATCH,
            drained: false,
            unbearable: false,
            arm: None,
        }
    }

    /// Hands over what was read and written.
    pub(super) fn hand_over(&mut self, machine: &mut MachineOf<L>, now: u64) {
        for answered in self.answers.drain(..) {
            let Answered {
                call,
                kind,
                frame,
                size,
            } = answered;
            let matched = machine.answer(call, kind, frame, size, now);
            if let Some(stray) = matched.stray {
                machine.discard(stray);
            }
            if matched.late && !machine.count_unmatched() {
                self.unbearable = true;
            }
        }
        for Asked { call, id, retire } in self.asked.drain(..) {
            machine.call_is_live(call, id, retire);
        }
        machine.stats.read += std::mem::take(&mut self.read);
        if std::mem::take(&mut self.flushed) {
            machine.flushed();
        }
        self.ask_to_read(machine);
    }

    /// Whether the next frame may be read, and how many answers before this is
    /// asked again.
    pub(super) fn ask_to_read(&mut self, machine: &mut MachineOf<L>) {
        self.may_read = machine.may_read();
        self.refusals_wait = machine.refusals_wait();
        self.batch = machine.replies_at_once(BATCH);
    }

    /// Takes the next things to write.
    pub(super) fn stage(&mut self, machine: &mut MachineOf<L>, budget: usize) {
        self.more = machine.has_outgoing();
        if self.more {
            machine.stage(&mut self.staged, budget.min(BATCH));
            self.more = machine.has_outgoing();
        }
    }

    /// Puts back what the transport has no room for.
    pub(super) fn unstage(&mut self, machine: &mut MachineOf<L>) {
        machine.unstage(&mut self.staged);
    }
}

/// What the driver does after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Do what takes no lock, then exchange again.
    More,
    /// The turn is over.
    Done,
}

impl<L: Connection, Z: Sleep> Inner<L, Z> {
    /// Opens a turn: what is to be written is taken along. Not if time has
    /// passed, for then what has expired goes first.
    pub(super) fn open(&mut self, machine: &mut MachineOf<L>) {
        self.turn = Turn {
            stuck: self.turn.blocked,
            reads: self.budget,
            writes: self.budget,
            rung: self.alarms.has_rung(),
            must_flush: self.unflushed,
            ..Turn::default()
        };
        self.desk.ask_to_read(machine);
        if !self.turn.rung && self.may_write() {
            self.desk.stage(machine, self.turn.writes);
        }
    }

    pub(super) fn may_write(&self) -> bool {
        !self.turn.blocked && !self.closing && !self.ended && self.broken.is_none()
    }

    /// One exchange with the machine, and the end of the turn if nothing is
    /// left to do. `found` is what the runner waits for.
    pub(super) fn exchange<R>(
        &mut self,
        machine: &mut MachineOf<L>,
        hub: &Hub,
        wake: &mut Wakers,
        found: &mut Option<R>,
        look: impl FnOnce(&mut MachineOf<L>) -> Option<R>,
    ) -> Next {
        self.desk.hand_over(machine, self.turn.now.unwrap_or(0));
        if let (true, Some(now)) = (self.turn.rung, self.turn.now) {
            self.turn.rung = false;
            machine.expire(now, &mut self.desk.released);
            self.turn.overdue = machine.drain_is_overdue(now);
        }
        if !self.may_write() {
            self.desk.unstage(machine);
        } else if self.desk.staged.is_empty() {
            self.desk.stage(machine, self.turn.writes);
            self.turn.again |= self.turn.writes == 0 && self.desk.more;
        }
        // What is staged is off the queue, and the transport may yet be blocked.
        let written = self.desk.staged.is_empty() && !self.unflushed;
        self.desk.drained = written && self.broken.is_none() && machine.is_drained();
        // What panics when it is dropped must do so before the turn is over.
        if self.has_work() || machine.has_discarded() {
            return Next::More;
        }
        // Those who wait for the flush need a turn even if the queue is empty.
        self.turn.again |= self.put_off > 0;
        if found.is_none() {
            *found = look(machine);
        }
        let deadline = machine.next_deadline();
        let news = News {
            parties: machine.woken(),
            streams: std::mem::take(&mut self.delivered),
            over: self.ended,
        };
        let mut next = Next::More;
        hub.tell(news, wake, |shared| {
            if found.is_some() && !shared && self.put_off > 0 && self.may_write() {
                // Nobody is left who would come back for the flush.
                self.put_off = PUT_OFF;
                self.turn.must_flush = true;
                return None;
            }
            let settled = self.turn.armed || self.ended;
            if !settled && self.alarms.must_be_armed(deadline, shared) {
                self.desk.arm = Some((deadline, shared));
                return None;
            }
            next = Next::Done;
            Some(TurnEnd {
                done: found.is_some(),
                ticking: self.alarms.is_ticking(),
                again: self.turn.again,
            })
        });
        next
    }

    /// Whether there is something to do before the turn can end.
    fn has_work(&self) -> bool {
        let Desk {
            staged,
            released,
            unbearable,
            drained,
            ..
        } = &self.desk;
        let open = *unbearable
            || self.turn.overdue
            || (*drained && !self.closing)
            || (self.turn.must_flush && self.broken.is_none());
        !staged.is_empty() || !released.is_empty() || (open && !self.ended)
    }
}
