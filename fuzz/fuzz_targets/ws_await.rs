//! Frames of the ws-await wire as they come: peek, strip and seal against
//! serde_json.
#![no_main]

use await_layer_fuzz::ws_await;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((how, frame)) = bytes.split_first() {
        ws_await::check(*how, frame);
    }
});
