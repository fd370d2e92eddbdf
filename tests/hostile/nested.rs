//! F25: JSON nested a hundred thousand deep, through every codec, packer and
//! stage of JSON.

use std::thread;

use await_layer::memory::{self, Duplex};
use await_layer::{
    AwaitLayer, Event, Handle, Limits, ManualTimer, PackedBy, Protocol, Staged, Transport, Unpack,
    WsAwait,
};
use await_layer_protocols::cdp::{self, Cdp};
use await_layer_protocols::dap::{self, Dap};
use await_layer_protocols::graphql_ws::{self, GraphqlWs, Operation, Session};
use await_layer_protocols::json_rpc::{self, Batches, JsonRpc, Method};
use await_layer_protocols::{lsp, mcp};
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};

use crate::hose::poll;
use crate::table::Table;

const DEPTH: usize = 100_000;
/// A thread's, a quarter of what a thread has by default.
const STACK: usize = 512 << 10;

/// ID stands for the id of a call that waits, DEEP for what is nested.
const WS_AWAIT: &[&str] = &[
    r#"{"awaitId":ID,"a":DEEP}"#,
    r#"{"a":DEEP,"awaitId":ID}"#,
    r#"{"awaitId":"theirs","a":DEEP}"#,
    r#"{"awaitId":DEEP,"a":1}"#,
    r#"{"await\u0049d":DEEP}"#,
    "DEEP",
];

const JSON_RPC: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":ID,"result":DEEP}"#,
    r#"{"jsonrpc":"2.0","id":ID,"error":{"code":1,"message":"","data":DEEP}}"#,
    r#"{"jsonrpc":"2.0","id":ID,"error":DEEP}"#,
    r#"{"jsonrpc":"2.0","result":DEEP,"id":ID}"#,
    r#"{"jsonrpc":"2.0","id":DEEP,"result":1}"#,
    r#"{"jsonrpc":"2.0","id":7,"method":"m","params":DEEP}"#,
    r#"{"jsonrpc":"2.0","method":"m","params":DEEP}"#,
    r#"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":DEEP}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":DEEP}}"#,
    r#"[{"jsonrpc":"2.0","id":7,"method":"m","params":DEEP},{"id":ID,"result":DEEP}]"#,
    "[DEEP,DEEP]",
    "DEEP",
];

const CDP: &[&str] = &[
    r#"{"id":ID,"result":DEEP}"#,
    r#"{"id":ID,"error":{"code":1,"message":"","data":DEEP}}"#,
    r#"{"id":7,"method":"m","params":DEEP}"#,
    r#"{"method":"m","params":DEEP,"sessionId":"s"}"#,
    r#"{"id":7,"method":"m","sessionId":DEEP}"#,
    "DEEP",
];

const DAP: &[&str] = &[
    r#"{"seq":1,"type":"response","request_seq":ID,"success":true,"command":"m","body":DEEP}"#,
    r#"{"seq":1,"type":"response","request_seq":ID,"success":false,"command":"m","body":DEEP}"#,
    r#"{"seq":2,"type":"request","command":"m","arguments":DEEP}"#,
    r#"{"seq":3,"type":"event","event":"m","body":DEEP}"#,
    r#"{"seq":DEEP,"type":DEEP}"#,
    "DEEP",
];

const GRAPHQL: &[&str] = &[
    r#"{"id":ID,"type":"next","payload":{"data":DEEP}}"#,
    r#"{"id":ID,"type":"error","payload":DEEP}"#,
    r#"{"type":"ping","payload":DEEP}"#,
    r#"{"id":DEEP,"type":"next"}"#,
    "DEEP",
];

pub(crate) fn measure(table: &mut Table) {
    let builder = thread::Builder::new().stack_size(STACK);
    let thread = builder.spawn(each).expect("a thread");
    // A stack that overflows ends the whole program.
    let counts = thread.join().expect("no panic");
    for (name, frames) in counts {
        let what = format!("{name}: frames nested {DEPTH} deep on a stack of {STACK} bytes");
        table.holds(&format!("{what}, {frames} of them, survived"), frames > 0);
    }
}

fn each() -> Vec<(&'static str, usize)> {
    let method = Method("m", ());
    let rpc = || JsonRpc::<String>::new();
    let lsp = || JsonRpc::<String, lsp::Requests>::default();
    let mcp = || JsonRpc::<String, mcp::Requests>::default();
    let dap = dap::Command("m", ());
    let query = Operation::single("{m}", ());
    let bare = |io| io;
    let batches = |io| Staged::new(io, Batches::<String>::default());
    let session = |io| Staged::new(io, Session::<String>::client());
    let ws = WsAwait::<String>::new;
    let no = &[];
    let ack = &[r#"{"type":"connection_ack"}"#][..];
    type Rpc = json_rpc::Received;
    vec![
        (
            "ws-await",
            tell::<_, _, Value>(bare, ws, &json!({}), no, WS_AWAIT),
        ),
        (
            "JSON-RPC",
            tell::<_, _, Rpc>(bare, rpc, &method, no, JSON_RPC),
        ),
        (
            "JSON-RPC, batches",
            tell::<_, _, Rpc>(batches, rpc, &method, no, JSON_RPC),
        ),
        ("LSP", tell::<_, _, Rpc>(bare, lsp, &method, no, JSON_RPC)),
        ("MCP", tell::<_, _, Rpc>(bare, mcp, &method, no, JSON_RPC)),
        (
            "CDP",
            tell::<_, _, cdp::Received>(bare, Cdp::<String>::new, &method, no, CDP),
        ),
        (
            "DAP",
            tell::<_, _, dap::Received>(bare, Dap::<String>::new, &dap, no, DAP),
        ),
        (
            "GraphQL",
            tell::<_, _, graphql_ws::Received>(session, || GraphqlWs, &query, ack, GRAPHQL),
        ),
    ]
}

/// Each of the texts on a connection of its own: peeked at, stripped, unpacked.
/// How many there were.
fn tell<S, P, Q>(
    transport: impl Fn(Duplex<String>) -> S,
    protocol: impl Fn() -> P,
    request: &impl PackedBy<P::Frame, P::Packer>,
    hello: &[&str],
    texts: &[&str],
) -> usize
where
    S: Transport<P::Frame>,
    P: Protocol<Packer: Unpack<P::Frame, Value> + Unpack<P::Frame, Q>>,
{
    let shapes = [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"id":"#, "}]")];
    let mut told = 0;
    for text in texts {
        for (open, close) in shapes {
            let (near, mut far) = memory::pair(16);
            let timer = ManualTimer::new();
            let layer = AwaitLayer::with(transport(near), protocol(), timer, Limits::default());
            let (handle, mut incoming) = layer.split();
            let mut say = |text: String| {
                let said = far.send(text).now_or_never();
                assert!(matches!(said, Some(Ok(()))), "there is room");
            };
            hello.iter().for_each(|text| say((*text).to_owned()));
            let mut call = handle.send_await::<Value>(request);
            assert!(poll(&mut call).is_pending());
            while let Some(Some(_)) = incoming.next().now_or_never() {}
            let mut id = None;
            while let Some(Some(Ok(text))) = far.next().now_or_never() {
                id = id.or_else(|| id_of(&text));
            }
            let id = id.expect("a request");
            let deep = open.repeat(DEPTH) + "1" + &close.repeat(DEPTH);
            let text = text.replace("ID", &id).replace("DEEP", &deep);
            assert!(matches!(far.send(text).now_or_never(), Some(Ok(()))));
            while let Some(Some(event)) = incoming.next().now_or_never() {
                take::<_, Q>(&handle, event);
            }
            // Read it was: by its own call, or not at all.
            if let Some(Ok(value)) = call.now_or_never() {
                assert!(value.to_string().len() < DEPTH, "it was unpacked");
            }
            assert!(handle.stats().read > 0 || handle.close_reason().is_some());
            told += 1;
        }
    }
    told
}

fn take<L, Q>(handle: &Handle<L>, event: Event<L>)
where
    L: await_layer::Connection<Packer: Unpack<L::Frame, Value> + Unpack<L::Frame, Q>>,
{
    match event {
        Event::Message(frame) => {
            // What is deep is not in what is read of it.
            if let Ok(value) = handle.unpack::<Value>(frame) {
                assert!(value.to_string().len() < DEPTH, "it was unpacked");
            }
        }
        Event::Request(request) => {
            let request: Result<(Q, _), _> = request.unpack();
            drop(request);
        }
        _ => {}
    }
}

/// The id of a request of ours, as JSON.
fn id_of(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let id = ["awaitId", "id", "seq"]
        .iter()
        .find_map(|name| value.get(name));
    id.map(Value::to_string)
}
