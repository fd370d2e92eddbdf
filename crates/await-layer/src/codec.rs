//! Where the id sits in a frame, and what a frame is.

use std::fmt;
use std::hash::Hash;

/// What a frame that came in is, and whom it concerns.
///
/// `Id` names a call of ours, `Ask` a call of the peer's. The two never share
/// a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peek<Id, Ask> {
    /// The last or only answer to our call.
    Reply(Id),
    /// One answer to our call; more are to come.
    Part(Id),
    /// No more answers to our call, and this frame is none itself.
    End(Id),
    /// The peer asks.
    Request(Ask),
    /// The peer no longer wants its request answered.
    Cancel(Ask),
    /// A reply to the first or a request with the second: the wire does not
    /// say which. Needs ids that are recognisably ours
    /// ([`IdGenerator::tagged`](crate::IdGenerator::tagged)).
    Either(Id, Ask),
    /// A reply, but to nothing of ours: its id cannot be an `Id`. Counted, and
    /// delivered to nobody.
    Stray,
    /// Neither: passes through to whoever reads the layer.
    Other,
    /// Protocol noise: dropped.
    Skip,
}

/// What a frame that is about to leave is to become.
#[derive(Debug)]
pub enum Head<'a, Id, Ask> {
    /// A request of ours, under this id.
    Request(&'a Id),
    /// The last or only answer to the peer's request.
    Reply(&'a Ask),
    /// One of several answers to the peer's request.
    Part(&'a Ask),
    /// Neither. Wires that number every message number it here.
    Plain,
}

// Derived, they would want an `Id` and an `Ask` that are `Copy`.
impl<Id, Ask> Clone for Head<'_, Id, Ask> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Id, Ask> Copy for Head<'_, Id, Ask> {}

/// Why the layer refuses a request of the peer's without a handler's answer:
/// what a codec tells the peer, and so what the peer can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// More requests than the limits allow, or nobody takes requests. Tell the
    /// peer that it may try again later.
    Busy,
    /// The handler went away without an answer. Tell the peer that it failed
    /// here: whether it was executed is not known.
    Dropped,
    /// A request with the same id is still being answered. A refusal bears
    /// that id too and may end the first one at the peer: where the transport
    /// can deliver twice, return `None`.
    Duplicate,
    /// The peer cancelled the request before it was answered. Say so where the
    /// wire wants an answer to that; else return `None`.
    Cancelled,
}

/// A frame that cannot carry an id, and why.
///
/// The frame goes back to the caller unchanged. What to do next: send a frame
/// of the shape that the text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealError(std::borrow::Cow<'static, str>);

impl SealError {
    /// `why` should name the field or the shape that is wrong, never a payload.
    pub fn new(why: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SealError {}

/// Puts ids on frames and reads them off.
///
/// A codec is owned by whoever drives the I/O and may keep state; the layer
/// calls it once per frame, in wire order in each direction. It must not
/// panic on any input: a panic closes the connection with a named cause.
pub trait AwaitIdCodec<F> {
    /// Names a call of ours.
    type Id: Clone + Eq + Hash;
    /// All that it takes to answer a call of the peer's: the raw id, exactly
    /// as it came, and whatever else a reply repeats. `Eq` and `Hash` must go
    /// by the id alone where a cancel message repeats no more than that: the
    /// layer answers with the value that the request brought.
    type Ask: Clone + Eq + Hash;

    /// Says what a frame is. Called once per incoming frame, in order.
    fn peek(&mut self, frame: &F) -> Peek<Self::Id, Self::Ask>;

    /// Makes `frame` a request, a reply or a plain message, just before it is
    /// written. On an error the frame must be as it was. A codec that counts
    /// on replies in order must bound what it remembers and refuse beyond it.
    ///
    /// A good and a bad answer are both [`Head::Reply`]: which of the two it
    /// is, the packer has said in the frame.
    ///
    /// # Errors
    /// A frame that cannot carry the id. Nothing is written; the frame goes
    /// back to the caller.
    fn seal(&mut self, frame: &mut F, head: Head<'_, Self::Id, Self::Ask>)
    -> Result<(), SealError>;

    /// The frame that was sealed last, with this head, is not written after all:
    /// whoever wraps this codec found it too large. A codec that remembers what
    /// it has sealed forgets it.
    fn unseal(&mut self, head: Head<'_, Self::Id, Self::Ask>) {
        let _ = head;
    }

    /// Takes the id off a frame before it is delivered. Leaves it by default.
    fn strip(&mut self, frame: &mut F) {
        let _ = frame;
    }

    /// The message that tells the peer we no longer want an answer.
    fn cancel(&mut self, id: &Self::Id) -> Option<F> {
        let _ = id;
        None
    }

    /// The answer to a request that no handler answers.
    fn refuse(&mut self, ask: &Self::Ask, why: Refusal) -> Option<F> {
        let _ = (ask, why);
        None
    }

    /// Whether [`refuse`](Self::refuse) ever has an answer. Where it has none,
    /// a refused request is forgotten at once and does not wait for its turn to
    /// be written.
    fn refuses(&self) -> bool {
        true
    }

    /// The message that ends a streamed reply without carrying data.
    fn end(&mut self, ask: &Self::Ask) -> Option<F> {
        let _ = ask;
        None
    }

    /// Whether a request that the peer cancelled may still be answered.
    /// Where it may not (MCP), the layer drops late answers and counts them.
    fn answers_cancelled(&self) -> bool {
        true
    }

    /// The bytes of a frame, those it points to included: `frame.len()` for
    /// bytes and text. The byte limits go by it, so a constant here switches
    /// them off. Must be cheap.
    fn size(frame: &F) -> usize;
}
