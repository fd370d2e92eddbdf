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
//! | poll without work | nothing | become designee; turn | nothing |
//! | end of turn | - | - | idle; if notified: wake the designee; if shared with no tick armed: wake all |
//! | settled, dropped or done while designee | pass on | pass on; wake the next | pass on |
//! | tick | notified, stale; wake the designee | stale | notified |
//! | watchdog, stale | overdue; wake all | overdue; wake all | nothing |
//! | poll while overdue | - | become designee; turn | - |
//!
//! *Yield* means: woken again at once, so that calls made in the same tick of
//! the executor leave in one flush. A turn clears `notified`, `stale` and
//! `overdue`. While more than one party waits each turn leaves a tick armed
//! 50 ms ahead and a watchdog 50 ms behind it, so that a designee that is told
//! and does not come (parked in a `select!`, forgotten, blocked) holds the
//! others up no longer than that; a party that begins to wait while no tick is
//! armed comes back for a turn of its own, which arms one, and so does the party
//! that waited alone until then.

use std::task::Waker;

use crate::machine::arena::{Arena, Key};
use crate::machine::{Chain, Chains};

/// What a party is, as far as electing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ends with its answer; the newest waits longest and is chosen first.
    Call,
    /// A spawned driver: chosen before any call.
    Driver,
    /// A polled stream: chosen likewise, and woken when something comes in.
    Stream,
}

/// What a party that is polled must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something has come for it: look, and poll again if it was not enough.
    Settled,
    /// Return `Pending`; it will be woken.
    Wait,
    /// Wake itself and return `Pending`.
    Yield,
    /// Drive, then end the turn.
    Turn,
}

pub(super) struct Party {
    kind: Kind,
    waker: Option<Waker>,
    /// Its place among those that wait.
    place: Key,
    settled: bool,
}

/// The parties of one connection, and whose turn it is.
pub(super) struct State {
    parties: Arena<Party>,
    places: Chains<Key>,
    calls: Chain,
    drivers: Chain,
    /// Settled, and not polled since.
    settled: usize,
    designee: Key,
    /// Whose turn it is; null between turns.
    runner: Key,
    notified: bool,
    yielding: bool,
    ticking: bool,
    stale: bool,
    overdue: bool,
    stopped: bool,
}

impl State {
    pub(super) const fn new() -> Self {
        Self {
            parties: Arena::new(),
            places: Chains::new(),
            calls: Chain::EMPTY,
            drivers: Chain::EMPTY,
            settled: 0,
            designee: Key::NULL,
            runner: Key::NULL,
            // The first turn shows the transport its waker.
            notified: true,
            yielding: false,
            ticking: false,
            stale: false,
            overdue: false,
            stopped: false,
        }
    }

    /// A new party. It does not wait before its first poll.
    pub(super) fn join(&mut self, kind: Kind) -> Key {
        let party = Party {
            kind,
            waker: None,
            place: Key::NULL,
            settled: false,
        };
        self.parties.insert(party).unwrap_or(Key::NULL)
    }

    pub(super) fn poll(&mut self, party: Key, work: bool) -> (Step, Option<Waker>) {
        let told = self.notified;
        self.notified |= work;
        if self.stopped || self.unsettle(party) {
            return (Step::Settled, None);
        }
        if self.runner != Key::NULL {
            return (Step::Wait, None);
        }
        let preferred = self.kind(party) != Kind::Call && self.kind(self.designee) == Kind::Call;
        if self.designee == Key::NULL || (preferred && !self.yielding) {
            self.designee = party;
        }
        let untimed = self.is_shared() && !self.ticking;
        if !self.notified && !untimed {
            return (Step::Wait, None);
        }
        if self.overdue || !work {
            return self.begin_turn(party);
        }
        if self.designee == party {
            if !self.is_shared() && self.settled == 0 {
                return self.begin_turn(party);
            }
            self.yielding = true;
            return (Step::Yield, None);
        }
        if self.kind(self.designee) != Kind::Call {
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
    pub(super) fn end_turn(&mut self, ticking: bool, again: bool, wake: &mut Vec<Waker>) {
        self.runner = Key::NULL;
        self.ticking = ticking;
        self.stale = false;
        self.notified |= again;
        if self.is_shared() && !ticking {
            self.notified = true;
            self.all_wakers(wake);
        } else {
            wake.extend(self.wake_if_due());
        }
    }

    pub(super) fn settle_streams(&mut self, wake: &mut Vec<Waker>) {
        let mut place = self.places.back(&self.drivers);
        while let Some(key) = place {
            place = self.places.before(key);
            if let Some(party) = self.places.get(key).copied() {
                if self.kind(party) == Kind::Stream {
                    wake.extend(self.settle(party));
                }
            }
        }
        wake.extend(self.wake_if_due());
    }

    pub(super) fn rest(&mut self, party: Key) -> Option<Waker> {
        self.unsettle(party);
        self.unline(party);
        self.wake_if_due()
    }

    /// What is returned is dropped outside the lock.
    pub(super) fn leave(&mut self, party: Key) -> (Option<Party>, Option<Waker>) {
        let wake = self.rest(party);
        (self.parties.remove(party), wake)
    }

    pub(super) fn notify(&mut self) -> Option<Waker> {
        if self.notified {
            return None;
        }
        self.notified = true;
        self.wake_if_due()
    }

    pub(super) fn tick(&mut self) -> Option<Waker> {
        self.stale = true;
        self.notify()
    }

    pub(super) fn watch(&mut self, wake: &mut Vec<Waker>) {
        if !self.stale || self.runner != Key::NULL {
            wake.extend(self.notify());
            return;
        }
        self.notified = true;
        self.overdue = true;
        self.ticking = false;
        self.all_wakers(wake);
    }

    pub(super) fn stop(&mut self, wake: &mut Vec<Waker>) {
        self.stopped = true;
        self.all_wakers(wake);
    }

    fn begin_turn(&mut self, party: Key) -> (Step, Option<Waker>) {
        self.designee = party;
        self.runner = party;
        self.notified = false;
        self.yielding = false;
        self.stale = false;
        self.overdue = false;
        (Step::Turn, None)
    }

    /// `party` waits from now on. Its old waker is dropped outside the lock.
    pub(super) fn line_up(&mut self, party: Key, waker: &Waker) -> Option<Waker> {
        let entry = self.parties.get_mut(party)?;
        if entry.place == Key::NULL {
            let chain = match entry.kind {
                Kind::Call => &mut self.calls,
                Kind::Driver | Kind::Stream => &mut self.drivers,
            };
            entry.place = self.places.push_back(chain, party).unwrap_or(Key::NULL);
        }
        match &entry.waker {
            Some(old) if old.will_wake(waker) => None,
            _ => entry.waker.replace(waker.clone()),
        }
    }

    /// Takes `party` from among those that wait; if it was the designee, the
    /// designation passes on.
    fn unline(&mut self, party: Key) {
        if let Some(entry) = self.parties.get_mut(party) {
            let chain = match entry.kind {
                Kind::Call => &mut self.calls,
                Kind::Driver | Kind::Stream => &mut self.drivers,
            };
            self.places.remove(chain, entry.place);
            entry.place = Key::NULL;
        }
        if self.designee == party {
            self.designee = Key::NULL;
            self.yielding = false;
        }
    }

    pub(super) fn settle(&mut self, party: Key) -> Option<Waker> {
        let entry = self.parties.get_mut(party)?;
        if !entry.settled {
            entry.settled = true;
            self.settled += 1;
        }
        if party == self.runner {
            // It looks again when its turn ends.
            return None;
        }
        let waker = if entry.place == Key::NULL {
            None
        } else {
            entry.waker.take()
        };
        self.unline(party);
        waker
    }

    fn unsettle(&mut self, party: Key) -> bool {
        match self.parties.get_mut(party) {
            Some(entry) if entry.settled => {
                entry.settled = false;
                self.settled -= 1;
                true
            }
            _ => false,
        }
    }

    /// Finds a designee if there is none, and its waker if a turn is due and
    /// nobody is running.
    pub(super) fn wake_if_due(&mut self) -> Option<Waker> {
        if self.designee == Key::NULL {
            self.designee = self
                .newest(self.drivers)
                .or_else(|| self.newest(self.calls))
                .unwrap_or(Key::NULL);
        }
        if self.notified && self.runner == Key::NULL {
            return self.waker(self.designee);
        }
        None
    }

    pub(super) fn is_shared(&self) -> bool {
        self.calls.len() + self.drivers.len() > 1
    }

    fn newest(&self, chain: Chain) -> Option<Key> {
        let place = self.places.back(&chain)?;
        self.places.get(place).copied()
    }

    fn kind(&self, party: Key) -> Kind {
        self.parties
            .get(party)
            .map_or(Kind::Call, |party| party.kind)
    }

    fn waker(&self, party: Key) -> Option<Waker> {
        self.parties.get(party)?.waker.clone()
    }

    fn all_wakers(&self, into: &mut Vec<Waker>) {
        for chain in [self.drivers, self.calls] {
            let mut place = self.places.back(&chain);
            while let Some(key) = place {
                into.extend(self.places.get(key).and_then(|party| self.waker(*party)));
                place = self.places.before(key);
            }
        }
    }
}
