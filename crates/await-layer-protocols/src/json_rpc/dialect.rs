//! What protocols on top of JSON-RPC make of it.

use std::fmt;

/// How a protocol built on JSON-RPC withdraws a request.
pub trait Dialect {
    /// The method of the notification that withdraws a request, and the field
    /// of its `params` that holds the id. `None`: there is none, and a call
    /// that is dropped is merely forgotten.
    const CANCEL: Option<(&'static str, &'static str)>;

    /// Whether a request that was withdrawn is still to be answered: with
    /// [`CANCELLED`](Self::CANCELLED) if no handler does. Where it must not
    /// be, late answers are dropped.
    const ANSWERS_CANCELLED: bool;

    /// The method of the call that opens the connection: it is not withdrawn,
    /// and merely forgotten if it is dropped or times out.
    const HANDSHAKE: Option<&'static str> = None;

    /// The code of the error that answers a request that was withdrawn.
    const CANCELLED: i64 = -32800;
}

/// JSON-RPC without a way to withdraw a request.
pub enum Plain {}

impl Dialect for Plain {
    const CANCEL: Option<(&'static str, &'static str)> = None;
    const ANSWERS_CANCELLED: bool = true;
}

impl fmt::Debug for Plain {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
