//! Where the ids of our calls come from.

/// The place a call occupies, handed to the generator so that the id can
/// carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Dense: below the number of calls in flight plus retired ids.
    pub index: u32,
    /// Changes whenever the index is used again, and on each retry.
    pub turn: u32,
}

/// What an id tells about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locate {
    /// The id carries this slot index.
    Slot(u32),
    /// The id carries no slot: look it up.
    Map,
    /// This generator never made the id.
    Foreign,
}

/// Makes the ids of calls that start here.
///
/// An id is made just before its frame is written. It must not be live; if it
/// is, the layer asks again with another `turn`, a few times, and then fails
/// that one call. Nothing is ever overwritten.
pub trait IdGenerator {
    /// The same type as the codec's [`Id`](crate::AwaitIdCodec::Id).
    type Id;

    /// The id for the call at `slot`, or `None` when there is none to give.
    fn next(&mut self, slot: Slot) -> Option<Self::Id>;

    /// Reads the slot back out of an id that came from the wire.
    fn locate(&self, id: &Self::Id) -> Locate {
        let _ = id;
        Locate::Map
    }

    /// Whether an id that is not [`Locate::Foreign`] was surely made here.
    /// Wires without a request/reply mark need it ([`Peek::Either`](crate::Peek::Either)).
    fn tagged(&self) -> bool {
        false
    }

    /// Whether the ids are so few that one may come round again while its old
    /// reply is still under way. Then the id of a call that timed out or was
    /// cancelled stays retired until that reply comes or a quarantine ends.
    fn narrow(&self) -> bool {
        false
    }
}
