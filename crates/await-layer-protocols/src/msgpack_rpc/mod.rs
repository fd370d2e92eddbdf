//! [MessagePack-RPC](https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md),
//! as neovim speaks it.
//!
//! ```
//! use await_layer::{AwaitLayer, memory, serve};
//! use await_layer_protocols::msgpack_rpc::{Method, MsgpackRpc, Outcome, Received};
//! use std::convert::Infallible;
//!
//! let (left, right) = memory::pair(8);
//! let client = AwaitLayer::new(left, MsgpackRpc).handle();
//! let (_, requests) = AwaitLayer::new(right, MsgpackRpc).split();
//!
//! let server = serve(requests, 16, async |request: Received| {
//!     let outcome: Outcome<u64> = match request.method.as_str() {
//!         "sum" => request.params::<(u64, u64)>().map(|(a, b)| a + b),
//!         _ => Err("no such method".to_owned()),
//!     };
//!     Ok::<_, Infallible>(outcome)
//! });
//! let sum = client.send_await::<u64>(&Method("sum", (2, 40)));
//! drop(client);
//! let (sum, _) = futures::executor::block_on(futures::future::join(sum, server));
//! assert_eq!(sum.unwrap(), 42);
//! ```
//!
//! * A [`Method`] packs as a request when it is called, and as a notification
//!   when it is [sent](await_layer::Handle::send). What comes in unpacks as
//!   [`Received`]; an [`Outcome`] answers it.
//! * An error reply fails the call with [`Failure::Remote`].
//! * Ids are `u32`, ours and the peer's apart. Nothing can be withdrawn: a call
//!   that is dropped or times out is forgotten here, its id rests until the
//!   late reply has come, and its reply reaches nobody.
//! * On a stream of bytes messages are framed by [`SelfDelimited`].
//!
//! # neovim asks in a pile
//!
//! `rpcrequest` waits inside neovim, and what neovim does meanwhile may ask
//! again. It takes the answer to its *latest* request only, and ends the
//! connection at any other. So answer last-asked-first:
//!
//! * A handler that calls neovim awaits that call before it answers. With
//!   [`serve`](await_layer::serve()) the order is right by itself.
//! * Who sends several calls that may each make neovim ask keeps the
//!   [responders](await_layer::Responder) in a `Vec`, answers the one on top,
//!   and awaits the reply to the call that asked before the next.

mod codec;
mod framing;
mod message;
mod packer;

pub use codec::Codec;
pub use framing::SelfDelimited;
pub use message::{Method, Outcome, Received, RemoteError};
pub use packer::{Failure, Messages};

use await_layer::{Protocol, SlotIds};
use bytes::Bytes;

/// MessagePack-RPC.
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgpackRpc;

impl Protocol for MsgpackRpc {
    type Frame = Bytes;
    type Packer = Messages;
    type Codec = Codec;
    type Ids = SlotIds<u32>;

    fn into_parts(self) -> (Messages, Codec, SlotIds<u32>) {
        (Messages, Codec, SlotIds::new())
    }
}
