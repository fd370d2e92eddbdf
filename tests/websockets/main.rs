//! What each adapter that brings its own WebSocket must do, whichever library is
//! below it: one suite, compiled against the types of each, over pipes in
//! memory and against bare tungstenite.

// Each adapter's types are its own.
#![allow(clippy::duplicate_mod)]

mod deflate;
mod tungstenite;
