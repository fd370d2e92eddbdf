//! The adapter on smol, over real sockets.

mod aliases;
mod bytes;
mod ends;
mod websocket;
