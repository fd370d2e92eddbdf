//! The adapter over pipes in memory and real sockets.

mod aliases;
mod codecs;
mod conforms;
mod ends;
mod limits;
