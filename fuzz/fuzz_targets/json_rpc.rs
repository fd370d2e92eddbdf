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
        // The second is met by what an input has room for.
        for max_bytes in [512 << 10, bytes.len()] {
            batches::<Plain>(text.lines(), max_bytes);
            batches::<mcp::Requests>(text.lines(), max_bytes);
        }
    }
});

type Wire<D> = Staged<script::Scripted<String, std::io::Error>, Batches<String, D>>;

/// Messages of one array, at most.
const MAX_MESSAGES: usize = 1000;

/// Everything that comes is delivered once, unless it is too much for one array,
/// and every answer leaves, alone or with others to the same array, as soon as
/// none is missing.
fn batches<'a, D: Dialect>(frames: impl Iterator<Item = &'a str>, max_bytes: usize) {
    let (transport, remote) = script::scripted::<String, std::io::Error>();
    let batches = Batches::<String, D>::default().max_bytes(max_bytes);
    let mut stage = Staged::new(transport, batches);
    let mut unanswered = BTreeSet::new();
    let mut answers = Vec::new();
    let mut together = Vec::new();
    let mut refused = 0;
    for frame in frames {
        remote.feed(frame.to_owned());
        let array = serde_json::from_str::<Vec<&RawValue>>(frame).ok();
        let messages = match &array {
            Some(messages) if (1..=MAX_MESSAGES).contains(&messages.len()) => {
                messages.iter().map(|it| it.get()).collect()
            }
            Some(_) => {
                refused += 1;
                Vec::new()
            }
            None => vec![frame],
        };
        if array.is_some() {
            let mut asks = BTreeSet::new();
            messages.iter().for_each(|it| asked::<Plain>(it, &mut asks));
            together.push(asks.iter().map(|id| answer(id)).collect::<BTreeSet<_>>());
        }
        for message in messages {
            let delivered = stage.next().now_or_never().flatten();
            assert_eq!(delivered.unwrap().unwrap(), message);
            asked::<D>(message, &mut unanswered);
        }
        assert!(stage.next().now_or_never().is_none(), "out of nothing");
        // One at once; the others when all has been asked.
        if let Some(id) = unanswered.pop_first() {
            give(&mut stage, answer(&id), &mut answers);
        }
    }
    for id in &unanswered {
        give(&mut stage, answer(id), &mut answers);
    }
    let mut written = Vec::new();
    for frame in remote.take_written() {
        match serde_json::from_str::<Vec<&RawValue>>(&frame) {
            Ok(array) => {
                assert!(frame.len() <= max_bytes, "an array of {}", frame.len());
                let array: Vec<_> = array.iter().map(|it| it.get().to_owned()).collect();
                let belongs = |one: &BTreeSet<_>| array.iter().all(|it| one.contains(it));
                assert!(together.iter().any(belongs), "{frame} answers no array");
                written.extend(array);
            }
            Err(_) => written.push(frame),
        }
    }
    let complaints = written.iter().filter(|it| it.contains("Invalid Request"));
    assert_eq!(complaints.count(), refused, "arrays not taken apart");
    written.retain(|it| !it.contains("Invalid Request"));
    written.sort();
    answers.sort();
    assert_eq!(written, answers, "answers are kept back or were made up");
}

/// The layer answers.
fn give(stage: &mut Wire<impl Dialect>, answer: String, answers: &mut Vec<String>) {
    let sent = stage.send(answer.clone()).now_or_never();
    sent.expect("nothing is in its way").unwrap();
    answers.push(answer);
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
