//! Closing with a code and a reason.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use await_layer::{CloseReason, Connection, Handle, PackedBy};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::Frame;

/// As [`Handle::close`], but tells the peer `code` and `reason` instead of
/// 1000 and nothing. Once a close is under way its code stays.
///
/// Dropping the future leaves a close that was polled once under way, though
/// possibly with code 1000.
///
/// # Errors
/// A code or reason that may not go over the wire; nothing has happened then.
pub async fn close<L>(
    handle: &Handle<L>,
    code: u16,
    reason: &str,
) -> Result<CloseReason, InvalidClose>
where
    L: Connection,
    L::Frame: From<Goodbye> + PackedBy<L::Frame, L::Packer>,
{
    let goodbye = L::Frame::from(Goodbye::new(code, reason)?);
    let mut said = pin!(handle.send(&goodbye));
    // Its place in the queue is before the end of the queue. It is the close
    // that is waited for, which has a time limit.
    poll_fn(|cx| {
        let _ = said.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
    Ok(handle.close().await)
}

/// What an end says when it closes. Sent as a frame it closes nothing: it takes
/// the place of code 1000 once the connection is closed, as [`close`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goodbye(CloseFrame);

impl Goodbye {
    /// A code, and a reason that people may read.
    ///
    /// # Errors
    /// What may not go over the wire.
    pub fn new(code: u16, reason: &str) -> Result<Self, InvalidClose> {
        let code = CloseCode::from(code);
        if !code.is_allowed() {
            return Err(InvalidClose::Code(code.into()));
        }
        if reason.len() > 123 {
            return Err(InvalidClose::Reason(reason.len()));
        }
        let reason = reason.into();
        Ok(Self(CloseFrame { code, reason }))
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.0.code.into()
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.0.reason.as_str()
    }
}

impl From<Goodbye> for CloseFrame {
    fn from(goodbye: Goodbye) -> Self {
        goodbye.0
    }
}

impl From<Goodbye> for Frame {
    fn from(goodbye: Goodbye) -> Self {
        Message::Close(Some(goodbye.0)).into()
    }
}

/// A close that may not go over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidClose {
    /// This code is reserved. Use 1000 to 1003, 1007 to 1014 or 3000 to 4999.
    Code(u16),
    /// The reason has so many bytes; 123 are allowed. Shorten it.
    Reason(usize),
}

impl fmt::Display for InvalidClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "close code {code} is reserved; use 3000 to 4999"),
            Self::Reason(bytes) => write!(f, "a close reason of {bytes} bytes; 123 are allowed"),
        }
    }
}

impl Error for InvalidClose {}
