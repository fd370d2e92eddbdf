//! What reads ids out of JSON, on texts made of what such readers stumble over:
//! escapes in names, names that are there twice, odd numbers, deep nesting,
//! trailing garbage, huge ids. The rules are told where the checks are.
#![no_main]

use await_layer_fuzz::{cdp, dap, json_rpc, tokens, ws_await};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let mut text = tokens::text(rest).into_bytes();
    if *how == 255 {
        // Where the text stops being one.
        text.push(0xff);
    }
    ws_await::check(*how, &text);
    json_rpc::check(&text);
    cdp::check(&[&text]);
    dap::check(&[&text]);
});
