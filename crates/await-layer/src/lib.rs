//! Request/response over any framed transport.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codec;
mod id;
pub mod memory;
mod ids;
mod packer;
mod packers;
mod protocol;
mod timer;
#[cfg(feature = "json")]
mod ws_await;

pub use codec::{AwaitIdCodec, Head, Peek, Refusal, SealError};
pub use id::{IdGenerator, Locate, Slot};
pub use ids::{ClosureIds, JsonNumberIds, RandomText, Sequential, SharedCounter, SlotIds, TextId};
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
#[cfg(feature = "async-io")]
pub use timer::{AsyncIoSleep, AsyncIoTimer};
#[cfg(feature = "default-timer")]
pub use timer::{DefaultSleep, DefaultTimer};
#[cfg(feature = "manual-timer")]
pub use timer::{ManualSleep, ManualTimer};
pub use timer::{Sleep, Timer};
#[cfg(feature = "tokio-time")]
pub use timer::{TokioSleep, TokioTimer};
#[cfg(feature = "json")]
pub use ws_await::{WsAsk, WsAwait, WsAwaitCodec};
