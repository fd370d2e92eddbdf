//! Permits of `max_in_flight` that are taken before there is a call.
//!
//! A reservation waits in the line in which calls wait, so that neither
//! overtakes the other, and holds its permit in a slot of its own until a call
//! takes it over or it is given back. Whoever holds a slot is its only occupant,
//! so its index names it.

use super::arena::Key;
use super::calls::Begun;
use super::slot::{Queued, Slot, What};
use super::{BeginError, Machine, NewCall};

/// How far a reservation has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// Stands in the line.
    Waiting,
    /// Has its permit.
    Held,
    /// Nothing new may start: it left the line without one.
    Refused,
}

impl<F, I, A> Machine<F, I, A> {
    /// Takes a permit, or a place in the line for one.
    pub(crate) fn reserve(&mut self) -> Result<Key, BeginError> {
        self.admits()?;
        let permitted = self.has_permit();
        let reserved = match permitted {
            true => Reserved::Held,
            false => Reserved::Waiting,
        };
        let slot = Slot::new(None, What::Permit(reserved));
        let key = self.slots.insert(slot).map_err(|_| BeginError::Full)?;
        if permitted {
            self.permits += 1;
        } else {
            let permits = &mut self.outgoing.permits;
            permits.push_back(&mut Queued(&mut self.slots), key.index);
        }
        Ok(key)
    }

    /// Whether the permit is there, or why it will not come.
    pub(crate) fn reserved(&self, key: Key) -> Option<Result<(), BeginError>> {
        if let Err(error) = self.admits() {
            return Some(Err(error));
        }
        match self.slots.get(key)?.what {
            What::Permit(Reserved::Held) => Some(Ok(())),
            _ => None,
        }
    }

    /// Gives the permit back, or the place in the line.
    pub(crate) fn unreserve(&mut self, index: u32) {
        self.end_reservation(index);
        self.promote();
    }

    /// As [`begin`](Self::begin), with the permit that is held at `index`.
    pub(crate) fn begin_reserved(
        &mut self,
        new: NewCall<F, I>,
        index: u32,
    ) -> Result<Begun, (BeginError, NewCall<F, I>)> {
        self.end_reservation(index);
        if let Err(error) = self.admits() {
            // Calls that stand in the line may still finish.
            self.promote();
            return Err((error, new));
        }
        // Nobody has been let in since it was given up.
        self.register(new, true)
    }

    /// Nothing new may start: those that stand in the line are told.
    pub(super) fn refuse_reservations(&mut self) {
        let mut place = self.outgoing.permits.back();
        while let Some(index) = place {
            let permits = &self.outgoing.permits;
            place = permits.before(&mut Queued(&mut self.slots), index);
            let waits = self.slots.at_mut(index).map(|slot| &mut slot.what);
            if let Some(What::Permit(reserved @ Reserved::Waiting)) = waits {
                *reserved = Reserved::Refused;
                let permits = &mut self.outgoing.permits;
                permits.remove(&mut Queued(&mut self.slots), index);
                self.woken.extend(self.slots.key_at(index));
            }
        }
    }

    fn end_reservation(&mut self, index: u32) {
        let Some(key) = self.slots.key_at(index) else {
            return;
        };
        match self.slots.get(key).map(|slot| &slot.what) {
            Some(What::Permit(Reserved::Waiting)) => {
                let permits = &mut self.outgoing.permits;
                permits.remove(&mut Queued(&mut self.slots), index);
            }
            Some(What::Permit(Reserved::Held)) => self.permits -= 1,
            Some(What::Permit(Reserved::Refused)) => {}
            _ => return,
        }
        self.slots.clear(key);
    }
}
