//! What arrays may make us hold, and how long answers to them may be kept.

use std::convert::Infallible;
use std::io;

use await_layer::{AwaitLayer, Staged, serve};
use await_layer_protocols::json_rpc::{Batches, JsonRpc, Outcome, Received};
use await_layer_testkit::script::{self, Remote, Scripted};
use await_layer_tokio::tokio_util::codec::Framed;
use await_layer_tokio::{Checked, Codec, Lines};
use bytes::Bytes;
use futures::future::{Either, select};
use futures::{FutureExt, SinkExt, StreamExt};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// What the answers to all open arrays may take by default, and one array.
const MAX_BYTES: usize = 512 << 10;
/// Messages of one array, at most.
const MAX_MESSAGES: usize = 1000;
/// Batches whose answers are awaited, at most.
const MAX_OPEN: u64 = 16;

type Wire = Scripted<String, io::Error>;

/// A stage, and the peer below it.
struct Rig {
    stage: Staged<Wire, Batches<String>>,
    remote: Remote<String, io::Error>,
}

impl Rig {
    fn new(batches: Batches<String>) -> Self {
        let (wire, remote) = script::scripted();
        let stage = Staged::new(wire, batches);
        Self { stage, remote }
    }

    /// How many messages the layer gets of this.
    fn read(&mut self, text: String) -> usize {
        self.remote.feed(text);
        let mut frames = 0;
        while let Some(frame) = self.stage.next().now_or_never() {
            frame.unwrap().unwrap();
            frames += 1;
        }
        frames
    }

    /// Reads an array of requests with these ids.
    fn ask(&mut self, ids: impl IntoIterator<Item = u64>) {
        let requests = ids
            .into_iter()
            .map(|id| json!({ "id": id, "method": "x" }))
            .collect::<Vec<_>>();
        assert_eq!(self.read(json!(requests).to_string()), requests.len());
    }

    /// The layer answers `id`; what is written because of it.
    fn answer(&mut self, id: u64, bytes: usize) -> Vec<String> {
        let sent = self.stage.send(answer(id, bytes)).now_or_never();
        sent.expect("nothing is in its way").unwrap();
        self.remote.take_written()
    }
}

/// An answer that holds a text of so many bytes.
fn answer(id: u64, bytes: usize) -> String {
    json!({ "id": id, "result": "x".repeat(bytes) }).to_string()
}

/// The answers in what was written.
fn answers(written: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<&RawValue>>(written) {
        Ok(array) => array.iter().map(|it| it.get().to_owned()).collect(),
        Err(_) => vec![written.to_owned()],
    }
}

/// A refusal that the layer dropped, say.
#[test]
fn an_answer_that_is_lost_takes_no_place_from_later_batches() {
    let mut rig = Rig::new(Batches::new());
    for batch in 0..MAX_OPEN {
        rig.ask([batch * 2, batch * 2 + 1]);
        let written = rig.answer(batch * 2, 1);
        assert_eq!(written, [""; 0], "the other one is missing");
    }
    rig.ask([100, 101]);
    // The oldest makes room with what it has.
    assert_eq!(rig.remote.take_written(), [format!("[{}]", answer(0, 1))]);
    assert_eq!(rig.answer(1, 1), [answer(1, 1)], "late, but not lost");
    assert_eq!(rig.answer(100, 1), [""; 0], "the other one is missing");
    let both = format!("[{},{}]", answer(100, 1), answer(101, 1));
    assert_eq!(rig.answer(101, 1), [both]);
}

/// As long as one slow request of each array is not answered.
#[test]
fn the_answers_of_open_batches_are_bounded_in_bytes() {
    const EACH: u64 = 100;
    let mut rig = Rig::new(Batches::new());
    let (mut given, mut written) = (Vec::new(), Vec::new());
    let mut held = 0;
    for batch in 0..MAX_OPEN {
        rig.ask((0..=EACH).map(|n| batch * 1000 + n));
        for n in 0..EACH {
            let id = batch * 1000 + n;
            given.push(answer(id, 10_000));
            held += answer(id, 10_000).len();
            for frame in rig.answer(id, 10_000) {
                assert!(frame.len() <= MAX_BYTES, "an array of {}", frame.len());
                let answers = answers(&frame);
                held -= answers.iter().map(String::len).sum::<usize>();
                written.extend(answers);
            }
            assert!(held <= MAX_BYTES, "{held} bytes are held");
        }
    }
    assert!(held > MAX_BYTES / 2, "in arrays, not one by one: {held}");
    for batch in 0..MAX_OPEN {
        let id = batch * 1000 + EACH;
        given.push(answer(id, 1));
        let frames = rig.answer(id, 1);
        written.extend(frames.iter().flat_map(|frame| answers(frame)));
    }
    given.sort();
    written.sort();
    assert!(written == given, "each answer leaves, and leaves once");
}

/// Ids are held too, as long as nobody answers.
#[test]
fn the_ids_of_open_batches_are_bounded_in_bytes() {
    let mut rig = Rig::new(Batches::new());
    let id = |n: u64| format!("{n}{}", "x".repeat(100_000));
    for n in 0..MAX_OPEN {
        rig.read(json!([{ "id": id(n), "method": "x" }]).to_string());
    }
    let mut kept = 0;
    for n in 0..MAX_OPEN {
        let answer = json!({ "id": id(n), "result": 1 }).to_string();
        rig.stage.send(answer).now_or_never().unwrap().unwrap();
        for written in rig.remote.take_written() {
            kept += usize::from(written.starts_with('['));
        }
    }
    assert_eq!(kept, MAX_BYTES / 100_000);
}

#[test]
fn an_answer_beyond_the_bytes_leaves_alone_and_takes_no_other_with_it() {
    let mut rig = Rig::new(Batches::new().max_bytes(10_000));
    rig.ask(1..=4);
    assert_eq!(rig.answer(1, 1), [""; 0]);
    assert_eq!(rig.answer(2, 10_000), [answer(2, 10_000)]);
    assert_eq!(rig.answer(3, 1), [""; 0]);
    let rest = [1, 3, 4].map(|id| answer(id, 1)).join(",");
    assert_eq!(rig.answer(4, 1), [format!("[{rest}]")]);
    rig.ask(1..=2);
    assert_eq!(rig.answer(1, 1), [""; 0]);
    let written = rig.answer(2, 10_000);
    let alone = format!("[{}]", answer(1, 1));
    assert_eq!(
        written,
        [answer(2, 10_000), alone],
        "and it may be the last"
    );
}

#[test]
fn with_no_bytes_at_all_answers_leave_one_by_one() {
    let mut rig = Rig::new(Batches::new().max_bytes(0));
    rig.ask(1..=2);
    assert_eq!(rig.answer(1, 1), [answer(1, 1)]);
    assert_eq!(rig.answer(2, 1), [answer(2, 1)]);
}

#[test]
fn an_array_of_too_many_messages_is_refused_as_one() {
    let mut rig = Rig::new(Batches::new());
    // Half a million messages in a MiB.
    for many in [MAX_MESSAGES + 1, 1 << 19] {
        let ones = vec!["1"; many].join(",");
        assert_eq!(rig.read(format!("[{ones}]")), 0, "messages to deliver");
        let written = rig.remote.take_written();
        let [refusal] = written.as_slice() else {
            panic!("{} messages", written.len());
        };
        let refusal: Value = serde_json::from_str(refusal).unwrap();
        assert_eq!(refusal["jsonrpc"], json!("2.0"));
        assert_eq!(refusal["id"], Value::Null);
        assert_eq!(refusal["error"]["code"], json!(-32600));
        let why = refusal["error"]["message"].as_str().unwrap();
        assert!(why.starts_with("Invalid Request"), "{why}");
        assert!(why.contains(&MAX_MESSAGES.to_string()), "{why}");
    }
    rig.ask(0..MAX_MESSAGES as u64);
    // No JSON, and none of ours to answer.
    let ones = "1,".repeat(MAX_MESSAGES + 1);
    assert_eq!(rig.read(format!("[{ones}")), 1);
    assert_eq!(rig.remote.take_written(), [""; 0]);
}

/// Of the transport's largest message, with what it is by default.
#[tokio::test]
async fn an_array_of_answers_that_fit_does_not_end_the_connection() {
    const MANY: usize = 120;
    let (near, far) = tokio::io::duplex(1 << 16);
    let framed = Framed::new(near, Codec::new(Lines::new()));
    let io = Staged::new(framed, Batches::<Bytes>::default());
    let protocol = Checked::new(JsonRpc::<Bytes>::new(), Lines::new());
    let (_handle, incoming) = AwaitLayer::new(io, protocol).split();
    let server = serve(incoming, MANY, async |_: Received| {
        let outcome: Outcome = Ok(json!("x".repeat(10_000)));
        Ok::<_, Infallible>(outcome)
    });
    let mut far = BufReader::new(far);
    let requests = (0..MANY).map(|id| json!({ "id": id, "method": "x" }));
    let text = Value::from_iter(requests).to_string() + "\n";
    let peer = async {
        far.write_all(text.as_bytes()).await.unwrap();
        let (mut lines, mut all) = (0, 0);
        while all < MANY {
            let mut line = String::new();
            far.read_line(&mut line).await.unwrap();
            assert!(!line.is_empty(), "the connection has ended");
            all += answers(&line).len();
            lines += 1;
        }
        (lines, all)
    };
    match select(Box::pin(server), Box::pin(peer)).await {
        Either::Left((reason, _)) => panic!("{reason:?}"),
        Either::Right((read, _)) => assert_eq!(read, (3, MANY), "arrays, answers"),
    }
}
