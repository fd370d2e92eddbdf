//! Keys that are out of date, and whether a turn that is due comes.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

const FORMER: Key = Key { index: 0, turn: 0 };
const NEWER: Key = Key { index: 0, turn: 1 };

/// Polls `party`, ends its turn if it gets one, and says whether more than one
/// waits then.
fn waits(hub: &Hub, party: Key, waker: &Arc<Count>) -> bool {
    let step = hub.poll(party, Kind::Call, &waker.clone().into(), Work::None);
    let mut is_shared = false;
    tell(hub, &[], |shared| {
        is_shared = shared;
        let end = TurnEnd {
            done: false,
            ticking: true,
            again: false,
        };
        (step == Step::Turn).then_some(end)
    });
    is_shared
}

fn tell(hub: &Hub, parties: &[Key], end: impl FnOnce(bool) -> Option<TurnEnd>) {
    let news = News {
        parties: parties.iter().copied(),
        streams: false,
        over: false,
    };
    let mut wake = Wakers::default();
    hub.tell(news, &mut wake, end);
    wake.wake(&mut None);
}

#[test]
fn news_for_one_who_has_gone_cost_its_successor_nothing() {
    let (hub, waker) = (Hub::new(), Arc::new(Count::default()));
    waits(&hub, NEWER, &waker);
    tell(&hub, &[FORMER], |_| None);
    assert_eq!(waker.0.load(SeqCst), 0);
    tell(&hub, &[NEWER], |_| None);
    assert_eq!(waker.0.load(SeqCst), 1);
}

#[test]
fn a_successor_takes_the_place_of_one_who_has_gone() {
    let (hub, waker) = (Hub::new(), Arc::new(Count::default()));
    assert!(!waits(&hub, FORMER, &waker));
    assert!(!waits(&hub, NEWER, &waker), "two wait, and one has gone");
    assert_eq!(Arc::strong_count(&waker), 2, "one waker is kept");
    // Whoever has gone may say so late.
    hub.leave(FORMER);
    tell(&hub, &[NEWER], |_| None);
    assert_eq!(waker.0.load(SeqCst), 1);
}

#[test]
fn news_for_one_who_was_never_polled_are_kept_for_its_first_poll() {
    let (hub, waker) = (Hub::new(), Arc::new(Count::default()));
    waits(&hub, FORMER, &waker);
    tell(&hub, &[NEWER], |_| None);
    let step = hub.poll(NEWER, Kind::Call, &waker.clone().into(), Work::Queued);
    assert_eq!(step, Step::Settled);
    assert_eq!(Arc::strong_count(&waker), 1, "nobody waits");
}

#[test]
fn a_driver_waits_once_for_the_company_of_who_made_the_work() {
    let (hub, waker) = (Hub::new(), Arc::new(Count::default()));
    let driver = Key { index: 7, turn: 0 };
    let poll = |party, kind, work| hub.poll(party, kind, &waker.clone().into(), work);
    assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn);
    end(&hub, true);
    for _ in 0..2 {
        assert_eq!(poll(FORMER, Kind::Call, Work::QueuedInCompany), Step::Wait);
        assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Yield);
        // Nobody can keep it from its turn by calling again and again.
        assert_eq!(poll(FORMER, Kind::Call, Work::QueuedInCompany), Step::Wait);
        assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn);
        end(&hub, true);
    }
    assert_eq!(poll(FORMER, Kind::Call, Work::Queued), Step::Wait);
    assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn, "alone");
}

/// Three calls that wait, the last of them the designee, and their wakers.
fn three(ticking: bool) -> (Arc<Hub>, [Arc<Count>; 3]) {
    let (hub, wakers) = (Hub::new(), <[Arc<Count>; 3]>::default());
    for (index, waker) in (0..).zip(&wakers) {
        let party = Key { index, turn: 0 };
        let step = hub.poll(party, Kind::Call, &waker.clone().into(), Work::Queued);
        if step == Step::Yield {
            let step = hub.poll(party, Kind::Call, &waker.clone().into(), Work::None);
            assert_eq!(step, Step::Turn);
        }
        end(&hub, ticking);
    }
    taken(&wakers);
    (hub, wakers)
}

fn end(hub: &Hub, ticking: bool) {
    tell(hub, &[], |_| {
        Some(TurnEnd {
            done: false,
            ticking,
            again: false,
        })
    });
}

/// How often each was woken since it was last asked.
fn taken(wakers: &[Arc<Count>; 3]) -> [usize; 3] {
    std::array::from_fn(|n| wakers[n].0.swap(0, SeqCst))
}

#[test]
fn the_first_ring_wakes_the_designee_and_the_second_everybody() {
    let (hub, wakers) = three(true);
    hub.ring();
    assert_eq!(taken(&wakers), [0, 0, 1]);
    hub.ring();
    assert_eq!(taken(&wakers), [1, 1, 1]);
}

#[test]
fn rings_in_a_turn_wait_for_its_end_and_two_of_them_leave_no_tick() {
    for (rings, woken) in [(1, [0, 0, 1]), (2, [1, 1, 1])] {
        let (hub, wakers) = three(true);
        hub.notify();
        let last = Key { index: 2, turn: 0 };
        let waker = wakers[2].clone().into();
        assert_eq!(hub.poll(last, Kind::Call, &waker, Work::None), Step::Turn);
        taken(&wakers);
        for _ in 0..rings {
            hub.ring();
        }
        assert_eq!(taken(&wakers), [0; 3]);
        end(&hub, true);
        assert_eq!(taken(&wakers), woken, "{rings} rings");
    }
}

#[test]
fn a_designee_that_is_replaced_is_woken_only_if_no_tick_is_armed() {
    for (ticking, woken) in [(true, [1, 0, 0]), (false, [1, 0, 1])] {
        let (hub, wakers) = three(ticking);
        let first = Key { index: 0, turn: 0 };
        let waker = wakers[0].clone().into();
        let step = hub.poll(first, Kind::Call, &waker, Work::Queued);
        assert_eq!(step, Step::Yield);
        assert_eq!(taken(&wakers), woken, "ticking: {ticking}");
    }
}

/// A waker that looks, when the last of it is dropped, whether the hub is locked.
struct Looker {
    hub: Arc<Hub>,
    free: Arc<Count>,
}

impl Wake for Looker {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Looker {
    fn drop(&mut self) {
        let free = self.hub.state.try_lock().is_ok();
        self.free.0.fetch_add(usize::from(free), SeqCst);
    }
}

#[test]
fn the_waker_of_one_who_has_gone_is_dropped_when_no_lock_is_held() {
    let hub = Hub::new();
    let free = Arc::new(Count::default());
    let looker = Arc::new(Looker {
        hub: hub.clone(),
        free: free.clone(),
    });
    let step = hub.poll(FORMER, Kind::Call, &looker.into(), Work::Queued);
    assert_eq!(step, Step::Turn);
    end(&hub, false);
    tell(&hub, &[NEWER], |_| None);
    assert_eq!(free.0.load(SeqCst), 1);
}

/// A small generator: what matters is that a seed repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

struct Member {
    key: Key,
    kind: Kind,
    waker: Arc<Count>,
    waits: bool,
}

/// Some parties on one hub, and whether a turn is due.
struct Company {
    hub: Arc<Hub>,
    dice: Dice,
    members: Vec<Member>,
    due: bool,
    ticking: bool,
}

impl Company {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kinds = [Kind::Call, Kind::Call, Kind::Driver, Kind::Stream];
        let members = (0..5).map(|index| Member {
            key: Key { index, turn: 0 },
            kind: kinds[dice.roll(kinds.len())],
            waker: Arc::default(),
            waits: false,
        });
        Self {
            members: members.collect(),
            hub: Hub::new(),
            dice,
            due: true,
            ticking: false,
        }
    }

    fn poll(&mut self, n: usize, work: Work) {
        let member = &mut self.members[n];
        member.waker.0.store(0, SeqCst);
        member.waits = true;
        self.due |= work != Work::None;
        let waker = member.waker.clone().into();
        if self.hub.poll(member.key, member.kind, &waker, work) != Step::Turn {
            return;
        }
        // The transport may wake meanwhile.
        let woken = self.dice.roll(4) == 0;
        if woken {
            Waker::from(self.hub.clone()).wake_by_ref();
        }
        let again = self.dice.roll(5) == 0;
        self.due = woken || again;
        tell(&self.hub, &[], |shared| {
            self.ticking |= shared;
            Some(TurnEnd {
                done: false,
                ticking: self.ticking,
                again,
            })
        });
    }

    fn leave(&mut self, n: usize) {
        let member = &mut self.members[n];
        self.hub.leave(member.key);
        member.waits = false;
        member.key.turn += 1;
    }

    /// One of those that are woken.
    fn woken(&mut self) -> Option<usize> {
        let woken = |member: &Member| member.waits && member.waker.0.load(SeqCst) > 0;
        let all: Vec<_> = (0..self.members.len())
            .filter(|n| woken(&self.members[*n]))
            .collect();
        let one = self.dice.roll(all.len().max(1));
        all.get(one).copied()
    }

    fn anything(&mut self) {
        let n = self.dice.roll(self.members.len());
        match self.dice.roll(8) {
            0 => self.poll(n, Work::None),
            1 => self.poll(n, Work::Queued),
            2 => self.poll(n, Work::QueuedInCompany),
            3 => {
                Waker::from(self.hub.clone()).wake();
                self.due = true;
            }
            4 => self.leave(n),
            _ => {
                if let Some(n) = self.woken() {
                    self.poll(n, Work::None);
                }
            }
        }
    }
}

#[test]
fn a_turn_that_is_due_comes_whatever_the_parties_have_done() {
    for seed in 1..=10_000 {
        let mut company = Company::new(seed);
        for _ in 0..company.dice.roll(40) {
            company.anything();
        }
        // From now on all are polled when they are woken.
        let mut polls = 0;
        while let Some(n) = company.woken() {
            company.poll(n, Work::None);
            polls += 1;
            assert!(polls < 2_000, "seed {seed}: there is no rest");
        }
        let anybody = company.members.iter().any(|member| member.waits);
        assert!(!company.due || !anybody, "seed {seed}: nobody comes");
    }
}
