//! [await-layer](await_layer) over WebSocket, with tokio-tungstenite: ask the
//! other end questions, and answer its own.
//!
//! Without further choice it speaks the JSON wire of the npm package ws-await
//! over TCP, and TLS with the feature `rustls-tls` or `native-tls`.
//!
//! ```
//! # use await_layer_tungstenite::{Config, Event, accept, connect};
//! # use futures::StreamExt;
//! # use serde_json::{Value, json};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}", listener.local_addr()?);
//! let server = async {
//!     let (stream, _) = listener.accept().await?;
//!     let (_, mut incoming) = accept(stream, Config::default()).await?.split();
//!     while let Some(event) = incoming.next().await {
//!         match event {
//!             Event::Message(frame) => println!("told {:?}", frame.as_text()),
//!             Event::Request(it) => it.responder.reply(&json!({ "is": 42 })).await?,
//!             _ => {}
//!         }
//!     }
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! };
//! let client = async {
//!     let layer = connect(url, Config::default()).await?;
//!     let reply: Value = layer.send_await(&json!({ "what": "is it?" })).await?;
//!     Ok(reply)
//! };
//! assert_eq!(tokio::try_join!(server, client)?.1, json!({ "is": 42 }));
//! # Ok(())
//! # }
//! ```
//!
//! | room | question it answers |
//! |---|---|
//! | [`connect`], [`accept`] | how do I get a connection? |
//! | [`Config`] | what may it hold, and what does it speak? |
//! | [`Frame`], [`Binary`] | what goes over it? |
//! | [`WebSocket`] | how does it fit the layer, and who answers pings? |
//! | [`close`] | how do I end it with a code? |
//! | [`WebSocketError`], [`HandshakeError`] | why did it end, or never begin? |
//!
//! `Config { keep_alive: Some(KeepAlive::default()), ..Config::default() }` pings
//! a peer that is silent and ends the connection if it stays so.
//!
//! A connection that must answer pings and see its end while nobody calls or
//! reads wants `tokio::spawn(handle.driver())`.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Nothing that a peer sends may end a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod accept;
mod connect;

pub use accept::{accept, accept_on};
pub use await_layer::KeepAlive;
pub use await_layer_websocket::{
    Binary, Capped, CappedCodec, Config, Frame, Goodbye, HandshakeError, InvalidClose,
    WebSocketError, close,
};
#[cfg(any(feature = "rustls-tls", feature = "native-tls"))]
pub use connect::connect_tls;
pub use connect::{connect, connect_on, layer};
pub use tokio_tungstenite::{self, WebSocketStream, tungstenite};

use await_layer::{AwaitLayer, TokioTimer, WsAwait};
use tokio::net::TcpStream;
use tokio_tungstenite::MaybeTlsStream;

// Aliases whose parameters default to ws-await over TCP or TLS, so that a
// struct can hold a `Handle` and have no parameters itself.

/// The transport: a WebSocket over a stream `T`.
pub type WebSocket<T> = await_layer_websocket::WebSocket<WebSocketStream<T>, TokioTimer>;
/// A connection, as [`connect()`] and [`accept()`] return it.
pub type Layer<T = MaybeTlsStream<TcpStream>, P = WsAwait<Frame>> =
    AwaitLayer<WebSocket<T>, Capped<P>, TokioTimer>;
/// Names the kind of connection.
pub type Link<T = MaybeTlsStream<TcpStream>, P = WsAwait<Frame>> =
    await_layer::Link<WebSocket<T>, Capped<P>, TokioTimer>;
/// To call and send with.
pub type Handle<L = Link> = await_layer::Handle<L>;
/// A call whose reply is an `R`.
pub type Call<R, L = Link> = await_layer::Call<L, R>;
/// What the peer starts.
pub type Incoming<L = Link> = await_layer::Incoming<L>;
/// A message or a request of the peer's.
pub type Event<L = Link> = await_layer::Event<L>;
/// A request of the peer's.
pub type Request<L = Link> = await_layer::Request<L>;
/// The right to answer a request.
pub type Responder<L = Link> = await_layer::Responder<L>;

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
