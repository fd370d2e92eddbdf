//! [D-Bus](https://dbus.freedesktop.org/doc/dbus-specification.html): messages
//! with a binary header, through a bus or between two peers.
//!
//! ```
//! use await_layer::{AwaitLayer, memory, serve};
//! use await_layer_protocols::dbus::{Body, DBus, ErrorReply, Message, Outcome};
//! use std::convert::Infallible;
//!
//! let (left, right) = memory::pair(8);
//! let client = AwaitLayer::new(left, DBus::new()).handle();
//! let (_, requests) = AwaitLayer::new(right, DBus::new()).split();
//!
//! let service = serve(requests, 16, async |call: Message| {
//!     let outcome: Outcome = match call.member.as_deref() {
//!         Some("Greet") => Ok(Body::new().string("hello")),
//!         _ => Err(ErrorReply::unknown_method()),
//!     };
//!     Ok::<_, Infallible>(outcome)
//! });
//! let greeting = client.send_await::<Body>(&Message::call("/greeter", "org.example.Greeter", "Greet"));
//! drop(client);
//! let (greeting, _) = futures::executor::block_on(futures::future::join(greeting, service));
//! assert_eq!(greeting.unwrap().values().string(), Some("hello"));
//! ```
//!
//! * A [`Message`] packs as a method call or as a signal. A call that is
//!   [sent](await_layer::Handle::send) bears the flag that no reply is
//!   expected; one that comes with that flag is a plain message, as signals
//!   are. An [`Outcome`] answers; an error reply fails the call with
//!   [`Failure::Remote`].
//! * A [`Body`] is built of, and read as, strings and numbers, which is what
//!   the bus's own methods take. For everything else it carries bytes beside
//!   their signature: any encoder of the D-Bus format makes them.
//! * [`DBusFraming`] cuts messages out of a stream, and begins with the lines
//!   that a bus wants to see first.
//! * A call cannot be cancelled: the answer to one that was dropped or timed
//!   out is counted and reaches nobody. Buses deliver answers that nobody
//!   asked for, which are counted too.
//! * File descriptors do not pass.

mod body;
mod codec;
mod framing;
mod header;
mod message;
mod packer;

pub use body::{Body, Values};
pub use codec::{Ask, Codec};
pub use framing::DBusFraming;
pub use message::{ErrorReply, Kind, Message, Outcome};
pub use packer::{Failure, Messages};

use await_layer::{Protocol, SharedCounter};
use bytes::Bytes;

/// The protocol, for either end.
#[derive(Clone, Copy, Debug, Default)]
pub struct DBus;

impl DBus {
    /// Serials start at 1 with each connection.
    pub fn new() -> Self {
        Self
    }
}

impl Protocol for DBus {
    type Frame = Bytes;
    type Packer = Messages;
    type Codec = Codec;
    type Ids = SharedCounter<u32>;

    fn into_parts(self) -> (Messages, Codec, SharedCounter<u32>) {
        let serials = SharedCounter::new();
        (Messages, Codec::new(serials.clone()), serials)
    }
}
