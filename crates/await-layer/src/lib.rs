//! Request/response over any framed transport.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod asking;
mod call;
mod closed;
mod codec;
mod connection;
mod driver;
mod error;
mod handle;
mod hub;
mod id;
mod ids;
mod incoming;
mod layer;
mod link;
mod machine;
pub mod memory;
mod outlet;
mod packer;
mod packers;
mod party;
mod protocol;
mod replies;
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
pub use closed::Closed;
pub use codec::{AwaitIdCodec, Head, Peek, Refusal, SealError};
pub use connection::Connection;
pub use driver::Driver;
pub use error::{CallError, SendError};
pub use handle::Handle;
pub use id::{IdGenerator, Locate, Slot};
pub use ids::{ClosureIds, JsonNumberIds, RandomText, Sequential, SharedCounter, SlotIds, TextId};
pub use incoming::{Event, Incoming};
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
#[cfg(any(
    feature = "bincode",
    feature = "json",
    feature = "msgpack",
    feature = "postcard"
))]
pub use packers::PackerError;
#[cfg(feature = "postcard")]
pub use packers::Postcard;
pub use packers::{BinaryFrame, Closures, JsonFrame, Raw};
pub use protocol::Protocol;
pub use replies::Replies;
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
