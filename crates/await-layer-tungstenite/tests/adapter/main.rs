//! The adapter against bare tungstenite, over pipes in memory.

mod aliases;
mod broken;
mod closing;
mod conforms;
mod contract;
mod frames;
mod handshakes;
mod limits;
mod pair;
mod pings;
mod silence;
