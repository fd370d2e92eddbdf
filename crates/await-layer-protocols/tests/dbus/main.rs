//! D-Bus, message by message and both ends over memory.

mod both_ends;
mod codec;
mod framing;
