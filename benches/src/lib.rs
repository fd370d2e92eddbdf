//! What the programs of this crate share: the transports, the load, the meter,
//! and the contenders.
//!
//! | room | what it holds |
//! |---|---|
//! | [`load`], [`batch`], [`meter`], [`watch`], [`runtime`] | who calls, on what, and what it costs |
//! | [`machine`], [`rss`] | where the figures are from, and memory as the system sees it |
//! | [`wire`], [`server`] | binary frames in memory and over TCP, and the far ends |
//! | [`two_way`] | a wire on which both ends ask |
//! | [`floor`], [`tasks`], [`hand_written`], [`layer`] | the contenders on those frames |
//! | [`websocket`] | the same three on the JSON wire of ws-await |
//! | `peers` | other people's libraries, with the feature `peers` |

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "unpublished; read by its own programs only"
)]

pub mod batch;
pub mod floor;
pub mod hand_written;
pub mod layer;
pub mod load;
pub mod machine;
pub mod meter;
#[cfg(feature = "peers")]
pub mod peers;
pub mod rss;
pub mod runtime;
pub mod server;
pub mod tasks;
pub mod two_way;
pub mod watch;
pub mod websocket;
pub mod wire;

use std::time::Duration;

/// How long a call may take, whoever makes it.
pub const TIMEOUT: Duration = Duration::from_secs(10);
