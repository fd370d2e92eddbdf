//! The bytes at the other end of a connection.

use await_layer_tungstenite::tokio_tungstenite::{accept_async, client_async};
use await_layer_ws_await::{Config, Events, WebSocketAwait, WebSocketAwaitServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::join;

/// One end of ours; the bytes of the other.
pub(crate) struct Raw {
    pub(crate) socket: WebSocketAwait,
    pub(crate) events: Events,
    pub(crate) wire: DuplexStream,
}

/// One WebSocket frame as it was on the wire, without its mask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) first: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

pub(crate) async fn client(config: impl Into<Config>) -> Raw {
    let (near, far) = tokio::io::duplex(1 << 20);
    let (ours, theirs) = join!(
        WebSocketAwait::connect_on(near, "ws://localhost/", config),
        accept_async(far),
    );
    let (socket, events) = ours.unwrap();
    let wire = theirs.unwrap().into_inner();
    Raw {
        socket,
        events,
        wire,
    }
}

pub(crate) async fn server(config: impl Into<Config>) -> Raw {
    let acceptor = WebSocketAwaitServer::bind("127.0.0.1:0", config)
        .await
        .unwrap();
    let (near, far) = tokio::io::duplex(1 << 20);
    let (ours, theirs) = join!(
        acceptor.accept_on(near),
        client_async("ws://localhost/", far),
    );
    let (socket, events) = ours.unwrap();
    let wire = theirs.unwrap().0.into_inner();
    Raw {
        socket,
        events,
        wire,
    }
}

impl Raw {
    /// The next frame; all those of these tests are short.
    pub(crate) async fn see(&mut self) -> Seen {
        let first = self.wire.read_u8().await.unwrap();
        let second = self.wire.read_u8().await.unwrap();
        let masked = second & 0x80 != 0;
        let length = second & 0x7F;
        assert!(length < 126, "a short frame");
        let mut mask = [0; 4];
        if masked {
            self.wire.read_exact(&mut mask).await.unwrap();
        }
        let mut payload = vec![0; length.into()];
        self.wire.read_exact(&mut payload).await.unwrap();
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Seen {
            first,
            masked,
            payload,
        }
    }

    /// Says it as a server does.
    pub(crate) async fn say(&mut self, first: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        assert!(length < 126, "a short frame");
        let bytes = [&[first, length], payload].concat();
        self.wire.write_all(&bytes).await.unwrap();
    }
}
