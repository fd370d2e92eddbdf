//! Permits that are taken before there is a call, on both.

use super::frame::with;
use super::model::{Call, Model, Wire};
use super::queue::Item;
use super::step::Pair;
use super::*;
use crate::machine::arena::Key;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Held,
    Refused,
}

#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) key: Key,
    /// Its place in the line, among calls and its like.
    pub(super) number: u64,
    pub(super) stage: Stage,
}

impl Model {
    pub(super) fn held(&self) -> usize {
        let held = |reservation: &&Reservation| reservation.stage == Stage::Held;
        self.reservations.iter().filter(held).count()
    }

    pub(super) fn refuse_reservations(&mut self) {
        for reservation in &mut self.reservations {
            if reservation.stage == Stage::Waiting {
                reservation.stage = Stage::Refused;
            }
        }
    }

    pub(super) fn promote(&mut self) {
        loop {
            let full = self.count(Call::permitted) + self.held() >= MAX_IN_FLIGHT
                || self.count(Call::retired) >= MAX_RETIRED;
            if full {
                return;
            }
            let call = self.calls.iter_mut().find(|call| call.wire == Wire::Permit);
            let mut reservations = self.reservations.iter_mut();
            let reservation = reservations.find(|one| one.stage == Stage::Waiting);
            match (call, reservation) {
                (call, Some(next)) if call.as_ref().is_none_or(|c| c.number > next.number) => {
                    next.stage = Stage::Held;
                }
                (Some(call), _) => {
                    call.wire = Wire::Queued;
                    self.queue.push(Item::Request(call.key));
                }
                (None, _) => return,
            }
        }
    }
}

impl Pair {
    pub(super) fn reserve(&mut self) {
        let number = self.number();
        let reserved = with(&mut self.subject, Machine::reserve);
        assert_eq!(reserved.is_ok(), self.model.is_open());
        if let Ok(key) = reserved {
            self.model.reservations.push(Reservation {
                key,
                number,
                stage: Stage::Waiting,
            });
        }
    }

    /// What whoever waits would see.
    pub(super) fn see_reservations(&self) {
        for reservation in &self.model.reservations {
            let seen = self.subject.reserved(reservation.key);
            match reservation.stage {
                _ if !self.model.is_open() => {
                    assert!(matches!(seen, Some(Err(_))), "{reservation:?}");
                }
                Stage::Waiting => assert!(seen.is_none(), "{reservation:?}"),
                Stage::Held => assert!(matches!(seen, Some(Ok(()))), "{reservation:?}"),
                Stage::Refused => panic!("it is open"),
            }
        }
    }

    pub(super) fn give_back(&mut self, index: usize) {
        if index < self.model.reservations.len() {
            let Reservation { key, .. } = self.model.reservations.remove(index);
            with(&mut self.subject, |subject| subject.unreserve(key.index));
        }
    }

    pub(super) fn begin_reserved(&mut self, index: usize) {
        let held = self.model.reservations.get(index);
        if held.is_none_or(|reservation| reservation.stage != Stage::Held) {
            return;
        }
        let Reservation { key, .. } = self.model.reservations.remove(index);
        let number = self.number();
        let new = NewCall {
            frame: Frame(number),
            deadline: None,
            rare: None,
            batch: None,
        };
        let begun = with(&mut self.subject, |subject| {
            subject.begin_reserved(new, key.index)
        });
        assert_eq!(begun.is_ok(), self.model.is_open());
        if let Ok(begun) = begun {
            self.model.stats.calls += 1;
            self.model.calls.push(Call {
                key: begun.call,
                number,
                chosen: None,
                caller: Some(None),
                wire: Wire::Queued,
                deadline: None,
                timeout: None,
                streams: false,
                parts: 0,
            });
            self.model.queue.push(Item::Request(begun.call));
        }
    }
}

#[test]
fn reservations_and_calls_stand_in_one_line() {
    let limits = Limits {
        max_in_flight: 1,
        ..Limits::default()
    };
    let mut machine = Machine::<u32, u64, u64>::new(limits, 0);
    let new = |frame| NewCall {
        frame,
        deadline: None,
        rare: None,
        batch: None,
    };
    let first = machine.reserve().expect("it is open");
    let call = machine.begin(new(1)).ok().expect("it is open").call;
    let second = machine.reserve().expect("it is open");
    assert!(!machine.has_outgoing(), "overtook a permit that is held");
    machine.unreserve(first.index);
    assert!(machine.has_outgoing() && machine.reserved(second).is_none());
    assert_eq!(machine.count_woken(), 0);
    machine.cancel(call);
    assert!(machine.woken().eq([second]));
    assert!(matches!(machine.reserved(second), Some(Ok(()))));
    let begun = machine.begin_reserved(new(2), second.index);
    assert!(begun.is_ok() && machine.has_outgoing());
}

#[test]
fn closing_tells_those_who_wait_for_a_permit_and_lets_calls_have_them() {
    let limits = Limits {
        max_in_flight: 1,
        ..Limits::default()
    };
    let mut machine = Machine::<u32, u64, u64>::new(limits, 0);
    let held = machine.reserve().expect("it is open");
    let waiting = machine.reserve().expect("it is open");
    let new = |frame| NewCall {
        frame,
        deadline: None,
        rare: None,
        batch: None,
    };
    assert!(machine.begin(new(1)).is_ok());
    machine.drain(0);
    assert!(machine.woken().eq([waiting]));
    assert!(matches!(
        machine.reserved(waiting),
        Some(Err(BeginError::Closing))
    ));
    assert!(machine.begin_reserved(new(2), held.index).is_err());
    assert!(machine.has_outgoing(), "the call that had begun goes out");
    machine.unreserve(waiting.index);
    assert_eq!(machine.permits, 1);
}
