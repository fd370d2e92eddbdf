//! What can be seen of both, compared.

use super::model::{Call, MAX_OUTBOUND, MAX_OUTBOUND_BYTES, MAX_REFUSALS, Stage};
use super::queue::Item;
use super::reserving::Stage as Reserved;
use super::step::Pair;
use crate::Stats;
use crate::machine::arena::Key;

impl Pair {
    /// Those that have nothing to take yet.
    pub(super) fn waiting(&self) -> Vec<Key> {
        let calls = self.model.calls.iter().filter(|call| call.waits());
        let sends = self
            .model
            .sends
            .iter()
            .filter(|send| !send.left && !send.is_done() && send.stage != Stage::Gone);
        let reservations = self.model.reservations.iter();
        let reservations = reservations.filter(|one| one.stage == Reserved::Waiting);
        let calls = calls.map(|call| call.key);
        let sends = sends.map(|send| send.key);
        let reservations = reservations.map(|one| one.key);
        calls.chain(sends).chain(reservations).collect()
    }

    /// Gone of its own accord.
    pub(super) fn went(&self, key: Key) -> bool {
        let call = self.model.calls.iter().find(|call| call.key == key);
        let send = self.model.sends.iter().find(|send| send.key == key);
        let mut reservations = self.model.reservations.iter();
        let known = call.is_some() || send.is_some() || reservations.any(|one| one.key == key);
        !known
            || call.is_some_and(|call| call.caller.is_none())
            || send.is_some_and(|send| send.left || send.stage == Stage::Gone)
    }

    /// What was there before keeps its order, and what is new comes behind it;
    /// what comes of one operation comes in any order.
    pub(super) fn same_queue(&mut self, seen: &[Item], came_before: impl Fn(&Item) -> bool) {
        let queue = &mut self.model.queue;
        let old = queue.iter().take_while(|item| came_before(item)).count();
        assert_eq!(seen.len(), queue.len());
        assert_eq!(seen[..old], queue[..old]);
        let (mut new, mut expected) = (seen[old..].to_vec(), queue[old..].to_vec());
        new.sort();
        expected.sort();
        assert_eq!(new, expected);
        seen.clone_into(queue);
    }

    pub(super) fn counts(&mut self) {
        let Self { subject, model, .. } = self;
        let done = |call: &Call| matches!(call.caller, Some(Some(_)));
        assert_eq!(subject.in_flight(), model.count(Call::waits));
        assert_eq!(subject.untaken, model.count(done));
        assert_eq!(subject.permits, model.count(Call::permitted) + model.held());
        assert_eq!(subject.retired, model.count(Call::retired));
        assert_eq!(subject.asks.len(), model.asks.len());
        let taken = model.asks.iter().filter(|ask| ask.taken).count();
        assert_eq!(subject.asks_taken, taken);
        let stats = Stats {
            written: model.written,
            ..model.stats
        };
        assert_eq!(subject.stats, stats);
        assert_eq!(
            (subject.written, subject.flushed),
            (model.written, model.flushed)
        );
        let drained_by = model.draining.filter(|_| model.drains());
        let deadline = model.next_deadline().into_iter().chain(drained_by).min();
        assert_eq!(subject.next_deadline(), deadline);
        assert_eq!(subject.is_closing(), !model.is_open());
        assert_eq!(subject.is_draining(), model.drains());
        assert_eq!(subject.close_reason().is_some(), model.closed);
        let overdue = drained_by.is_some_and(|at| at <= model.now);
        assert_eq!(subject.drain_is_overdue(model.now), overdue);
        let idle = model.count(Call::waits) == 0 && taken == 0 && model.queue.is_empty();
        assert_eq!(subject.is_drained(), model.drains() && idle);
        let sends = model.sends.iter().filter(|send| send.stage != Stage::Gone);
        let own =
            |item: &&Item| matches!(item, Item::Loose(_) | Item::Decline(_) | Item::Refuse(_));
        let slots = model.count(Call::lives)
            + model.reservations.len()
            + sends.count()
            + model.queue.iter().filter(own).count();
        assert_eq!(subject.slots.len(), slots);
        if !model.closed {
            assert_eq!(subject.refusals_wait(), model.refusals >= MAX_REFUSALS);
            let bytes = model
                .loose
                .iter()
                .map(|(_, size)| size + 128)
                .sum::<usize>();
            assert_eq!(
                subject.outgoing.waiting(),
                (model.loose.len(), bytes, model.refusals)
            );
            let room = model.loose.len() < MAX_OUTBOUND && bytes < MAX_OUTBOUND_BYTES;
            assert_eq!(subject.has_room(), room || model.loose.is_empty());
            let flushed = model.loose.is_empty() && model.written == model.flushed;
            assert_eq!(subject.is_flushed(), flushed);
        }
    }
}
