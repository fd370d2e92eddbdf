#![doc = include_str!("../README.md")]
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

mod backoff;
mod call;
mod config;
mod connect;
mod connected;
mod connections;
mod dialing;
mod error;
mod keep_up;
mod reconnect;
mod waiting;

pub use backoff::Backoff;
pub use call::ReconnectCall;
pub use config::Config;
pub(crate) use connect::{CallFrame, CallPacker};
pub use connect::{Connect, Dial};
pub use connected::Connected;
pub use connections::Connections;
pub use error::{Bound, CallFault, GaveUp, ReconnectError};
pub use keep_up::KeepUp;
pub use reconnect::Reconnect;
