//! [await-layer](await_layer) on axum: WebSocket servers that ask their
//! clients, browsers among them, and answer what they ask.
//!
//! Without further choice it speaks the JSON wire of the npm package ws-await,
//! lets only pages of its own origin connect, and holds no more than its limits
//! say.
//!
//! ```
//! # use await_layer::serve;
//! # use await_layer_axum::{Sockets, Upgrade};
//! # use axum::{Router, response::Response, routing::any};
//! # use serde_json::{Value, json};
//! # use std::convert::Infallible;
//! async fn socket(upgrade: Upgrade) -> Response {
//!     upgrade.on_upgrade(|layer| async move {
//!         let (_handle, incoming) = layer.split();
//!         serve(incoming, 16, async |question: Value| {
//!             Ok::<_, Infallible>(json!({ "echo": question }))
//!         })
//!         .await;
//!     })
//! }
//!
//! # async fn example(listener: tokio::net::TcpListener) -> std::io::Result<()> {
//! # async fn told_to_stop() {}
//! let sockets = Sockets::default();
//! let app = Router::new()
//!     .route("/socket", any(socket))
//!     .with_state(sockets.clone());
//! let stop = async move {
//!     told_to_stop().await;
//!     sockets.shutdown().await;
//! };
//! axum::serve(listener, app).with_graceful_shutdown(stop).await
//! # }
//! ```
//!
//! | room | question it answers |
//! |---|---|
//! | [`Upgrade`] | how do I get a connection? |
//! | [`Sockets`] | which are open, and how do they end with the server? |
//! | [`Config`] | what may it hold, and what does it speak? |
//! | [`Origins`], [`Origin`] | which web pages may connect? |
//! | [`Frame`], [`Binary`] | what goes over it? |
//! | [`WebSocket`] | how does it fit the layer, and who answers pings? |
//! | [`close`] | how do I end it with a code? |
//! | [`Rejection`], [`WebSocketError`] | why did it never begin, or end? |
//!
//! axum leaves Nagle's algorithm on, which may hold up a small message until
//! the last one is acknowledged: serve
//! `listener.tap_io(|tcp| { let _ = tcp.set_nodelay(true); })`
//! (`axum::serve::ListenerExt`).
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

mod attend;
mod config;
mod origin;
mod origins;
mod rejection;
mod socket;
mod sockets;
mod upgrade;

pub use await_layer::KeepAlive;
pub use await_layer_websocket::{
    Binary, Capped, CappedCodec, Frame, Goodbye, InvalidClose, WebSocketError, close, tungstenite,
};
pub use axum;
pub use config::{Config, ConfigError};
pub use origin::{InvalidOrigin, Origin};
pub use origins::{ForbiddenOrigin, Origins};
pub use rejection::Rejection;
pub use socket::{Socket, SocketError};
pub use sockets::Sockets;
pub use upgrade::Upgrade;

use await_layer::{AwaitLayer, TokioTimer, WsAwait};

// Aliases whose parameters default to ws-await, so that a struct can hold a
// `Handle` and have no parameters itself.

/// The transport: axum's socket as the layer needs it.
pub type WebSocket = await_layer_websocket::WebSocket<Socket, TokioTimer>;
/// A connection, as [`Upgrade::on_upgrade`] hands it out.
pub type Layer<P = WsAwait<Frame>> = AwaitLayer<WebSocket, Capped<P>, TokioTimer>;
/// Names the kind of connection.
pub type Link<P = WsAwait<Frame>> = await_layer::Link<WebSocket, Capped<P>, TokioTimer>;
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

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
