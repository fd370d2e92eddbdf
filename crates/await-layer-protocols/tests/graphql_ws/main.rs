//! graphql-transport-ws: message by message, the session on the wire, and both
//! ends over memory.

mod both_ends;
mod codec;
mod session;
