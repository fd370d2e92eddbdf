//! The layer on transports and executors that have little in common.

mod local;
mod memory;
mod smol;
mod tcp;
mod threads;
mod types;
