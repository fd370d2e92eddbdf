//! The compressing adapter: the same peer with `perMessageDeflate` on.

mod bomb;
mod calls;
mod facade;
mod fragments;
mod recorder;
mod session;
mod wire;
