//! The adapter against bare tungstenite and itself, over pipes in memory.

mod broken;
mod conforms;
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
