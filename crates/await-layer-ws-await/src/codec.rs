//! Ids on data and off, and data to messages, as the settings say.

use std::fmt;
use std::sync::Arc;

use await_layer::{AwaitIdCodec, Head, Peek, SealError};

use crate::fragments::Fragments;
use crate::frame::{Came, Frame, Send};
use crate::hooks::guarded;
use crate::validate::Live;
use crate::{AwaitId, Data, Payload, SendCause};

/// Of pings and pongs, whatever the configuration.
const MAX_CONTROL: usize = 125;

pub(crate) struct Codec {
    live: Arc<Live>,
    fragments: Fragments,
}

impl Codec {
    pub(crate) fn new(live: Arc<Live>, max_message: usize) -> Self {
        let fragments = Fragments::new(max_message);
        Self { live, fragments }
    }

    /// The packed message; `None` while fragments are to follow.
    fn pack(&mut self, send: Send, id: Option<&AwaitId>) -> Result<Frame, SendCause> {
        let Send { data, options } = send;
        let settings = self.live.get();
        let attach = |data: Data| match id {
            Some(id) => guarded("attach_await_id", || settings.attach_await_id(data, id)),
            None => Ok(data),
        };
        let packed = attach(data)
            .and_then(|data| guarded("pack_message", || settings.pack_message(data)))
            .map_err(|error| SendCause::Hook(error.into()))?;
        let payload = match (packed, options.binary) {
            (Payload::Text(text), Some(true)) => Payload::Binary(text.into()),
            (Payload::Binary(bytes), Some(false)) => match String::from_utf8(bytes.into()) {
                Ok(text) => Payload::Text(text),
                Err(_) => return Err(SendCause::NotText),
            },
            (payload, _) => payload,
        };
        self.fragments.add(payload, options).map(Frame::Packed)
    }
}

/// Prints no payload.
impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").finish_non_exhaustive()
    }
}

impl AwaitIdCodec<Frame> for Codec {
    type Id = AwaitId;
    type Ask = AwaitId;

    fn peek(&mut self, frame: &Frame) -> Peek<AwaitId, AwaitId> {
        match frame {
            Frame::Came(Came { id: Some(id), .. }) => Peek::Either(id.clone(), id.clone()),
            _ => Peek::Other,
        }
    }

    fn seal(
        &mut self,
        frame: &mut Frame,
        head: Head<'_, AwaitId, AwaitId>,
    ) -> Result<(), SealError> {
        let id = match head {
            Head::Request(id) | Head::Reply(id) | Head::Part(id) => Some(id),
            Head::Plain => None,
        };
        // What cannot be packed goes back to its sender with the cause in it.
        let sealed = match std::mem::replace(frame, Frame::Packed(None)) {
            Frame::Send(send) => self.pack(*send, id),
            Frame::Ping(it) | Frame::Pong(it) if it.payload.len() > MAX_CONTROL => {
                let (bytes, max) = (it.payload.len(), MAX_CONTROL);
                Err(SendCause::TooLarge { bytes, max })
            }
            other => Ok(other),
        };
        let (after, result) = match sealed {
            Ok(sealed) => (sealed, Ok(())),
            Err(cause) => (
                Frame::Failed(cause),
                Err(SealError::new("it cannot be packed")),
            ),
        };
        *frame = after;
        result
    }

    /// This wire has no refusal.
    fn refuses(&self) -> bool {
        false
    }

    fn size(frame: &Frame) -> usize {
        frame.weight()
    }
}
