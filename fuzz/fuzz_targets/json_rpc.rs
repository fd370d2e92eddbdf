//! JSON-RPC, LSP and MCP: each frame against serde_json, and arrays of messages
//! taken apart and put together.
//!
//! A line is a frame; JSON needs no line ends.
#![no_main]

use std::collections::BTreeSet;

use await_layer::Staged;
use await_layer_fuzz::{json, json_rpc};
use await_layer_protocols::json_rpc::{Batches, Dialect, Plain};
use await_layer_protocols::mcp;
use await_layer_testkit::script;
use futures::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|bytes: &[u8]| {
    let frames: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    frames.iter().for_each(|frame| json_rpc::check(frame));
    if let Ok(text) = std::str::from_utf8(bytes) {
        batches::<Plain>(text.lines());
        batches::<mcp::Requests>(text.lines());
    }
});

/// Everything that comes is delivered once, and every answer leaves, alone or
/// in one array, as soon as none is missing.
fn batches<'a, D: Dialect>(frames: impl Iterator<Item = &'a str>) {
    let (transport, remote) = script::scripted::<String, std::io::Error>();
    let mut stage = Staged::new(transport, Batches::<String, D>::default());
    let mut unanswered = BTreeSet::new();
    let mut empty = 0;
    for frame in frames {
        remote.feed(frame.to_owned());
        let array = serde_json::from_str::<Vec<&RawValue>>(frame).ok();
        empty += usize::from(array.as_ref().is_some_and(Vec::is_empty));
        let messages = match &array {
            Some(messages) => messages.iter().map(|it| it.get()).collect(),
            None => vec![frame],
        };
        for message in messages {
            let delivered = stage.next().now_or_never().flatten();
            assert_eq!(delivered.unwrap().unwrap(), message);
            asked::<D>(message, &mut unanswered);
        }
        assert!(stage.next().now_or_never().is_none(), "out of nothing");
    }
    let answers: Vec<_> = unanswered.iter().map(|id| answer(id)).collect();
    for answer in &answers {
        let sent = stage.send(answer.clone()).now_or_never();
        sent.expect("nothing is in its way").unwrap();
    }
    let mut written = Vec::new();
    for frame in remote.take_written() {
        match serde_json::from_str::<Vec<&RawValue>>(&frame) {
            Ok(array) => written.extend(array.iter().map(|it| it.get().to_owned())),
            Err(_) => written.push(frame),
        }
    }
    let complaints = written.iter().filter(|it| it.contains("Invalid Request"));
    assert_eq!(complaints.count(), empty, "arrays without messages");
    written.retain(|it| !it.contains("Invalid Request"));
    written.sort();
    let mut answers = answers;
    answers.sort();
    assert_eq!(written, answers, "answers are kept back or were made up");
}

/// What this message asks, or no longer asks, to be answered.
fn asked<D: Dialect>(message: &str, unanswered: &mut BTreeSet<String>) {
    let Some(members) = json::members(message) else {
        return;
    };
    let only = |name| json::only(&members, name).ok();
    let (Some(id), Some(method), Some(params)) = (only("id"), only("method"), only("params"))
    else {
        return;
    };
    let id = id.filter(|it| *it != "null");
    let method = method.filter(|it| *it != "null").map(json::string);
    match (id, method) {
        (Some(id), Some(Some(_))) => {
            unanswered.insert(id.to_owned());
        }
        (None, Some(method)) if !D::ANSWERS_CANCELLED => {
            let withdraws = D::CANCEL.filter(|(cancel, _)| method.as_deref() == Some(*cancel));
            if let (Some((_, key)), Some(params)) = (withdraws, params.and_then(json::members)) {
                json::last(&params, key).map(|id| unanswered.remove(id));
            }
        }
        _ => {}
    }
}

fn answer(id: &str) -> String {
    format!(r#"{{"id":{id},"result":0}}"#)
}
