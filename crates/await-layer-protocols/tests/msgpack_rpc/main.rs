//! MessagePack-RPC: the bytes on the wire, hostile ones, and both ends ours.
#![cfg(feature = "msgpack-rpc")]

mod cases;
mod conforms;
mod framing;
mod pair;
