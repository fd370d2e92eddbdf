//! Request/response over any framed transport.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod codec;
mod id;
pub mod memory;
mod packer;
mod protocol;
mod timer;

pub use codec::{AwaitIdCodec, Head, Peek, Refusal, SealError};
pub use id::{IdGenerator, Locate, Slot};
pub use packer::{Pack, PackedBy, Packer, Unpack};
pub use protocol::Protocol;
pub use timer::{Sleep, Timer};
