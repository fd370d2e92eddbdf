//! Where one frame ends and the next begins in a stream of bytes, without any
//! I/O: what the adapters for tokio and for futures-io have in common.
//!
//! | framing | on the wire | for |
//! |---|---|---|
//! | [`LengthDelimited`] | four bytes of length, big end first, then the frame | your own peers |
//! | [`Lines`] | the frame, then a newline | JSON lines, tools that speak text |
//! | [`ContentLength`] | headers, an empty line, then the frame | language servers |
//!
//! Each has a limit on a frame's size, and none allocates anything because of
//! a length that a peer declares. What arrives whole comes out as
//! [`Bytes`](bytes::Bytes) that share the read buffer; the adapters
//! [detach](detached) them from it.
//!
//! ```
//! use await_layer_framing::{ContentLength, Framing};
//! use bytes::BytesMut;
//!
//! let mut framing = ContentLength::new();
//! let mut wire = BytesMut::new();
//! framing.encode(b"{}", &mut wire)?;
//! assert_eq!(wire, "Content-Length: 2\r\n\r\n{}");
//! assert_eq!(framing.decode(&mut wire)?.as_deref(), Some(&b"{}"[..]));
//! assert_eq!(framing.decode(&mut wire)?, None);
//! # Ok::<_, await_layer_framing::FramingError>(())
//! ```
//!
//! A framing of your own is an implementation of [`Framing`]; the adapters take
//! it like these three. [`Checked`] makes a message of ours that does not fit
//! fail alone instead of ending the connection. [`ChildEnd`] is what the
//! adapters' `Child` know of how a process ends.
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

mod checked;
mod child_end;
mod config;
mod content_length;
mod error;
mod framing;
mod length;
mod lines;

pub use checked::{Checked, CheckedCodec};
pub use child_end::ChildEnd;
pub use config::Config;
pub use content_length::ContentLength;
pub use error::FramingError;
pub use framing::{Framing, detached};
pub use length::LengthDelimited;
pub use lines::{Lines, Newline};
