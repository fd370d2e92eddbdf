//! [RESP3](https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md),
//! the wire of Redis and its kin, from the client's side. It has no ids: a
//! reply belongs to the oldest command without one.
//!
//! ```
//! use await_layer::{AwaitLayer, memory};
//! use await_layer_protocols::resp::{Resp, Value};
//! use bytes::Bytes;
//! use futures::{SinkExt, StreamExt, executor::block_on, join};
//!
//! let (left, mut server) = memory::pair(8);
//! let client = AwaitLayer::new(left, Resp::new());
//!
//! let serving = async {
//!     let command = server.next().await.unwrap().unwrap();
//!     assert_eq!(command, &b"*2\r\n$4\r\nINCR\r\n$4\r\nhits\r\n"[..]);
//!     server.send(Bytes::from_static(b":42\r\n")).await.unwrap();
//! };
//! let hits = client.send_await::<Value>(&["INCR", "hits"]);
//! let (hits, ()) = block_on(async { join!(hits, serving) });
//! assert_eq!(hits.unwrap(), Value::Integer(42));
//! ```
//!
//! * Every command is a call; there is nothing to [send](await_layer::Handle::send).
//!   An error reply fails the call with [`Failure::Remote`].
//! * Pushes pass through as messages, which unpack as [`Value::List`]. Call
//!   `["HELLO", "3"]` first: RESP2 does not mark them, so subscribing is
//!   refused before it.
//! * `SUBSCRIBE` and its kin are answered by a push for each channel: those
//!   before the last pass through, and the last is the call's reply.
//! * What would shift the order of replies is refused: `CLIENT REPLY`,
//!   `MONITOR`, `SYNC`, `REPLCONF ACK`, and `SUBSCRIBE` in a transaction.
//! * Nothing can be withdrawn. A call that is dropped or times out keeps its
//!   place until its reply has come, which reaches nobody;
//!   [`max_waiting`](Resp::max_waiting) bounds how many places there are.
//! * On a stream of bytes values are framed by [`Values`].

mod codec;
mod framing;
mod header;
mod packer;
mod value;

pub use codec::Codec;
pub use framing::Values;
pub use packer::{Commands, Failure};
pub use value::{RemoteError, Value};

use await_layer::{Protocol, SlotIds};
use bytes::Bytes;

/// RESP3, the client's side.
#[derive(Clone, Copy, Debug)]
pub struct Resp {
    max_waiting: usize,
}

impl Resp {
    /// At most 4,096 commands without a reply.
    #[must_use]
    pub fn new() -> Self {
        Self { max_waiting: 4096 }
    }

    /// Commands that were written and have no reply yet, at most, those whose
    /// calls were given up included: further ones are refused. What a server
    /// that is silent makes us remember.
    #[must_use]
    pub fn max_waiting(self, commands: usize) -> Self {
        Self {
            max_waiting: commands,
        }
    }
}

impl Default for Resp {
    fn default() -> Self {
        Self::new()
    }
}

impl Protocol for Resp {
    type Frame = Bytes;
    type Packer = Commands;
    type Codec = Codec;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Commands, Codec, SlotIds<u64>) {
        (Commands, Codec::new(self.max_waiting), SlotIds::new())
    }
}
