//! Request/response over any framed transport.
//!
//! Wrap anything that is `Sink + Stream` in an [`AwaitLayer`] and get
//! [`send_await`](Handle::send_await): it sends a message with an id, and the
//! future it returns is the reply that carries that id. Everything else passes
//! through, unchanged and in order. Both ends may ask. No runtime is needed and
//! nothing has to be spawned: whatever is awaited moves the bytes.
//!
//! ```
//! # use await_layer::{AwaitLayer, WsAwait, memory, serve};
//! # use serde_json::{Value, json};
//! # use std::convert::Infallible;
//! # futures::executor::block_on(async {
//! let (left, right) = memory::pair::<bytes::Bytes>(8);
//! let (ada, _from_bob) = AwaitLayer::new(left, WsAwait::new()).split();
//! let (_bob, from_ada) = AwaitLayer::new(right, WsAwait::new()).split();
//!
//! let answers = serve(from_ada, 4, async |question: Value| {
//!     Ok::<_, Infallible>(json!({ "echo": question["ask"] }))
//! });
//! let talk = async {
//!     let reply: Value = ada.send_await(&json!({ "ask": 1 })).await.unwrap();
//!     assert_eq!(reply, json!({ "echo": 1 }));
//!     ada.close().await
//! };
//! futures::join!(talk, answers);
//! # });
//! ```
//!
//! # Parts
//!
//! * **Use a connection:** [`AwaitLayer`], [`Handle`], [`Call`], [`CallAll`], [`Replies`],
//!   [`Reserve`], [`Incoming`], [`Responder`], [`serve`](serve()), [`Driver`], [`Closed`].
//! * **Write a protocol:** [`Protocol`] names a frame, a packer ([`Pack`],
//!   [`Unpack`]), a codec ([`AwaitIdCodec`]) and an id generator
//!   ([`IdGenerator`]). [`Stage`] is for wires on which a message is not a
//!   frame. Ready to use: [`WsAwait`]; [`Json`], [`MessagePack`],
//!   [`Postcard`], [`Bincode`], [`Raw`], [`Closures`]; [`SlotIds`],
//!   [`JsonNumberIds`], [`RandomText`], [`Sequential`], [`SharedCounter`],
//!   [`ClosureIds`].
//! * **Bring a runtime:** [`Timer`] is all that the core asks of one.
//! * **Notice a peer that is gone:** [`KeptAlive`], around any transport.
//! * **Bounds and failures:** [`Limits`], [`Overflow`], [`CallError`],
//!   [`SendError`], [`CloseReason`], [`Sent`], [`Stats`].
//!
//! # Things to know
//!
//! * While nothing of a connection is polled, nothing happens on it: pings go
//!   unanswered, its end goes unseen, a cancel waits. Long-lived connections
//!   want [`Handle::driver`] spawned or [`Incoming`] polled.
//! * Dropping a [`Call`] cancels it. Dropping the last handle does not flush;
//!   [`Handle::close`] does.
//! * Plain messages that nobody takes are bounded: [`Overflow`] says what
//!   happens then, and the risk of each choice.
//! * Of several futures that wait, one drives. If that one is parked, the
//!   others notice within 100 ms.
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `json` (default) | [`Json`], [`WsAwait`] |
//! | `default-timer` (default) | [`DefaultTimer`], which needs no runtime |
//! | `msgpack`, `postcard`, `bincode` | [`MessagePack`], [`Postcard`], [`Bincode`] |
//! | `tokio-time` | [`TokioTimer`], which follows tokio's paused clock too |
//! | `async-io` | [`AsyncIoTimer`], for smol and async-std |
//! | `manual-timer` | [`ManualTimer`], moved by hand |
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

mod asking;
mod call;
mod call_all;
mod caught;
mod closed;
mod codec;
mod connection;
#[expect(
    clippy::arithmetic_side_effects,
    reason = "counts what is held, up and down by one"
)]
mod driver;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod hub;
mod id;
mod ids;
mod incoming;
mod keepalive;
mod layer;
mod link;
#[expect(
    clippy::arithmetic_side_effects,
    reason = "counts what is held, up and down by one"
)]
mod machine;
pub mod memory;
mod outlet;
mod packer;
mod packers;
mod party;
mod protocol;
mod replies;
mod reserve;
mod responder;
mod sending;
mod serve;
mod stage;
mod sync;
mod timer;
mod transport;
#[cfg(feature = "json")]
mod ws_await;

pub use call::Call;
pub use call_all::CallAll;
pub use closed::Closed;
pub use codec::{AwaitIdCodec, Head, Peek, Refusal, SealError};
pub use connection::Connection;
pub use driver::Driver;
pub use error::{CallError, SendError};
pub use handle::Handle;
pub use id::{IdGenerator, Locate, Slot};
pub use ids::{ClosureIds, JsonNumberIds, RandomText, Sequential, SharedCounter, SlotIds, TextId};
pub use incoming::{Event, Incoming};
pub use keepalive::{Heartbeat, KeepAlive, KeepAliveError, KeptAlive};
pub use layer::AwaitLayer;
pub use link::Link;
pub use machine::{Cause, CloseReason, Limits, Overflow, Refused, Sent, Stats};
pub use packer::{Pack, PackedBy, Packer, Unpack};
#[cfg(feature = "bincode")]
pub use packers::Bincode;
#[cfg(feature = "json")]
pub use packers::Json;
#[cfg(feature = "msgpack")]
pub use packers::MessagePack;
#[cfg(feature = "postcard")]
pub use packers::Postcard;
pub use packers::{BinaryFrame, Closures, JsonFrame, PackerError, Raw};
pub use protocol::Protocol;
pub use replies::Replies;
pub use reserve::{Permit, Reserve};
pub use responder::{Cancelled, Request, Responder};
pub use sending::Sending;
pub use serve::serve;
pub use stage::{Flow, Stage, StageError, Staged};
#[cfg(feature = "async-io")]
pub use timer::{AsyncIoSleep, AsyncIoTimer};
#[cfg(feature = "default-timer")]
pub use timer::{DefaultSleep, DefaultTimer};
#[cfg(feature = "manual-timer")]
pub use timer::{ManualSleep, ManualTimer};
pub use timer::{Sleep, Timer};
#[cfg(feature = "tokio-time")]
pub use timer::{TokioSleep, TokioTimer};
pub use transport::Transport;
#[cfg(feature = "json")]
pub use ws_await::{WsAsk, WsAwait, WsAwaitCodec};
