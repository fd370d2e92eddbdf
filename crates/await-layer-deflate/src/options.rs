//! How one message is sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How one message goes over the wire: the options of ws-await. What is `None`
/// is as usual.
///
/// An option that cannot be had is an error of the call, which names it; see
/// [`Unsupported`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Compressed or not. Usual: messages of
    /// [`threshold`](crate::Deflate::threshold) bytes or more are, if both
    /// ends agreed on permessage-deflate. `Some(true)` without that agreement
    /// cannot be had.
    ///
    /// Say `Some(false)` for a message that holds a secret beside what a
    /// stranger chose: the size of what is compressed together tells about it.
    pub compress: Option<bool>,
    /// A binary message or a text one. Usual: what the packer made. Bytes that
    /// are not UTF-8 cannot be text.
    pub binary: Option<bool>,
    /// Masked or not. RFC 6455 leaves no choice: a client masks, a server does
    /// not. The opposite cannot be had.
    pub mask: Option<bool>,
    /// `Some(false)`: a fragment of a message, of which more follow;
    /// `Some(true)`: its last one. Usual: a whole message.
    ///
    /// The fragments wait at this end and go out behind each other with the
    /// last one, each in a WebSocket frame of its own, so that no other message
    /// gets in between and nobody waits for a last one that never comes. A
    /// connection has one message in fragments at a time: whoever sends them
    /// from several tasks must take turns. The first one says for all whether
    /// they are compressed; they are all text or all binary.
    pub fin: Option<bool>,
}

/// A value with options: what is packed is the value alone.
///
/// ```
/// # use await_layer_deflate::{Handle, SendOptions, With};
/// # use serde_json::{Value, json};
/// # async fn ask(handle: Handle) -> Result<Value, Box<dyn std::error::Error>> {
/// let secret = SendOptions { compress: Some(false), ..SendOptions::default() };
/// Ok(handle.send_await(&With(json!({ "token": "…" }), secret)).await?)
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct With<T>(pub T, pub SendOptions);

/// Prints no payload.
impl<T> fmt::Debug for With<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("With").field(&"..").field(&self.1).finish()
    }
}

/// What becomes of a message with an option that cannot be had.
#[derive(Clone, Debug, Default)]
pub enum Unsupported {
    /// It is refused, alone and at once
    /// ([`Refused::Seal`](await_layer::Refused::Seal)).
    #[default]
    Refuse,
    /// It goes out as if the option were not there, as in npm's ws, and is
    /// counted. Bytes that are not UTF-8 go out as binary.
    Ignore(Ignored),
}

/// Counts options that were ignored. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Ignored(Arc<AtomicU64>);

impl Ignored {
    /// Options that were ignored so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}
