//! The DevTools protocol and the Debug Adapter Protocol, frame by frame on one
//! connection, against serde_json. A line is a frame.
#![no_main]

use await_layer_fuzz::{cdp, dap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let frames: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    cdp::check(&frames);
    dap::check(&frames);
});
