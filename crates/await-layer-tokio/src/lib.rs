//! [await-layer](await_layer) over tokio's streams of bytes: TCP, Unix
//! sockets, child processes, anything that is `AsyncRead + AsyncWrite`. Ask the
//! other end questions, and answer its own.
//!
//! Frames end by a length before them ([`LengthDelimited`]), by a newline
//! ([`Lines`]) or by headers as language servers have them
//! ([`ContentLength`]). Without further choice they hold the JSON of the npm
//! package ws-await.
//!
//! ```
//! # use await_layer_tokio::{Config, Event, accept, connect};
//! # use futures::StreamExt;
//! # use serde_json::{Value, json};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = async {
//!     let (stream, _) = listener.accept().await?;
//!     let (_, mut incoming) = accept(stream, Config::lines())?.split();
//!     while let Some(event) = incoming.next().await {
//!         match event {
//!             Event::Message(frame) => println!("told {} bytes", frame.len()),
//!             Event::Request(it) => it.responder.reply(&json!({ "is": 42 })).await?,
//!             _ => {}
//!         }
//!     }
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! };
//! let client = async {
//!     let layer = connect(address, Config::lines()).await?;
//!     let reply: Value = layer.send_await(&json!({ "what": "is it?" })).await?;
//!     Ok(reply)
//! };
//! assert_eq!(tokio::try_join!(server, client)?.1, json!({ "is": 42 }));
//! # Ok(())
//! # }
//! ```
//!
//! | room | question it answers |
//! |---|---|
//! | [`connect`], [`accept`], [`layer`](layer()) | how do I get a connection? |
//! | `Child`, `stdio` (feature `stdio`, on by default) | how do I talk to a child process, or as one? |
//! | [`Config`] | how are bytes framed, what do frames mean, what may be held? |
//! | [`Codec`], [`layer_with_codec`] | how does tokio-util fit in, and a codec of its own? |
//! | [`FramingError`] | why did it end? |
//!
//! A connection that must see its end while nobody calls or reads wants
//! `tokio::spawn(handle.driver())`.
#![cfg_attr(docsrs, feature(doc_cfg))]
// Nothing that a peer sends may end a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(feature = "stdio")]
mod child;
mod codec;
mod connect;
#[cfg(feature = "stdio")]
mod stdio;

pub use await_layer_framing::{
    Checked, Config, ContentLength, Framing, FramingError, LengthDelimited, Lines, Newline,
};
#[cfg(feature = "stdio")]
#[cfg_attr(docsrs, doc(cfg(feature = "stdio")))]
pub use child::Child;
pub use codec::{Codec, CodecLayer, layer_with_codec};
pub use connect::{accept, connect, layer};
#[cfg(feature = "stdio")]
#[cfg_attr(docsrs, doc(cfg(feature = "stdio")))]
pub use stdio::{Stdio, stdio};
pub use tokio_util;

use await_layer::{AwaitLayer, TokioTimer, WsAwait};
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio_util::codec::Framed;

// Aliases whose parameters default to ws-await in length-delimited frames over
// TCP, so that a struct can hold a `Handle` and have no parameters itself.

/// A connection over a stream `T`, framed by `C`, speaking `P`.
pub type Layer<T = TcpStream, C = LengthDelimited, P = WsAwait<Bytes>> =
    AwaitLayer<Framed<T, Codec<C>>, Checked<P, C>, TokioTimer>;
/// Names the kind of connection.
pub type Link<T = TcpStream, C = LengthDelimited, P = WsAwait<Bytes>> =
    await_layer::Link<Framed<T, Codec<C>>, Checked<P, C>, TokioTimer>;
/// To call and send with.
pub type Handle<L = Link> = await_layer::Handle<L>;
/// A call whose reply is an `R`.
pub type Call<R, L = Link> = await_layer::Call<L, R>;
/// What the peer starts.
pub type Incoming<L = Link> = await_layer::Incoming<L>;
/// A message or a request of the peer's.
pub type Event<L = Link> = await_layer::Event<L>;
/// A request of the peer's.
pub type Request<L = Link> = await_layer::Request<L>;
/// The right to answer a request.
pub type Responder<L = Link> = await_layer::Responder<L>;

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
