//! What the original's own list does not test.

// The original's tests build their pairs likewise.
#[path = "../original/pair.rs"]
mod pair;

mod closing;
mod deflate;
mod foreign;
mod fragments;
mod ids;
mod options;
mod pings;
mod raw;
mod server;
mod settings;
mod silence;
