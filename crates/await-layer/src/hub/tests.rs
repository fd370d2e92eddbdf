//! Keys that are out of date.

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
    let end = TurnEnd {
        done: false,
        ticking: true,
        again: false,
    };
    assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn);
    tell(&hub, &[], |_| Some(end));
    for _ in 0..2 {
        assert_eq!(poll(FORMER, Kind::Call, Work::QueuedInCompany), Step::Wait);
        assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Yield);
        // Nobody can keep it from its turn by calling again and again.
        assert_eq!(poll(FORMER, Kind::Call, Work::QueuedInCompany), Step::Wait);
        assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn);
        tell(&hub, &[], |_| Some(end));
    }
    assert_eq!(poll(FORMER, Kind::Call, Work::Queued), Step::Wait);
    assert_eq!(poll(driver, Kind::Driver, Work::None), Step::Turn, "alone");
}
