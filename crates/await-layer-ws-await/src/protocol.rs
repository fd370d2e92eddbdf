//! The settings as a protocol of the layer.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use await_layer::{IdGenerator, Locate, Pack, Packer, Protocol, RandomText, Slot, Unpack};

use crate::AwaitId;
use crate::codec::Codec;
use crate::frame::Frame;
use crate::id::Recent;

pub(crate) struct Dynamic {
    pub(crate) codec: Codec,
    pub(crate) recent: Arc<Mutex<Recent>>,
}

impl Protocol for Dynamic {
    type Frame = Frame;
    type Packer = Whole;
    type Codec = Codec;
    type Ids = Ids;

    fn into_parts(self) -> (Whole, Codec, Ids) {
        let ids = Ids {
            random: RandomText::new(),
            recent: self.recent,
        };
        (Whole, self.codec, ids)
    }
}

/// Frames as they are: the codec packs, because only it knows the id.
#[derive(Debug)]
pub(crate) struct Whole;

/// A frame to be sent, once.
pub(crate) struct Once(Cell<Option<Frame>>);

impl Once {
    pub(crate) fn new(frame: Frame) -> Self {
        Self(Cell::new(Some(frame)))
    }
}

impl Packer for Whole {
    type Error = Infallible;
}

impl Pack<Frame, Once> for Whole {
    fn pack(&self, once: &Once) -> Result<Frame, Infallible> {
        Ok(once.0.take().unwrap_or(Frame::Packed(None)))
    }
}

impl Unpack<Frame, Frame> for Whole {
    fn unpack(&self, frame: Frame) -> Result<Frame, Infallible> {
        Ok(frame)
    }
}

/// Tagged random ids; those of the user's own generator are chosen per call.
pub(crate) struct Ids {
    random: RandomText,
    recent: Arc<Mutex<Recent>>,
}

impl IdGenerator for Ids {
    type Id = AwaitId;

    fn next(&mut self, slot: Slot) -> Option<AwaitId> {
        self.random.next(slot).map(AwaitId::from)
    }

    fn locate(&self, id: &AwaitId) -> Locate {
        let located = match id.as_text() {
            Some(text) => self.random.locate(text),
            None => Locate::Foreign,
        };
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        match located {
            // A second reply, say, under an id of the user's generator.
            Locate::Foreign if recent().knows(id) => Locate::Map,
            located => located,
        }
    }

    fn tagged(&self) -> bool {
        true
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
