//! What the programs of this crate share: the transports, the load, the meter,
//! and the contenders.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "unpublished; read by its own programs only"
)]

pub mod floor;
pub mod hand_written;
pub mod layer;
pub mod load;
pub mod meter;
pub mod wire;
