//! The [Debug Adapter Protocol](https://microsoft.github.io/debug-adapter-protocol/specification):
//! JSON in frames with `Content-Length` headers, which adapters for streams of
//! bytes bring.
//!
//! Every message takes a number, replies and events too, and a reply names the
//! number and the command of its request.
//!
//! ```
//! use await_layer::{AwaitLayer, memory, serve};
//! use await_layer_protocols::dap::{Command, Dap, Outcome, Received};
//! use serde_json::{Value, json};
//! use std::convert::Infallible;
//!
//! let (left, right) = memory::pair::<String>(8);
//! let editor = AwaitLayer::new(left, Dap::new()).handle();
//! let (_, requests) = AwaitLayer::new(right, Dap::new()).split();
//!
//! let adapter = serve(requests, 16, async |request: Received| {
//!     let outcome: Outcome = match request.command.as_str() {
//!         "threads" => Ok(json!({ "threads": [] })),
//!         _ => Err("what is that?".into()),
//!     };
//!     Ok::<_, Infallible>(outcome)
//! });
//! let threads = editor.send_await::<Value>(&Command("threads", ()));
//! drop(editor);
//! let (threads, _) = futures::executor::block_on(futures::future::join(threads, adapter));
//! assert_eq!(threads.unwrap(), json!({ "threads": [] }));
//! ```
//!
//! * A [`Command`] is called; it unpacks as [`Received`] and is answered by an
//!   [`Outcome`]. An [`Event`] is [sent](await_layer::Handle::send), and what
//!   comes in as a message unpacks as [`Happened`].
//! * `"success": false` fails the call with [`Failure::Remote`].
//! * A call that is dropped or times out sends the request `cancel`, if the
//!   reply to `initialize` said `supportsCancelRequest`; what answers that is
//!   noise. A request that the peer withdraws is answered by the handler, or
//!   with the message `cancelled`; the `cancel` itself is not acknowledged. A
//!   `cancel` that names a progress and no request is a request like others.

mod codec;
mod message;
mod packer;

pub use codec::{Ask, Codec};
pub use message::{Command, ErrorReply, Event, Happened, Outcome, Received};
pub use packer::{Failure, Messages};

use std::fmt;
use std::marker::PhantomData;

use await_layer::{JsonFrame, Protocol, SharedCounter};

/// The protocol on frames of type `F`, for either end.
pub struct Dap<F>(PhantomData<fn(F)>);

impl<F> Dap<F> {
    /// Numbers start at 1 with each connection.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F> Default for Dap<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Clone for Dap<F> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for Dap<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dap")
    }
}

impl<F: JsonFrame> Protocol for Dap<F> {
    type Frame = F;
    type Packer = Messages;
    type Codec = Codec;
    type Ids = SharedCounter<i64>;

    fn into_parts(self) -> (Messages, Codec, SharedCounter<i64>) {
        let numbers = SharedCounter::new();
        (Messages, Codec::new(numbers.clone()), numbers)
    }
}
