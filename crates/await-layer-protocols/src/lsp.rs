//! The [Language Server Protocol](https://microsoft.github.io/language-server-protocol/):
//! JSON-RPC in frames with `Content-Length` headers, which adapters for
//! streams of bytes bring.
//!
//! A call that is dropped or times out sends `$/cancelRequest`, except
//! `initialize`: nothing may follow it before its answer. A request that the
//! peer withdraws is still answered, by the handler or with
//! `RequestCancelled` (-32800), as the protocol demands.

use std::fmt;

use crate::json_rpc::{Dialect, JsonRpc};

pub use crate::json_rpc::{ErrorObject, Failure, Method, Outcome, Received};

/// The protocol on frames of type `F`: `Lsp::<Bytes>::default()`.
pub type Lsp<F> = JsonRpc<F, Requests>;

/// How LSP withdraws requests.
pub enum Requests {}

impl Dialect for Requests {
    const CANCEL: Option<(&'static str, &'static str)> = Some(("$/cancelRequest", "id"));
    const ANSWERS_CANCELLED: bool = true;
    const HANDSHAKE: Option<&'static str> = Some("initialize");
}

impl fmt::Debug for Requests {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
