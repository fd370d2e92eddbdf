//! Who waits, and who moves the bytes.
//!
//! Parties are calls, sends, closes, polled streams and spawned drivers. The
//! right to drive is the *turn*: it lasts one poll, is tried for and never
//! waited for. Between polls there is only a *designee*, the party that is
//! woken when something is to do. The transport and the timer see no waker
//! but the hub's. The hub holds neither frames nor the transport, so that it
//! is `Send + Sync` where they are not, and no cycle can form through it.
//!
//! `notified` says that a turn is due. What each event does:
//!
//! | event | idle | notified | running |
//! |---|---|---|---|
//! | wake by transport, or work by someone who does not wait | notified; wake the designee | nothing | notified |
//! | poll, no designee or own, alone | (with work) turn | turn | (with work) notified |
//! | poll with work, no designee or own, others wait | notified; yield | yield | notified |
//! | poll with work, the designee is a driver or stream | notified; wake it | nothing | notified |
//! | poll with work, the designee is a call | become it; yield; with no tick armed wake the former one | if it has not just yielded: become it; yield | notified |
//! | poll without work | nothing | a driver or stream in company, once: yield; else become designee; turn | nothing |
//! | end of turn | - | - | idle; if notified: wake the designee; if shared with no tick armed: wake all |
//! | settled, dropped or done while designee | pass on | pass on; wake the next | pass on |
//! | first ring since a turn | notified; wake the designee | nothing | notified |
//! | second ring since a turn | overdue; demote the designee; wake all | the same | notified; no tick is armed then |
//! | poll while overdue | - | become designee; turn | - |
//!
//! *Yield* means: woken again at once, so that calls made in the same tick of
//! the executor leave in one flush. *In company* means: work was made by one of
//! many that had just been woken, and the others, which may be on their way on
//! another thread, are likely to make some too; a call has yielded by then. A
//! turn clears `notified`, `overdue`, the company and the rings. While more
//! than one party waits each turn leaves a tick armed 50 ms ahead and a
//! watchdog 50 ms behind it, so that a designee that is told and does not come
//! (parked in a `select!`, forgotten, blocked) holds the others up no longer
//! than that; a party that begins to wait while no tick is armed comes back for
//! a turn of its own, which arms one, and so does the party that waited alone
//! until then.
//!
//! A party is known by the key of its slot in the machine, so it need not join:
//! it is here from its first poll, or from when something comes for it before
//! that. A key that is older than the entry's is of somebody who has gone.

use std::task::Waker;

use super::TurnEnd;
use super::parties::{Kind, Parties, Party, Step, Work};
use super::wakers::Wakers;
use crate::machine::List;
use crate::machine::arena::Key;

/// The parties of one connection, and whose turn it is.
pub(super) struct State {
    /// By the index of their slot.
    parties: Parties,
    calls: List,
    drivers: List,
    designee: Key,
    /// Whose turn it is; null between turns.
    runner: Key,
    notified: bool,
    yielding: bool,
    /// Work came from somebody in company since the last turn began, and the
    /// turn has waited for the rest of them.
    company: bool,
    waited: bool,
    /// Tick and watchdog are armed.
    ticking: bool,
    /// How often they have rung since the last turn began.
    rings: u8,
    /// Two rings and no turn: the first to be polled takes it.
    overdue: bool,
    stopped: bool,
}

impl State {
    pub(super) const fn new() -> Self {
        Self {
            parties: Parties::new(),
            calls: List::EMPTY,
            drivers: List::EMPTY,
            designee: Key::NULL,
            runner: Key::NULL,
            // The first turn shows the transport its waker.
            notified: true,
            yielding: false,
            company: false,
            waited: false,
            ticking: false,
            rings: 0,
            overdue: false,
            stopped: false,
        }
    }

    /// Makes sure that `party` has its entry. Whoever had it before has gone;
    /// a waker of theirs is returned, to be dropped outside the lock.
    #[inline]
    fn admit(&mut self, party: Key) -> Option<Waker> {
        let former = match self.parties.at(party.index) {
            Some(entry) if entry.turn == party.turn => return None,
            Some(entry) if entry.waits => self.parties.key(party.index),
            None if party == Key::NULL => return None,
            _ => None,
        };
        let waker = former.and_then(|former| self.unline(former));
        self.parties.replace(party);
        waker
    }

    pub(super) fn poll(&mut self, party: Key, work: Work) -> (Step, Option<Waker>) {
        let told = self.notified;
        let worked = work != Work::None;
        self.notified |= worked;
        self.company |= work == Work::QueuedInCompany;
        if self.runner != Key::NULL {
            return (Step::Wait, None);
        }
        let preferred = self.is_preferred(party) && !self.is_preferred(self.designee);
        if self.designee == Key::NULL || (preferred && !self.yielding) {
            self.designee = party;
        }
        let untimed = self.is_shared() && !self.ticking;
        if !self.notified && !untimed {
            return (Step::Wait, None);
        }
        if self.overdue {
            return self.begin_turn(party);
        }
        if !worked {
            let expects = self.company && !self.waited && self.is_preferred(party);
            self.waited |= expects;
            return match expects {
                true => (Step::Yield, None),
                false => self.begin_turn(party),
            };
        }
        if self.designee == party {
            if !self.is_shared() && work != Work::QueuedInCompany {
                return self.begin_turn(party);
            }
            self.yielding = true;
            return (Step::Yield, None);
        }
        if self.is_preferred(self.designee) {
            let step = if untimed { Step::Yield } else { Step::Wait };
            let wake = if told {
                None
            } else {
                self.waker(self.designee)
            };
            return (step, wake);
        }
        if self.yielding && !untimed {
            return (Step::Wait, None);
        }
        // Nothing would call back the party that waited alone, with no tick, if
        // this one were parked before its turn.
        let wake = if untimed && !self.yielding {
            self.waker(self.designee)
        } else {
            None
        };
        self.designee = party;
        self.yielding = true;
        (Step::Yield, wake)
    }

    /// The runner's turn is over. Whoever began to wait during it, with no tick
    /// armed, cannot rely on a designee that may be parked: all are called.
    pub(super) fn end_turn(&mut self, end: TurnEnd, wake: &mut Wakers) {
        let runner = std::mem::replace(&mut self.runner, Key::NULL);
        if end.done {
            self.unsettle(runner);
            wake.drop_later(self.unline(runner));
        }
        self.ticking = end.ticking && self.rings < 2;
        self.notified |= end.again;
        if self.is_shared() && !self.ticking {
            self.notified = true;
            self.all_wakers(wake);
            return;
        }
        wake.wake_later(self.wake_if_due());
    }

    pub(super) fn settle_streams(&mut self, wake: &mut Wakers) {
        let mut place = self.drivers.back();
        while let Some(index) = place {
            place = self.drivers.before(&mut self.parties, index);
            if let Some(key) = self.parties.key(index) {
                if self.parties.get(key).map(|party| party.kind) == Some(Kind::Stream) {
                    self.settle(key, wake);
                }
            }
        }
    }

    /// `party` does not wait for now. The second waker is only to be dropped.
    pub(super) fn leave(&mut self, party: Key) -> (Option<Waker>, Option<Waker>) {
        self.unsettle(party);
        let gone = self.unline(party);
        (self.wake_if_due(), gone)
    }

    pub(super) fn notify(&mut self) -> Option<Waker> {
        if self.notified {
            return None;
        }
        self.notified = true;
        self.wake_if_due()
    }

    /// One of the two sleeps has rung: the first time since the last turn the
    /// designee is told; the second time it has had its half of the bound and
    /// everybody is.
    pub(super) fn ring(&mut self, wake: &mut Wakers) {
        self.rings = self.rings.saturating_add(1);
        if self.rings < 2 || self.runner != Key::NULL {
            wake.wake_later(self.notify());
            return;
        }
        self.notified = true;
        self.overdue = true;
        self.ticking = false;
        self.demote();
        self.all_wakers(wake);
    }

    /// The designee does not come. Until it is polled again it is the last to
    /// be chosen, so that it costs the others the bound once and not per frame.
    fn demote(&mut self) {
        let designee = self.designee;
        let waker = self.unline(designee);
        if let Some(party) = self.parties.get_mut(designee) {
            party.waker = waker;
            party.waits = true;
            party.absent = true;
            self.calls.push_front(&mut self.parties, designee.index);
        }
    }

    pub(super) fn stop(&mut self, wake: &mut Wakers) {
        self.stopped = true;
        self.all_wakers(wake);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    fn begin_turn(&mut self, party: Key) -> (Step, Option<Waker>) {
        self.designee = party;
        self.runner = party;
        self.notified = false;
        self.yielding = false;
        self.company = false;
        self.waited = false;
        self.rings = 0;
        self.overdue = false;
        (Step::Turn, None)
    }

    /// `party` waits from now on, with the waker in `fresh` unless it has the
    /// like of it. `false` if it needs one and there is none. What is left in
    /// `fresh` is dropped outside the lock.
    pub(super) fn line_up(
        &mut self,
        party: Key,
        kind: Kind,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> bool {
        let former = self.admit(party);
        let Some(entry) = self.parties.get_mut(party) else {
            return true;
        };
        let known = entry.waker.as_ref().is_some_and(|old| old.will_wake(waker));
        if !known {
            if fresh.is_none() {
                *fresh = former;
                return false;
            }
            std::mem::swap(&mut entry.waker, fresh);
        }
        if !entry.waits || entry.absent {
            let absent = std::mem::take(&mut entry.absent);
            entry.kind = kind;
            entry.waits = true;
            if absent {
                self.calls.remove(&mut self.parties, party.index);
            }
            let list = match kind {
                Kind::Call => &mut self.calls,
                Kind::Driver | Kind::Stream => &mut self.drivers,
            };
            list.push_back(&mut self.parties, party.index);
        }
        if former.is_some() {
            // Rare, and there is one place to hand a waker out.
            *fresh = former;
        }
        true
    }

    /// Takes `party` from among those that wait; if it was the designee, the
    /// designation passes on. Its waker is woken or dropped outside the lock.
    #[inline]
    fn unline(&mut self, party: Key) -> Option<Waker> {
        let entry = self.parties.get_mut(party)?;
        let waker = entry.waker.take();
        if std::mem::take(&mut entry.waits) {
            let list = match entry.kind {
                Kind::Driver | Kind::Stream if !entry.absent => &mut self.drivers,
                _ => &mut self.calls,
            };
            entry.absent = false;
            list.remove(&mut self.parties, party.index);
        }
        if self.designee == party {
            self.designee = Key::NULL;
            self.yielding = false;
        }
        waker
    }

    /// Something has come for `party`, which may not have been polled yet.
    pub(super) fn settle(&mut self, party: Key, wake: &mut Wakers) {
        if !self.parties.settle(party) {
            if self.parties.is_of_the_past(party) {
                return;
            }
            wake.drop_later(self.admit(party));
            self.parties.settle(party);
        }
        if party != self.runner {
            // The runner looks again when its turn ends.
            wake.wake_later(self.unline(party));
        }
    }

    pub(super) fn unsettle(&mut self, party: Key) -> bool {
        match self.parties.get_mut(party) {
            Some(entry) => std::mem::take(&mut entry.settled),
            None => false,
        }
    }

    /// Finds a designee if there is none, and its waker if a turn is due and
    /// nobody is running.
    fn wake_if_due(&mut self) -> Option<Waker> {
        if self.designee == Key::NULL {
            let newest = self.drivers.back().or_else(|| self.calls.back());
            let newest = newest.and_then(|index| self.parties.key(index));
            self.designee = newest.unwrap_or(Key::NULL);
        }
        if self.notified && self.runner == Key::NULL {
            return self.waker(self.designee);
        }
        None
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "two counts of what is held in one place"
    )]
    pub(super) fn is_shared(&self) -> bool {
        self.calls.len() + self.drivers.len() > 1
    }

    /// A driver or a stream, as far as is known not parked.
    fn is_preferred(&self, party: Key) -> bool {
        let preferred = |party: &Party| party.kind != Kind::Call && !party.absent;
        self.parties.get(party).is_some_and(preferred)
    }

    fn waker(&self, party: Key) -> Option<Waker> {
        self.parties.get(party)?.waker.clone()
    }

    fn all_wakers(&mut self, into: &mut Wakers) {
        for list in [self.drivers, self.calls] {
            let mut place = list.back();
            while let Some(index) = place {
                place = list.before(&mut self.parties, index);
                let party = self.parties.at(index);
                into.wake_later(party.and_then(|party| party.waker.clone()));
            }
        }
    }
}
