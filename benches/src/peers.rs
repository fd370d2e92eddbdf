//! Other people's libraries for the same job, each over the same transport
//! with as little as possible between its own types and the bytes.

pub mod jsonrpsee;
pub mod tarpc;
pub mod tokio_tower;
pub mod ws_await;
