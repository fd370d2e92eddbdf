//! The service by itself, and under tower's own layers.

mod buffer;
mod end;
mod layers;
mod ready;
mod retry;
