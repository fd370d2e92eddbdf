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
//! | end of turn | - | - | idle; if notified: wake the designee |
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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use crate::machine::arena::{Arena, Key};
use crate::machine::{Chain, Chains};
use crate::sync::{Mutex, lock};

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

struct Party {
    kind: Kind,
    waker: Option<Waker>,
    /// Its place among those that wait.
    place: Key,
    settled: bool,
}

struct State {
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

/// The waiting parties of one connection.
pub(crate) struct Hub {
    state: Mutex<State>,
}

impl Hub {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
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
            }),
        })
    }

    /// A new party. It does not wait before its first poll.
    pub(crate) fn join(&self, kind: Kind) -> Key {
        let party = Party {
            kind,
            waker: None,
            place: Key::NULL,
            settled: false,
        };
        lock(&self.state).parties.insert(party).unwrap_or(Key::NULL)
    }

    /// `party` is polled; with `work` if it has just made some.
    pub(crate) fn poll(&self, party: Key, waker: &Waker, work: bool) -> Step {
        let (step, wake, old) = {
            let mut state = lock(&self.state);
            let old = state.line_up(party, waker);
            let (step, wake) = state.poll(party, work);
            (step, wake, old)
        };
        drop(old);
        if let Some(waker) = wake {
            waker.wake();
        }
        if step == Step::Yield {
            waker.wake_by_ref();
        }
        step
    }

    /// The turn of the runner is over. `ticking` if tick and watchdog are
    /// armed, `again` if there is more to do.
    pub(crate) fn end_turn(&self, ticking: bool, again: bool) {
        let wake = {
            let mut state = lock(&self.state);
            state.runner = Key::NULL;
            state.ticking = ticking;
            state.stale = false;
            state.notified |= again || (state.is_shared() && !ticking);
            state.wake_if_due()
        };
        if let Some(waker) = wake {
            waker.wake();
        }
    }

    /// Something has come for these parties. Their wakers are added to `wake`,
    /// to be woken when no lock is held.
    pub(crate) fn settle(&self, parties: &mut Vec<Key>, wake: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        for party in parties.drain(..) {
            wake.extend(state.settle(party));
        }
        wake.extend(state.wake_if_due());
    }

    /// Something has come for the polled streams.
    pub(crate) fn settle_streams(&self, wake: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        let mut place = state.places.back(&state.drivers);
        while let Some(key) = place {
            place = state.places.before(key);
            if let Some(party) = state.places.get(key).copied() {
                if state.kind(party) == Kind::Stream {
                    wake.extend(state.settle(party));
                }
            }
        }
        wake.extend(state.wake_if_due());
    }

    /// Whether a tick is wanted: more than one party waits.
    pub(crate) fn is_shared(&self) -> bool {
        lock(&self.state).is_shared()
    }

    /// `party` has returned something and does not wait for now.
    pub(crate) fn rest(&self, party: Key) {
        let wake = {
            let mut state = lock(&self.state);
            state.unsettle(party);
            state.unline(party);
            state.wake_if_due()
        };
        if let Some(waker) = wake {
            waker.wake();
        }
    }

    /// `party` is done or dropped.
    pub(crate) fn leave(&self, party: Key) {
        let (gone, wake) = {
            let mut state = lock(&self.state);
            state.unsettle(party);
            state.unline(party);
            (state.parties.remove(party), state.wake_if_due())
        };
        if let Some(waker) = wake {
            waker.wake();
        }
        drop(gone);
    }

    /// There is work, made by someone who does not wait for it, or the
    /// transport is ready.
    pub(crate) fn notify(&self) {
        let wake = {
            let mut state = lock(&self.state);
            if state.notified {
                return;
            }
            state.notified = true;
            state.wake_if_due()
        };
        if let Some(waker) = wake {
            waker.wake();
        }
    }

    /// The connection has ended: everybody looks at once, now and in future.
    pub(crate) fn stop(&self, wake: &mut Vec<Waker>) {
        let mut state = lock(&self.state);
        state.stopped = true;
        state.all_wakers(wake);
    }

    fn tick(&self) {
        lock(&self.state).stale = true;
        self.notify();
    }

    fn watch(&self) {
        let mut wake = Vec::new();
        {
            let mut state = lock(&self.state);
            if state.stale && state.runner == Key::NULL {
                state.notified = true;
                state.overdue = true;
                state.ticking = false;
                state.all_wakers(&mut wake);
            }
        }
        if wake.is_empty() {
            self.notify();
        }
        for waker in wake {
            waker.wake();
        }
    }
}

impl State {
    fn poll(&mut self, party: Key, work: bool) -> (Step, Option<Waker>) {
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
    fn line_up(&mut self, party: Key, waker: &Waker) -> Option<Waker> {
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

    fn settle(&mut self, party: Key) -> Option<Waker> {
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
    fn wake_if_due(&mut self) -> Option<Waker> {
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

    fn is_shared(&self) -> bool {
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

/// The waker that the transport sees.
impl Wake for Hub {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}

/// Which of the two sleeps a waker belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// The next deadline, or the tick if that is sooner.
    Tick,
    Watchdog,
}

/// The waker of a sleep.
pub(crate) struct Bell {
    hub: Arc<Hub>,
    alarm: Alarm,
    rung: AtomicBool,
}

impl Bell {
    pub(crate) fn new(hub: &Arc<Hub>, alarm: Alarm) -> Arc<Self> {
        Arc::new(Self {
            hub: hub.clone(),
            alarm,
            rung: AtomicBool::new(false),
        })
    }

    /// Whether the sleep has woken its waker since the last time this was asked.
    pub(crate) fn take_rung(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        match self.alarm {
            Alarm::Tick => self.hub.tick(),
            Alarm::Watchdog => self.hub.watch(),
        }
    }
}
