//! [await-layer](await_layer) over the streams of futures-io, on smol or any
//! runtime that runs async-io: bytes with a framing, and WebSocket. Ask the
//! other end questions, and answer its own.
//!
//! Without further choice both hold the JSON of the npm package ws-await.
//!
//! ```
//! # use await_layer_async_std::smol::{accept, connect};
//! # use await_layer_async_std::Config;
//! # use await_layer::Event;
//! # use futures::StreamExt;
//! # use serde_json::{Value, json};
//! # smol::block_on(async {
//! let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
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
//! assert_eq!(futures::try_join!(server, client)?.1, json!({ "is": 42 }));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # });
//! ```
//!
//! | room | question it answers |
//! |---|---|
//! | `smol`, `async_std` (a feature each) | how do I get a connection over TCP? |
//! | [`layer`](layer()) | how do I get one over any other stream of bytes? |
//! | `websocket` (a feature, on by default) | the same for WebSocket |
//! | `Child` (feature `process`) | how do I talk to a child process? |
//! | [`Config`] | how are bytes framed, what do frames mean, what may be held? |
//! | [`Codec`] | how does asynchronous-codec fit in? |
//! | [`FramingError`] | why did it end? |
//!
//! async-std itself is discontinued (1.13.2 is its last release,
//! RUSTSEC-2025-0052): its feature is for those who have not moved yet. This
//! crate does not need it; its name says where it came from.
//!
//! A connection that must see its end, or answer pings, while nobody calls or
//! reads wants `smol::spawn(handle.driver())`.
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

#[cfg(all(feature = "websocket", any(feature = "smol", feature = "async-std")))]
mod address;
#[cfg(feature = "process")]
mod child;
mod codec;
mod stream;
#[cfg(any(feature = "smol", feature = "async-std"))]
mod tcp;
#[cfg(feature = "websocket")]
#[cfg_attr(docsrs, doc(cfg(feature = "websocket")))]
pub mod websocket;

/// TCP on smol, by async-net.
#[cfg(feature = "smol")]
#[cfg_attr(docsrs, doc(cfg(feature = "smol")))]
pub mod smol {
    crate::tcp::tcp!(async_net::TcpStream, async_net::AsyncToSocketAddrs);
}

/// TCP on async-std 1.13.2, its last release: it is discontinued
/// (RUSTSEC-2025-0052). Move to `smol`, whose functions have the same names.
#[cfg(feature = "async-std")]
#[cfg_attr(docsrs, doc(cfg(feature = "async-std")))]
pub mod async_std {
    crate::tcp::tcp!(::async_std::net::TcpStream, ::async_std::net::ToSocketAddrs);
}

pub use asynchronous_codec;
pub use await_layer_framing::{
    Checked, Config, ContentLength, Framing, FramingError, LengthDelimited, Lines, Newline,
};
#[cfg(feature = "process")]
#[cfg_attr(docsrs, doc(cfg(feature = "process")))]
pub use child::Child;
pub use codec::Codec;
pub use stream::layer;

use asynchronous_codec::Framed;
use await_layer::{AsyncIoTimer, AwaitLayer, WsAwait};
use bytes::Bytes;

/// A connection over a stream `T`, framed by `C`, speaking `P`.
pub type Layer<T, C = LengthDelimited, P = WsAwait<Bytes>> =
    AwaitLayer<Framed<T, Codec<C>>, Checked<P, C>, AsyncIoTimer>;
/// Names the kind of connection, as in `await_layer::Handle<Link<..>>`.
pub type Link<T, C = LengthDelimited, P = WsAwait<Bytes>> =
    await_layer::Link<Framed<T, Codec<C>>, Checked<P, C>, AsyncIoTimer>;

/// The README's example runs.
#[cfg(all(doctest, feature = "smol", feature = "websocket"))]
#[doc = include_str!("../README.md")]
struct Readme;
