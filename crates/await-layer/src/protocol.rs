//! One name for everything that a wire needs.

use crate::{AwaitIdCodec, IdGenerator, Packer};

/// A frame, a packer, a codec and an id generator that belong together: what
/// the author of a protocol writes and its user picks.
pub trait Protocol {
    /// What the transport carries.
    type Frame;
    /// User values to frames and back.
    type Packer: Packer;
    /// Ids on frames and off.
    type Codec: AwaitIdCodec<Self::Frame>;
    /// Ids for our calls.
    type Ids: IdGenerator<Id = <Self::Codec as AwaitIdCodec<Self::Frame>>::Id>;

    /// Hands out the three parts. Called once per connection.
    fn into_parts(self) -> (Self::Packer, Self::Codec, Self::Ids);
}
