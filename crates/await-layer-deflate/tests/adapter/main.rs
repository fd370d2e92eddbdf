//! The adapter against bare tungstenite and itself, over pipes in memory.

mod aliases;
mod broken;
mod closing;
mod conforms;
mod contract;
mod fragments;
mod frames;
mod handshakes;
mod hostile;
mod limits;
mod options;
mod pair;
mod pings;
mod random;
mod raw;
mod silence;
