//! One end of each adapter over a pipe in memory, whose other end is bytes.

use std::future::pending;
use std::io;

use await_layer::{AwaitLayer, Json, JsonFrame, Protocol, Timer, TokioTimer, Transport, WsAwait};
use await_layer_async_std as smol;
use await_layer_axum::{Sockets, Upgrade};
use await_layer_tokio::{Config, ContentLength, LengthDelimited, Lines};
use await_layer_tungstenite::WebSocketStream;
use await_layer_tungstenite::tungstenite::protocol::Role;
use axum::Router;
use axum::routing::any;
use axum::serve::Listener;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio_util::compat::TokioAsyncReadCompatExt;

/// How the peer writes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Length,
    Line,
    Headers,
    /// As a WebSocket's server does.
    Bare,
    /// As its client does, under a mask of zeros.
    Masked,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) name: &'static str,
    pub(crate) wire: Wire,
    /// The setting that limits what the peer sends.
    pub(crate) limit: &'static str,
    /// What it may hold that is not written yet.
    pub(crate) unwritten: usize,
}

/// What is done with each end.
pub(crate) trait Visit {
    async fn visit<S, P, T>(&mut self, end: End, layer: AwaitLayer<S, P, T>, peer: DuplexStream)
    where
        S: Transport<P::Frame>,
        P: Protocol<Frame: JsonFrame, Packer = Json>,
        T: Timer;
}

impl Wire {
    pub(crate) fn message(self, body: &[u8]) -> Vec<u8> {
        let mut wire = self.declared(body.len() as u64);
        wire.extend_from_slice(body);
        if self == Self::Line {
            wire.push(b'\n');
        }
        wire
    }

    /// What comes before so many bytes.
    pub(crate) fn declared(self, bytes: u64) -> Vec<u8> {
        match self {
            // As much as four bytes hold.
            Self::Length => u32::try_from(bytes)
                .unwrap_or(u32::MAX)
                .to_be_bytes()
                .to_vec(),
            Self::Line => Vec::new(),
            Self::Headers => format!("Content-Length: {bytes}\r\n\r\n").into_bytes(),
            // One as text, one as binary.
            Self::Bare => [&[0x81, 127][..], &bytes.to_be_bytes()].concat(),
            Self::Masked => [&[0x82, 255][..], &bytes.to_be_bytes(), &[0; 4]].concat(),
        }
    }

    /// A ping, on a WebSocket.
    pub(crate) fn ping(self, payload: &[u8]) -> Option<Vec<u8>> {
        let length = u8::try_from(payload.len()).ok()?;
        match self {
            Self::Bare => Some([&[0x89, length], payload].concat()),
            Self::Masked => Some([&[0x89, 0x80 | length, 0, 0, 0, 0], payload].concat()),
            _ => None,
        }
    }
}

/// Bytes that framed streams gather: 64 KiB and the frame that passes them.
const GATHERED: usize = 64 << 10;

/// Visits every adapter: pipes hold `pipe` bytes, messages have at most `max`.
pub(crate) async fn each(visitor: &mut impl Visit, pipe: usize, max: usize) {
    let end = |name, wire, limit| End {
        name,
        wire,
        limit,
        unwritten: GATHERED,
    };

    let (here, there) = duplex(pipe);
    let config = Config::new(LengthDelimited::new().max_frame(max), WsAwait::new());
    let it = end("tokio, lengths", Wire::Length, "max_frame");
    visitor
        .visit(it, await_layer_tokio::layer(here, config.clone()), there)
        .await;
    let (here, there) = duplex(pipe);
    let it = end("futures-io, lengths", Wire::Length, "max_frame");
    visitor
        .visit(it, smol::layer(here.compat(), config), there)
        .await;

    let (here, there) = duplex(pipe);
    let config = Config::new(Lines::new().max_line(max), WsAwait::new());
    let it = end("tokio, lines", Wire::Line, "max_line");
    visitor
        .visit(it, await_layer_tokio::layer(here, config), there)
        .await;

    let (here, there) = duplex(pipe);
    let config = Config::new(ContentLength::new().max_content(max), WsAwait::new());
    let it = end("tokio, headers", Wire::Headers, "max_content");
    visitor
        .visit(it, await_layer_tokio::layer(here, config), there)
        .await;

    websockets(visitor, pipe, max).await;
}

async fn websockets(visitor: &mut impl Visit, pipe: usize, max: usize) {
    let config = await_layer_tungstenite::Config {
        max_message: max,
        max_frame: max,
        ..Default::default()
    };
    let unwritten = config.max_write_buffer;
    let end = |name, wire| End {
        name,
        wire,
        limit: "max_message",
        unwritten,
    };
    let limits = Some(config.websocket().expect("it works"));

    let (here, there) = duplex(pipe);
    let socket = WebSocketStream::from_raw_socket(here, Role::Client, limits).await;
    let layer = await_layer_tungstenite::layer(socket, config.clone());
    visitor
        .visit(end("tungstenite", Wire::Bare), layer, there)
        .await;

    let (here, there) = duplex(pipe);
    let socket =
        smol::websocket::WebSocketStream::from_raw_socket(here.compat(), Role::Client, limits);
    let layer = smol::websocket::layer(socket.await, config);
    visitor
        .visit(end("async-tungstenite", Wire::Bare), layer, there)
        .await;

    let (here, there) = duplex(pipe);
    let config = await_layer_deflate::Config {
        max_message: max,
        ..Default::default()
    };
    let role = await_layer_deflate::Role::Client;
    let socket =
        await_layer_deflate::WebSocket::new(here.compat(), role, None, BytesMut::new(), &config);
    let layer = await_layer_deflate::layer(socket, config, TokioTimer::new());
    let it = End {
        unwritten: GATHERED,
        ..end("deflate", Wire::Bare)
    };
    visitor.visit(it, layer, there).await;

    let (layer, there) = axum(pipe, max).await;
    visitor.visit(end("axum", Wire::Masked), layer, there).await;
}

/// A server of axum's own that listens on a pipe.
async fn axum(pipe: usize, max: usize) -> (await_layer_axum::Layer, DuplexStream) {
    let config = await_layer_axum::Config {
        max_message: max,
        max_frame: max,
        ..Default::default()
    };
    let (here, mut there) = duplex(pipe);
    let (sender, mut layers) = mpsc::unbounded_channel();
    let handler = async move |upgrade: Upgrade| {
        upgrade.on_upgrade(|layer| async move {
            let handle = layer.handle();
            sender.send(layer).expect("it is awaited");
            handle.closed().await;
        })
    };
    let sockets = Sockets::new(config).expect("it works");
    let app = Router::new().route("/", any(handler)).with_state(sockets);
    tokio::spawn(async move { axum::serve(Once(Some(here)), app).await });
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    there.write_all(request.as_bytes()).await.expect("it reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(there.read_u8().await.expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "no socket");
    (layers.recv().await.expect("a layer"), there)
}

/// One connection, and no other.
struct Once(Option<DuplexStream>);

impl Listener for Once {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.take() {
            Some(io) => (io, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}
