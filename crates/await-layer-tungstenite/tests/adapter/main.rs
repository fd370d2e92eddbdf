//! The adapter against bare tungstenite, over pipes in memory.

mod broken;
mod conforms;
mod frames;
mod handshakes;
mod limits;
mod pair;
mod silence;
