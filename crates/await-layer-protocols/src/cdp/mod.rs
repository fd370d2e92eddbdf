//! The [Chrome DevTools Protocol](https://chromedevtools.github.io/devtools-protocol/),
//! which browsers and Node.js speak over a WebSocket.
//!
//! ```
//! use await_layer::{AwaitLayer, memory, serve};
//! use await_layer_protocols::cdp::{Cdp, ErrorObject, InSession, Method, Outcome, Received};
//! use serde_json::{Value, json};
//! use std::convert::Infallible;
//!
//! let (left, right) = memory::pair::<String>(8);
//! let tool = AwaitLayer::new(left, Cdp::new()).handle();
//! let (_, commands) = AwaitLayer::new(right, Cdp::new()).split();
//!
//! let browser = serve(commands, 16, async |command: Received| {
//!     let outcome: Outcome = match (command.session.as_deref(), command.method.as_str()) {
//!         (Some("page-1"), "Page.reload") => Ok(json!({})),
//!         _ => Err(ErrorObject::method_not_found()),
//!     };
//!     Ok::<_, Infallible>(outcome)
//! });
//! let reload = InSession("page-1", Method("Page.reload", json!({ "ignoreCache": true })));
//! let reloaded = tool.send_await::<Value>(&reload);
//! drop(tool);
//! let (reloaded, _) = futures::executor::block_on(futures::future::join(reloaded, browser));
//! assert_eq!(reloaded.unwrap(), json!({}));
//! ```
//!
//! * A [`Method`] packs as a command when it is called, and as an event when a
//!   browser [sends](await_layer::Handle::send) it. A tool must not send one:
//!   Node.js answers a command without an id with an error that bears the id
//!   of another. What comes in unpacks as [`Received`]; an [`Outcome`] answers.
//! * [`InSession`] names the session of a target. Ids are unique on the whole
//!   connection, yet a reply from another session than was asked ends no call.
//!   One without a session does: browsers say so that there is no such session,
//!   and Node.js never names one.
//! * An error reply fails the call with [`Failure::Remote`]. An error without
//!   an id concerns no call: it passes through as a message, and fails to
//!   unpack as [`Received`] with the same.
//! * Nothing can be cancelled: a call that is dropped is merely forgotten. A
//!   session that ends leaves calls without a reply, so let them time out.

mod codec;
mod packer;
mod received;

pub use crate::json_rpc::{ErrorObject, Failure, Method, Outcome};
pub use codec::{Ask, Codec};
pub use packer::{InSession, Messages};
pub use received::Received;

use std::fmt;
use std::marker::PhantomData;

use await_layer::{JsonFrame, Protocol, SlotIds};

/// The protocol on frames of type `F`, for either end.
pub struct Cdp<F>(PhantomData<fn(F)>);

impl<F> Cdp<F> {
    /// Ids are numbers from 1 to 2^31 - 1, which is all that Node.js takes.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F> Default for Cdp<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Clone for Cdp<F> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for Cdp<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cdp")
    }
}

impl<F: JsonFrame> Protocol for Cdp<F> {
    type Frame = F;
    type Packer = Messages;
    type Codec = Codec;
    type Ids = SlotIds<i32>;

    fn into_parts(self) -> (Messages, Codec, SlotIds<i32>) {
        (Messages, Codec::default(), SlotIds::new())
    }
}
