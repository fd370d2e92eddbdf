//! The [Model Context Protocol](https://modelcontextprotocol.io): JSON-RPC,
//! one message to a line.
//!
//! A call that is dropped or times out sends `notifications/cancelled`, except
//! `initialize`, which must not be cancelled. A request that the peer withdraws
//! must not be answered any more: an answer that comes late is dropped.

use std::fmt;

use crate::json_rpc::{Dialect, JsonRpc};

pub use crate::json_rpc::{ErrorObject, Failure, Method, Outcome, Received};

/// The protocol on frames of type `F`: `Mcp::<Bytes>::default()`.
pub type Mcp<F> = JsonRpc<F, Requests>;

/// How MCP withdraws requests.
pub enum Requests {}

impl Dialect for Requests {
    const CANCEL: Option<(&'static str, &'static str)> =
        Some(("notifications/cancelled", "requestId"));
    const ANSWERS_CANCELLED: bool = false;
    const HANDSHAKE: Option<&'static str> = Some("initialize");
}

impl fmt::Debug for Requests {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
