//! [JSON-RPC 2.0](https://www.jsonrpc.org/specification).
//!
//! ```
//! use await_layer::{AwaitLayer, memory, serve};
//! use await_layer_protocols::json_rpc::{ErrorObject, JsonRpc, Method, Outcome, Received};
//! use std::convert::Infallible;
//!
//! let (left, right) = memory::pair::<String>(8);
//! let client = AwaitLayer::new(left, JsonRpc::new()).handle();
//! let (_, requests) = AwaitLayer::new(right, JsonRpc::new()).split();
//!
//! let server = serve(requests, 16, async |request: Received| {
//!     let outcome: Outcome<u64> = match request.method.as_str() {
//!         "sum" => request.params::<Vec<u64>>().map(|terms| terms.iter().sum()),
//!         _ => Err(ErrorObject::method_not_found()),
//!     };
//!     Ok::<_, Infallible>(outcome)
//! });
//! let sum = client.send_await::<u64>(&Method("sum", [1, 2, 39]));
//! drop(client);
//! let (sum, _) = futures::executor::block_on(futures::future::join(sum, server));
//! assert_eq!(sum.unwrap(), 42);
//! ```
//!
//! * A [`Method`] packs as a request when it is called, and as a notification
//!   when it is [sent](await_layer::Handle::send). What comes in unpacks as
//!   [`Received`]; an [`Outcome`] answers it.
//! * An error reply fails the call with [`Failure::Remote`].
//! * An error that names no request (`"id": null`) concerns no call: it passes
//!   through as a message.
//! * Arrays of messages are taken apart and put together by [`Batches`], a
//!   stage below the layer.
//! * Cancelling is up to the [`Dialect`]: plain JSON-RPC knows none.

mod batches;
mod codec;
mod dialect;
mod envelope;
mod message;
mod packer;

pub use batches::Batches;
pub use codec::Codec;
pub use dialect::{Dialect, Plain};
pub use message::{ErrorObject, Method, Outcome, Received};
pub use packer::{Failure, Messages};

use std::fmt;
use std::marker::PhantomData;

use await_layer::{JsonFrame, JsonNumberIds, Protocol};

/// JSON-RPC 2.0 on frames of type `F`, in the dialect `D`.
pub struct JsonRpc<F, D = Plain>(PhantomData<fn(F, D)>);

impl<F> JsonRpc<F> {
    /// JSON-RPC as its specification has it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<F, D> Default for JsonRpc<F, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<F, D> Clone for JsonRpc<F, D> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<F, D> fmt::Debug for JsonRpc<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsonRpc")
    }
}

impl<F, D> Protocol for JsonRpc<F, D>
where
    F: JsonFrame,
    D: Dialect,
{
    type Frame = F;
    type Packer = Messages;
    type Codec = Codec<D>;
    type Ids = JsonNumberIds;

    fn into_parts(self) -> (Messages, Codec<D>, JsonNumberIds) {
        (Messages, Codec::default(), JsonNumberIds)
    }
}
