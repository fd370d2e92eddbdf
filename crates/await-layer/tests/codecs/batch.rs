//! JSON-RPC batches: a stage below the layer takes an array apart and puts the
//! answers to it together again; the codec never sees one.

use std::convert::Infallible;

use await_layer::{AwaitLayer, DefaultTimer, Flow, Stage, Staged, memory, serve};
use futures::executor::block_on;
use futures::future::join;
use futures::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::json_rpc::{Answer, JsonRpc, Method};

/// Batches whose answers are incomplete, at most: a peer that abandons them
/// must not make us remember them all.
const MAX_OPEN: usize = 16;

struct Batch {
    /// The ids, as they came, that still want an answer.
    open: Vec<String>,
    answers: Vec<String>,
}

#[derive(Default)]
struct Batches(Vec<Batch>);

/// The id of a message, and whether it has a method.
fn head(text: &str) -> (Option<String>, bool) {
    #[derive(serde::Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        method: Option<&'a RawValue>,
    }
    serde_json::from_str::<Head<'_>>(text).map_or((None, false), |head| {
        let id = head.id.map(|id| id.get().to_owned());
        (id, head.method.is_some())
    })
}

impl Stage for Batches {
    type Wire = String;
    type Frame = String;
    type Error = Infallible;

    fn read(&mut self, wire: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        let Ok(messages) = serde_json::from_str::<Vec<&RawValue>>(&wire) else {
            out.deliver(wire);
            return Ok(());
        };
        let mut open = Vec::new();
        for message in messages {
            if let (Some(id), true) = head(message.get()) {
                open.push(id);
            }
            out.deliver(message.get().to_owned());
        }
        if !open.is_empty() && self.0.len() < MAX_OPEN {
            let answers = Vec::new();
            self.0.push(Batch { open, answers });
        }
        Ok(())
    }

    fn write(&mut self, frame: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        let (id, asks) = head(&frame);
        let batch = match id {
            Some(id) if !asks => self.0.iter_mut().find_map(|batch| {
                let place = batch.open.iter().position(|open| *open == id)?;
                batch.open.swap_remove(place);
                Some(batch)
            }),
            _ => None,
        };
        match batch {
            None => out.write(frame),
            Some(batch) => {
                batch.answers.push(frame);
                if batch.open.is_empty() {
                    out.write(format!("[{}]", batch.answers.join(",")));
                    self.0.retain(|batch| !batch.open.is_empty());
                }
            }
        }
        Ok(())
    }
}

type Layer = AwaitLayer<Staged<memory::Duplex<String>, Batches>, JsonRpc, DefaultTimer>;

#[test]
fn a_batch_of_requests_is_answered_by_one_array() {
    let (ours, mut theirs) = memory::pair(8);
    let (_handle, incoming) = Layer::new(Staged::new(ours, Batches::default()), JsonRpc).split();
    let serving = serve(incoming, 8, async |request: Value| {
        Ok::<_, Infallible>(Answer(Ok(request)))
    });
    let peer = async {
        let batch = json!([
            { "id": 1, "method": "a", "result": "first" },
            { "method": "note" },
            { "id": "x", "method": "b", "result": "second" },
        ]);
        theirs.send(batch.to_string()).await.unwrap();
        let answers: Value = serde_json::from_str(&theirs.next().await.unwrap().unwrap()).unwrap();
        drop(theirs);
        answers
    };
    let (_, answers) = block_on(join(serving, peer));
    let mut answers = answers.as_array().unwrap().clone();
    answers.sort_by_key(|answer| answer["id"].is_string());
    assert_eq!(answers.len(), 2, "a notification has no answer");
    assert_eq!(answers[0]["id"], json!(1));
    assert_eq!(answers[1]["id"], json!("x"));
}

#[test]
fn an_array_of_replies_reaches_every_call() {
    let (ours, mut theirs) = memory::pair(8);
    let (handle, _incoming) = Layer::new(Staged::new(ours, Batches::default()), JsonRpc).split();
    let call = |n: u64| handle.send_await::<u64>(&Method("echo", json!(n)));
    let peer = async {
        let mut replies = Vec::new();
        for _ in 0..2 {
            let request: Value =
                serde_json::from_str(&theirs.next().await.unwrap().unwrap()).unwrap();
            replies.push(json!({ "id": request["id"], "result": request["params"] }));
        }
        replies.reverse();
        theirs.send(Value::from(replies).to_string()).await.unwrap();
        theirs
    };
    let ((a, b), _open) = block_on(join(join(call(5), call(6)), peer));
    assert_eq!((a.unwrap(), b.unwrap()), (5, 6));
}
