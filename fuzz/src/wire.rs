//! Protocols on which a number is asked and answered.

use std::fmt;

use await_layer::{Protocol, WsAwait};
use await_layer_protocols::lsp::{Lsp, Method, Outcome};
use bytes::Bytes;
use serde_json::{Value, json};

/// What a transport says when it is told to fail.
#[derive(Debug)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl std::error::Error for Broken {}

/// A protocol on which a number is asked and answered.
pub trait Wire: Protocol<Frame = Bytes> + Default + 'static {
    type Question;
    type Answer;

    fn question(number: u64) -> Self::Question;
    fn answer(number: u64) -> Self::Answer;
    /// What the peer answers to a frame that asks.
    fn answers(frame: &Bytes) -> Option<Bytes>;
    /// The number in an answer.
    fn number(value: &Value) -> Option<u64>;
}

impl Wire for WsAwait<Bytes> {
    type Question = Value;
    type Answer = Value;

    fn question(number: u64) -> Value {
        json!({ "n": number })
    }

    fn answer(number: u64) -> Value {
        json!({ "n": number })
    }

    fn answers(frame: &Bytes) -> Option<Bytes> {
        Some(frame.clone())
    }

    fn number(value: &Value) -> Option<u64> {
        value["n"].as_u64()
    }
}

impl Wire for Lsp<Bytes> {
    type Question = Method<'static, [u64; 1]>;
    type Answer = Outcome;

    fn question(number: u64) -> Self::Question {
        Method("n", [number])
    }

    fn answer(number: u64) -> Outcome {
        Ok(number.into())
    }

    fn answers(frame: &Bytes) -> Option<Bytes> {
        let asked: Value = serde_json::from_slice(frame).ok()?;
        let (id, number) = (asked.get("id")?, asked.get("params")?.get(0)?);
        Some(json!({ "id": id, "result": number }).to_string().into())
    }

    fn number(value: &Value) -> Option<u64> {
        value.as_u64()
    }
}
