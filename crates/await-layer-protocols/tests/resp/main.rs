//! RESP3: whose reply is whose, the bytes on the wire, and hostile ones.
//!
//! The testkit's suite for protocols wants both ends to be the same and replies
//! in any order: this wire has neither.
#![cfg(feature = "resp")]

mod framing;
mod order;
mod pair;
mod values;
