//! Requests of the peer's, and what it says to nobody, on both.

use super::frame::with;
use super::model::{Ask, Model};
use super::queue::Item;
use super::step::{Pair, SENT};
use super::*;
use crate::Refusal;
use crate::machine::arena::{Key, NONE};

impl Pair {
    pub(super) fn request(&mut self, taken: bool) {
        let ask = with(&mut self.subject, |subject| subject.take_in(1));
        let full = self.model.asks.len() >= MAX_REQUESTS;
        assert_eq!(ask.is_some(), !full && self.model.is_open());
        let Some(key) = ask else { return };
        self.model.stats.requests += 1;
        self.model.asks.push(Ask {
            key,
            taken: false,
            withdrawn: false,
            answered: false,
            declined: None,
            party: None,
        });
        if taken {
            self.take_request(self.model.asks.len() - 1);
        }
    }

    pub(super) fn take_request(&mut self, ask: usize) {
        if let Some(ask) = self.model.asks.get_mut(ask).filter(|ask| !ask.taken) {
            with(&mut self.subject, |subject| subject.ask_is_taken(ask.key));
            ask.taken = true;
        }
    }

    pub(super) fn withdraw(&mut self, ask: usize) {
        let Some(ask) = self.model.asks.get_mut(ask) else {
            return;
        };
        let woken = self.subject.count_woken();
        with(&mut self.subject, |subject| subject.withdraw(ask.key));
        let first = !std::mem::replace(&mut ask.withdrawn, true);
        assert_eq!(self.subject.count_woken(), woken + usize::from(first));
        if first {
            self.told.extend(ask.party);
            self.model.stats.withdrawn += 1;
        }
    }

    pub(super) fn watch(&mut self, ask: usize, waits: bool) {
        // A name that no slot has.
        let number = self.number() as u32;
        let party = waits.then_some(Key {
            index: NONE - 1,
            turn: number,
        });
        let Some(ask) = self.model.asks.get_mut(ask) else {
            return;
        };
        let state = with(&mut self.subject, |subject| subject.watch(ask.key, party));
        if ask.withdrawn {
            assert_eq!(state, AskState::Withdrawn);
        } else {
            assert_eq!(state, AskState::Wanted);
            ask.party = party.or(ask.party);
        }
    }

    pub(super) fn refuse(&mut self, said: bool) {
        let ask = self.number();
        let rest = with(&mut self.subject, |subject| {
            subject.refuse(ask, Refusal::Busy, said)
        });
        let full = self.model.refusals >= MAX_REFUSALS;
        self.model.stats.refused += 1;
        self.model.stats.refusals_dropped += u64::from(said && full);
        assert_eq!(rest.is_none(), said && !full);
        if rest.is_none() {
            self.model.queue.push(Item::Refuse(ask));
            self.model.refusals += 1;
        }
    }

    pub(super) fn reply(&mut self, ask: usize, kind: ReplyKind) {
        let Some(ask) = self.model.asks.get_mut(ask).filter(|ask| !ask.answered) else {
            return;
        };
        ask.answered = kind != ReplyKind::Part;
        let key = ask.key;
        let frame = (kind != ReplyKind::End).then_some(Frame(SENT));
        let begun = with(&mut self.subject, |subject| subject.reply(key, kind, frame));
        let send = begun.expect("it is open while a request is");
        self.sends(send, Some((key, kind)));
    }

    pub(super) fn drop_responder(&mut self, ask: usize) {
        let Some(ask) = self.model.asks.get_mut(ask) else {
            return;
        };
        let declines = with(&mut self.subject, |subject| subject.drop_responder(ask.key));
        assert_eq!(declines, !ask.answered);
        if declines {
            ask.answered = true;
            ask.declined = Some(match ask.withdrawn {
                true => Refusal::Cancelled,
                false => Refusal::Dropped,
            });
            self.model.stats.unanswered += 1;
            self.model.queue.push(Item::Decline(ask.key));
        }
    }

    pub(super) fn stray(&mut self, kind: Answer, ours: bool) {
        let borne = with(&mut self.subject, |subject| subject.count_stray(kind, ours));
        let Model { stats, budget, .. } = &mut self.model;
        let expected = match (kind, ours) {
            (Answer::Part, _) if budget.gave_up() => {
                stats.late_parts += 1;
                true
            }
            (_, true) => {
                stats.late += 1;
                budget.bears()
            }
            (_, false) => {
                stats.unknown += 1;
                budget.bears()
            }
        };
        assert_eq!(borne, expected);
    }
}

#[test]
fn where_no_refusal_may_wait_none_is_waited_for() {
    let limits = Limits {
        max_refusals: 0,
        ..Limits::default()
    };
    let mut machine = Machine::<u32, u64, u64>::new(limits, 0);
    assert!(machine.refuse(1, Refusal::Busy, true).is_some());
    assert!(!machine.refusals_wait());
}
