//! Protocols for [await-layer](await_layer), each for programs that exist:
//! a packer, a codec, ids, and where the wire needs it a framing or a
//! [stage](await_layer::Stage). None knows I/O or a runtime: put them on the
//! transport of your choice.
//!
//! | module and feature | what it speaks with | framing |
//! |---|---|---|
//! | `json_rpc` (`json-rpc`) | JSON-RPC 2.0 servers and clients, batches included | a message, a line |
//! | `lsp` | language servers and editors | `Content-Length` |
//! | `cdp` | browsers, Node.js and tools, over the Chrome DevTools Protocol | a message |
//! | `dap` | debug adapters and editors | `Content-Length` |
//! | `graphql_ws` (`graphql-ws`) | GraphQL servers and clients, in `graphql-transport-ws` | a message, below it a stage |
//! | `mcp` | Model Context Protocol servers and clients | a line |
//! | `dbus` | D-Bus peers and buses | its own |
//! | `ldap` | directory servers and their clients | its own |
//! | `msgpack_rpc` (`msgpack-rpc`) | neovim | `SelfDelimited`, which comes with it |
//! | `resp` | Redis, as a client | `Values`, which comes with it |
//!
//! Without a feature there is nothing here. Each module is one file or one
//! folder that can be read, and copied, by itself.
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

#[cfg(feature = "cdp")]
#[cfg_attr(docsrs, doc(cfg(feature = "cdp")))]
pub mod cdp;
#[cfg(feature = "dap")]
#[cfg_attr(docsrs, doc(cfg(feature = "dap")))]
pub mod dap;
#[cfg(feature = "dbus")]
#[cfg_attr(docsrs, doc(cfg(feature = "dbus")))]
pub mod dbus;
mod failure;
#[cfg(feature = "graphql-ws")]
#[cfg_attr(docsrs, doc(cfg(feature = "graphql-ws")))]
pub mod graphql_ws;
#[cfg(feature = "json-rpc")]
#[cfg_attr(docsrs, doc(cfg(feature = "json-rpc")))]
pub mod json_rpc;
#[cfg(feature = "ldap")]
#[cfg_attr(docsrs, doc(cfg(feature = "ldap")))]
pub mod ldap;
#[cfg(feature = "lsp")]
#[cfg_attr(docsrs, doc(cfg(feature = "lsp")))]
pub mod lsp;
#[cfg(feature = "mcp")]
#[cfg_attr(docsrs, doc(cfg(feature = "mcp")))]
pub mod mcp;
#[cfg(any(feature = "dbus", feature = "ldap"))]
mod measured;
#[cfg(feature = "msgpack-rpc")]
#[cfg_attr(docsrs, doc(cfg(feature = "msgpack-rpc")))]
pub mod msgpack_rpc;
#[cfg(any(feature = "msgpack-rpc", feature = "resp"))]
mod nesting;
#[cfg(any(feature = "dap", feature = "json-rpc"))]
mod object;
#[cfg(feature = "resp")]
#[cfg_attr(docsrs, doc(cfg(feature = "resp")))]
pub mod resp;

pub use failure::{Failure, Malformed};

/// The README's example runs.
#[cfg(all(doctest, feature = "lsp"))]
#[doc = include_str!("../README.md")]
struct Readme;
