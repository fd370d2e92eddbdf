//! The Chrome DevTools Protocol, message by message and both ends over memory.

mod both_ends;
mod codec;
