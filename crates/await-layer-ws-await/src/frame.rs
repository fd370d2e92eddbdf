//! What the layer sees: data on its way in or out.

use std::sync::Arc;

use bytes::Bytes;

use crate::{AwaitId, Data, Goodbye, Payload, ProcessedError, SendCause, SendOptions};

/// One message, at one stage of its way.
pub(crate) enum Frame {
    /// Out: not packed yet.
    Send(Box<Send>),
    /// Out: packed. `None` waits for the fragments that follow.
    Packed(Option<crate::Outgoing>),
    Close(Goodbye),
    /// In.
    Came(Came),
    /// In or out.
    Ping(Control),
    Pong(Control),
    /// Out: it could not be packed.
    Failed(SendCause),
}

pub(crate) struct Send {
    pub(crate) data: Data,
    pub(crate) options: SendOptions,
}

pub(crate) struct Came {
    pub(crate) data: Result<Data, ProcessedError>,
    pub(crate) id: Option<AwaitId>,
    /// What it takes of the limits.
    pub(crate) weight: usize,
}

pub(crate) struct Control {
    pub(crate) payload: Bytes,
    _shown: Option<Token>,
}

impl Control {
    pub(crate) fn new(payload: Bytes, shown: Option<Token>) -> Self {
        let _shown = shown;
        Self { payload, _shown }
    }
}

/// Lives as long as a ping or pong that waits to be taken. Their number is
/// that of the owners.
pub(crate) type Token = Arc<()>;

impl Frame {
    pub(crate) fn send(data: Data, options: SendOptions) -> Self {
        Self::Send(Box::new(Send { data, options }))
    }

    pub(crate) fn broken(error: ProcessedError) -> Self {
        let weight = error.payload().map_or(0, Payload::len);
        let data = Err(error);
        Self::Came(Came {
            data,
            id: None,
            weight,
        })
    }

    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Send(send) => send.data.weight(),
            Self::Packed(None) | Self::Failed(_) => 0,
            Self::Packed(Some(message)) => message.payload.len(),
            Self::Close(goodbye) => goodbye.reason().len(),
            Self::Came(came) => came.weight,
            Self::Ping(it) | Self::Pong(it) => it.payload.len(),
        }
    }
}
