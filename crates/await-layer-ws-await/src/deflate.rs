//! The transport that compresses: await-layer-deflate's.

use await_layer::TokioTimer;
use await_layer_deflate::{Frame, Role, SendOptions, WebSocket};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::compat::Compat;

use crate::wire::received;
use crate::{
    Capabilities, Config, Events, Outgoing, Payload, Received, ValidationError, WebSocketAwait,
    WireFrame,
};

impl WebSocketAwait {
    pub(crate) fn over_deflate<T>(
        websocket: WebSocket<Compat<T>>,
        config: Config,
    ) -> Result<(Self, Events), ValidationError>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let capabilities = Capabilities {
            transport: "await-layer-deflate",
            compress: websocket.agreed().is_some(),
            masks: websocket.role() == Role::Client,
            fragments: true,
        };
        let websocket = websocket.kept_alive(config.keep_alive, TokioTimer::new());
        Self::over(websocket.with_pings(), capabilities, config)
    }
}

/// With compression, if both ends agreed on it.
impl WireFrame for Frame {
    fn message(message: Outgoing, write: &mut dyn FnMut(Self)) {
        let mut left = message.rest.len();
        let is_whole = left == 0;
        for payload in std::iter::once(message.payload).chain(message.rest) {
            let options = SendOptions {
                compress: message.options.compress,
                fin: (!is_whole).then_some(left == 0),
                ..SendOptions::default()
            };
            let frame = match payload {
                Payload::Text(text) => Self::text(text),
                Payload::Binary(bytes) => Self::binary(bytes),
            };
            write(frame.with_options(options));
            left = left.saturating_sub(1);
        }
    }

    fn ping(payload: Bytes) -> Self {
        Self::ping(payload)
    }

    fn pong(payload: Bytes) -> Self {
        Self::pong(payload)
    }

    fn received(self) -> Option<Received> {
        received(self.into_message())
    }
}
