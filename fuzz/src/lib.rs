//! What the fuzz targets check, and the slow references they check it against.
//!
//! A target whose check is needed by no other has it in its own file.
#![forbid(unsafe_code)]

pub mod cdp;
pub mod dap;
pub mod frames;
pub mod json;
pub mod json_rpc;
pub mod network;
pub mod pieces;
pub mod stream;
pub mod tokens;
pub mod wire;
pub mod ws_await;
