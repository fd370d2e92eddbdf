//! The npm package ws-await in Rust: a WebSocket client and server with
//! `send_await`, JSON first, under the names that its users know.
//!
//! It speaks the original's wire, so either end may be the original. It is a
//! facade on [await-layer](await_layer), dynamic where that is typed: whoever
//! starts afresh in Rust may like `await-layer-tungstenite` or
//! `await-layer-axum` better.
//!
//! ```
//! use await_layer_ws_await::{Event, Settings, WebSocketAwait, WebSocketAwaitServer};
//! # use futures::StreamExt;
//! # use serde_json::json;
//! # use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = WebSocketAwaitServer::bind("127.0.0.1:0", Settings::new()).await?;
//! let url = format!("ws://{}", server.local_addr()?);
//! tokio::spawn(async move {
//!     loop {
//!         let Ok((socket, mut events)) = server.accept().await else {
//!             // Out of files, say: it may pass.
//!             tokio::time::sleep(Duration::from_millis(100)).await;
//!             continue;
//!         };
//!         tokio::spawn(async move {
//!             while let Some(event) = events.next().await {
//!                 if let Event::MessageAwait(data, ask) = event {
//!                     let answer = json!({ "bar": data["foo"] });
//!                     drop(socket.res_await(answer, ask).await);
//!                 }
//!             }
//!         });
//!     }
//! });
//!
//! let (socket, _events) = WebSocketAwait::connect(&url, Settings::new()).await?;
//! let reply = socket.send_await(json!({ "foo": 1 })).await?;
//! assert_eq!(reply, json!({ "bar": 1 }));
//! socket.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # The original's names
//!
//! Defects of the original are carried over nowhere; where that shows, the
//! third column says how and why.
//!
//! | the original's | ours | different on purpose |
//! |---|---|---|
//! | `new WebSocketAwait(url, options)` | [`WebSocketAwait::connect`] | Checked before anything is dialled; the original dials first and throws later. The future is ready when the socket is open, so nothing is sent in the state CONNECTING. |
//! | `WebSocketAwait.Server`, `connection` | [`WebSocketAwaitServer::bind`], [`accept`](WebSocketAwaitServer::accept) | Its settings are checked; the original's wrong ones throw at the first connection and end the process. A slow handshake holds up nobody, unless there are 64. |
//! | `setSettings(options)` | [`set_settings`](WebSocketAwait::set_settings) of a [`Settings`] | All or nothing, for sockets and for the server's later ones. Every wrong field is named; there it is the wrong value. |
//! | `awaitTimeout` | [`with_await_timeout`](Settings::with_await_timeout) | A [`Duration`](std::time::Duration), not seconds (0.x) or milliseconds (3.x). Zero and more than 2^31 - 1 ms are refused, because there they fire at once; `Duration::MAX` is for ever. |
//! | `nameAwaitId` | [`with_name_await_id`](Settings::with_name_await_id) | Not empty. Replies lose this field too; there they lose `awaitId` whatever the name. |
//! | `leaveAwaitId` | [`with_leave_await_id`](Settings::with_leave_await_id) | |
//! | `validateOptions(options)` | [`validate`](Settings::validate) | It looks at all of them; there it stops at the first `null`. |
//! | `packMessage`, `null` | [`with_pack_message`](Settings::with_pack_message), [`without_pack_message`](Settings::without_pack_message) | Raw data ([`Data::Text`], [`Data::Binary`]) is never packed, whatever the setting. |
//! | `unpackMessage`, `null` | [`with_unpack_message`](Settings::with_unpack_message), [`without_unpack_message`](Settings::without_unpack_message) | Not all that JavaScript reads: 128 levels and more, and strings cut within a surrogate pair, are an [`Event::Error`]. |
//! | `generateAwaitId` | [`with_generate_await_id`](Settings::with_generate_await_id) | The usual ids bear a random tag of the connection: a reply is never taken for a request, nor a request for a reply. An id in use is refused; there the two calls ruin each other. Falsy ids are refused; there they time out. |
//! | `attachAwaitId` | [`with_attach_await_id`](Settings::with_attach_await_id) | Data with the field already, arrays, strings, numbers are refused; there the field replaces the id, and the others are destroyed. It is tried with `extractAwaitId`. |
//! | `extractAwaitId`, `null` | [`with_extract_await_id`](Settings::with_extract_await_id), [`without_extract_await_id`](Settings::without_extract_await_id) | |
//! | `deleteAwaitId` | [`with_delete_await_id`](Settings::with_delete_await_id) | Never off: [`leave_await_id`](Settings::with_leave_await_id) is what that would be. |
//! | `setAwaitTimeout(ms)` | [`set_await_timeout`](WebSocketAwait::set_await_timeout) of socket and server | |
//! | `send(data, options)` | [`send`](WebSocketAwait::send), [`send_with`](WebSocketAwait::send_with) | Ready once written out, as its callback was. No callback: there it is dropped silently. |
//! | `sendAwait(data, options)` | [`send_await`](WebSocketAwait::send_await), [`send_await_with`](WebSocketAwait::send_await_with) | Dropping the future cancels. |
//! | `resAwait(data, id, options)` | [`res_await`](WebSocketAwait::res_await), [`res_await_with`](WebSocketAwait::res_await_with) | Takes the [`Ask`] of the request instead of any id: one answer for each, never without an id, never to nobody. |
//! | `compress`, `binary`, `mask`, `fin` | [`SendOptions`] | What the transport cannot do is an error that names both, or counted if [`you say so`](Settings::with_ignore_unsupported); there it is ignored. Fragments leave together; there other messages get in between. |
//! | `perMessageDeflate` | [`Config::deflate`] | Off unless both ends ask for it; there a client offers it always. |
//! | a ping of your own by `setInterval` | [`Config::keep_alive`] | Off, as there, unless you ask for it. What goes out is no sign of the peer's life. |
//! | `awaitListSize` | [`await_list_size`](WebSocketAwait::await_list_size) | Bounded, as all that a peer can make us hold: see [`Limits`]. Calls beyond it wait. |
//! | `open` | [`Event::Open`] | |
//! | `message` | [`Event::Message`] | |
//! | `messageAwait` | [`Event::MessageAwait`] | Late, second and forged replies are counted ([`stats`](WebSocketAwait::stats)) and no event; there they are requests, and two ends that answer everything play ping-pong for ever. A listener's failure is its own. |
//! | `error` | [`Event::Error`] | Only what cannot be processed. Nobody has to listen; there the process ends. A network's failure is the reason in `Close`. |
//! | `close` | [`Event::Close`], [`closed`](WebSocketAwait::closed) | After the calls have failed; there before it. The code is the peer's: there is none if this end closed. |
//! | `ping`, `pong` | [`Event::Ping`], [`Event::Pong`], [`ping`](WebSocketAwait::ping), [`pong`](WebSocketAwait::pong) | Of many that nobody takes, 16 are kept. |
//! | `close(code, reason)` | [`close`](WebSocketAwait::close), [`close_with`](WebSocketAwait::close_with) | Calls in flight may finish, within a limit. |
//! | `terminate()` | dropping the socket and its [`Events`] | |
//! | `WebSocketAwaitValidationError` | [`ValidationError`] | |
//! | `WebSocketAwaitSendError` | [`SendError`], [`AwaitError::Send`] | Plain `send` fails with it too; there with an error of ws. |
//! | `WebSocketAwaitTimeoutAwaitError` | [`TimeoutError`] | [`sent`](AwaitError::sent) says how far the request got. |
//! | `WebSocketAwaitConnectionCloseError` | [`ConnectionCloseError`] | With code and reason. Only for requests that may have been sent; the others fail with [`SendError`]. |
//! | `WebSocketAwaitProcessedError` | [`ProcessedError`] | The payload is not in its text, which ends up in logs. |
//!
//! Not carried over: the browser's `addEventListener`, the exports `Receiver`
//! and `Sender`, replacing ws's own classes (0.x), and of ws itself `readyState`
//! and its like, the server's `clients`, its options (subprotocols among them),
//! and the HTTP request that comes with `connection`: await-layer-axum has that.
//!
//! # Other transports
//!
//! With [`Config::deflate`], await-layer-deflate takes tungstenite's place, and
//! `compress` decides for each message, once both ends have agreed on
//! permessage-deflate. [`WebSocketAwait::over`] sits on any WebSocket transport whose frame is a
//! [`WireFrame`], and whose [`Capabilities`] are said.
//!
//! # What it costs
//!
//! Messages are unpacked, and requests packed, in the task that drives the
//! connection, because the settings' functions see data and not text: a body of
//! a megabyte holds up the others on its connection while it is read. The typed
//! adapters do that in the task of whoever waits for it.
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `rustls-tls` | TLS by rustls |
//! | `native-tls` | TLS by the system's library |
//!
//! Whoever uses this crate gets serde_json's features `preserve_order` and
//! `float_roundtrip`: keys leave in the caller's order, as in JavaScript, and a
//! peer's id that is a fraction goes back as it came.
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod codec;
mod config;
mod connect;
mod data;
mod deflate;
mod error;
mod events;
mod fragments;
mod frame;
mod hooks;
mod id;
mod options;
mod protocol;
mod sending;
mod server;
mod settings;
mod socket;
mod transport;
mod validate;
mod wire;

pub use config::Config;
pub use connect::ConnectError;
pub use data::{Data, Payload};
pub use error::{
    AwaitError, ConnectionCloseError, ProcessedError, SendCause, SendError, TimeoutError,
};
pub use events::{Ask, Event, Events};
pub use hooks::HookError;
pub use id::AwaitId;
pub use options::{Capabilities, SendOptions, Unsupported};
pub use sending::{Call, ResAwait, Sending};
pub use server::WebSocketAwaitServer;
pub use settings::Settings;
pub use socket::WebSocketAwait;
pub use validate::{ValidationError, WrongField};
pub use wire::{Outgoing, Received, WireFrame};

pub use await_layer::{Cause, CloseReason, KeepAlive, Limits, Overflow, Refused, Sent, Stats};
pub use await_layer_deflate::Deflate;
pub use await_layer_tungstenite::{Goodbye, HandshakeError, InvalidClose, tungstenite};
