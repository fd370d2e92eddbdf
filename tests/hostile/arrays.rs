//! F25: arrays of too many messages, and answers that wait for one another.

use await_layer::Staged;
use await_layer::memory::{self, Duplex};
use await_layer_protocols::json_rpc::Batches;
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::peak::Peak;
use crate::table::Table;

/// One message, as large as our adapters let through.
const LARGEST: usize = 1 << 20;
/// What answers that wait may take by default.
const MAX_BYTES: usize = 512 << 10;
/// Arrays of requests, and how many of each are answered.
const ARRAYS: usize = 16;
const EACH: usize = 100;
const ANSWER: usize = 10_000;

type Io = Duplex<String>;

pub(crate) fn measure(table: &mut Table) {
    many(table);
    waiting(table);
}

fn rig() -> (Staged<Io, Batches<String>>, Io) {
    let (near, far) = memory::pair(ARRAYS);
    (Staged::new(near, Batches::default()), far)
}

fn send(to: &mut (impl SinkExt<String> + Unpin), text: String) {
    assert!(matches!(to.send(text).now_or_never(), Some(Ok(()))));
}

fn many(table: &mut Table) {
    let (mut stage, mut far) = rig();
    let array = format!("[{}1]", "1,".repeat(LARGEST / 2 - 1));
    send(&mut far, array);
    let peak = Peak::new();
    let mut delivered = 0;
    if let Some(Some(_)) = stage.next().now_or_never() {
        delivered = 1;
    }
    let what = |what: &str| format!("an array of {} messages: {what}", LARGEST / 2);
    table.exactly(&what("delivered"), delivered, "messages", 0);
    table.at_most(&what("memory asked for"), peak.asked(), "bytes", 64 << 10);
}

fn waiting(table: &mut Table) {
    let (mut stage, mut far) = rig();
    let peak = Peak::new();
    let mut read = 0;
    for array in 0..ARRAYS {
        let ids = array * EACH * 2..;
        let request = |id| json!({ "id": id, "method": "x" });
        let requests = ids.clone().take(EACH + 1).map(request);
        send(&mut far, Value::from_iter(requests).to_string());
        while let Some(Some(_)) = stage.next().now_or_never() {}
        for id in ids.take(EACH) {
            let answer = json!({ "id": id, "result": "x".repeat(ANSWER) });
            send(&mut stage, answer.to_string());
            while let Some(Some(Ok(text))) = far.next().now_or_never() {
                read += text.len();
            }
            peak.look();
        }
    }
    let what = format!("{ARRAYS} arrays of requests, one of each not answered");
    let given = ARRAYS * EACH * ANSWER;
    let missing = given.saturating_sub(read);
    table.at_most(&format!("{what}: not written"), missing, "bytes", MAX_BYTES);
    // Ids and frames ahead of their answers.
    let most = MAX_BYTES + (128 << 10);
    table.at_most(&format!("{what}: memory"), peak.most(), "bytes", most);
}
