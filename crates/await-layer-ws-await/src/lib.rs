//! The npm package ws-await in Rust, on [await-layer](await_layer).

mod codec;
mod config;
mod connect;
mod data;
mod error;
mod events;
mod fragments;
mod frame;
mod hooks;
mod id;
mod options;
mod protocol;
mod sending;
mod server;
mod settings;
mod socket;
mod transport;
mod validate;
mod wire;

pub use config::Config;
pub use connect::ConnectError;
pub use data::{Data, Payload};
pub use error::{
    AwaitError, ConnectionCloseError, ProcessedError, SendCause, SendError, TimeoutError,
};
pub use events::{Ask, Event, Events};
pub use hooks::HookError;
pub use id::AwaitId;
pub use options::{Capabilities, SendOptions, Unsupported};
pub use sending::{Call, ResAwait, Sending};
pub use server::WebSocketAwaitServer;
pub use settings::Settings;
pub use socket::WebSocketAwait;
pub use validate::{ValidationError, WrongField};
pub use wire::{Outgoing, Received, WireFrame};

pub use await_layer::{CloseReason, Limits, Sent};
pub use await_layer_tungstenite::{HandshakeError, InvalidClose};
