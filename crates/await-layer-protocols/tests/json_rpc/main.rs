//! JSON-RPC 2.0 and its dialects: message by message, batch by batch, and
//! both ends over memory.

mod batches;
mod both_ends;
mod bounds;
mod codec;
