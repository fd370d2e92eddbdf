//! The adapter against bare tungstenite, over pipes in memory.

mod aliases;
mod broken;
mod closing;
mod frames;
mod limits;
mod pair;
mod pings;
