//! GraphQL over a WebSocket, in the subprotocol
//! [`graphql-transport-ws`](https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md).
//!
//! ```
//! use await_layer::{AwaitLayer, Event, Staged, memory};
//! use await_layer_protocols::graphql_ws::{GraphqlWs, Operation, Outcome, Received, Session};
//! use futures::StreamExt;
//! use serde_json::{Value, json};
//!
//! let (left, right) = memory::pair::<String>(8);
//! let client = AwaitLayer::new(Staged::new(left, Session::client()), GraphqlWs).handle();
//! let server = AwaitLayer::new(Staged::new(right, Session::server()), GraphqlWs);
//!
//! let (_server, mut operations) = server.split();
//! let serving = async {
//!     while let Some(event) = operations.next().await {
//!         let Event::Request(request) = event else { continue };
//!         let (operation, mut responder) = request.unpack::<Received>().unwrap();
//!         let data: Outcome = Ok(json!({ "heard": operation.query }));
//!         if operation.query.starts_with("subscription") {
//!             responder.reply_part(&data).await.unwrap();
//!             responder.reply_part(&data).await.unwrap();
//!             responder.end().await.unwrap();
//!         } else {
//!             responder.reply(&data).await.unwrap();
//!         }
//!     }
//! };
//! let asking = async {
//!     let query = Operation::single("{ one }", ());
//!     let data = client.send_await::<Value>(&query).await.unwrap();
//!     assert_eq!(data, json!({ "heard": "{ one }" }));
//!     let many = Operation::streamed("subscription { many }", ());
//!     assert_eq!(client.send_stream::<Value>(&many).count().await, 2);
//!     client.close().await
//! };
//! futures::executor::block_on(futures::future::join(asking, serving));
//! ```
//!
//! * Below the layer stands a [`Session`]: the handshake, pings, and the only
//!   place that knows the wire. Above it are [`Message`]s. The transport must
//!   have agreed on the [`SUBPROTOCOL`].
//! * [`Operation::single`] is for `send_await`, [`Operation::streamed`] for
//!   `send_stream`. Dropping either cancels it with `complete`; results that
//!   come all the same are dropped and counted.
//! * What unpacks is the `data` of a result. Its `errors`, or an `error` that
//!   ends the operation, are [`Failure::Remote`]; take a [`Response`] for
//!   results that are data and errors both.
//! * A server answers with an [`Outcome`] or a [`Response`]. It cannot say the
//!   close codes of the specification: a client that breaks the rules is
//!   disconnected without one.

mod codec;
mod message;
mod operation;
mod packer;
mod response;
mod session;

pub use codec::Codec;
pub use message::{Kind, Message};
pub use operation::{Operation, Received};
pub use packer::{Failure, Messages, Ping};
pub use response::{ErrorObject, Errors, Outcome, Response};
pub use session::{Fault, Session};

use await_layer::{Protocol, RandomText};

/// What `Sec-WebSocket-Protocol` must say.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// The protocol above a [`Session`], for either end.
#[derive(Clone, Copy, Debug, Default)]
pub struct GraphqlWs;

impl Protocol for GraphqlWs {
    type Frame = Message;
    type Packer = Messages;
    type Codec = Codec;
    type Ids = RandomText;

    fn into_parts(self) -> (Messages, Codec, RandomText) {
        (Messages, Codec, RandomText::new())
    }
}
