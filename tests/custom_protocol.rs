//! The protocol that `docs/custom-protocol.md` builds. What stands there as code
//! is what stands here: the last test compares the two.

use await_layer::{
    AwaitIdCodec, Head, Pack, Packer, Peek, Protocol, Refusal, SealError, SlotIds, Unpack,
};

/// A line: its mark, its number if it has one, its text.
fn read(line: &str) -> (char, Option<u64>, &str) {
    let (head, text) = line.split_once(' ').unwrap_or((line, ""));
    let mut head = head.chars();
    let mark = head.next().unwrap_or_default();
    (mark, head.as_str().parse().ok(), text)
}

struct Texts;

/// What the other end said instead of an answer.
#[derive(Debug, PartialEq)]
struct Failed(String);

impl Packer for Texts {
    type Error = Failed;
}

impl Pack<String, String> for Texts {
    fn pack(&self, text: &String) -> Result<String, Failed> {
        Ok(format!("* {text}"))
    }
}

impl Pack<String, Result<String, Failed>> for Texts {
    fn pack(&self, answer: &Result<String, Failed>) -> Result<String, Failed> {
        match answer {
            Ok(text) => self.pack(text),
            Err(Failed(why)) => Ok(format!("# {why}")),
        }
    }
}

impl Unpack<String, String> for Texts {
    fn unpack(&self, line: String) -> Result<String, Failed> {
        match read(&line) {
            ('#', _, why) => Err(Failed(why.to_owned())),
            (_, _, text) => Ok(text.to_owned()),
        }
    }
}

struct Marks;

impl AwaitIdCodec<String> for Marks {
    type Id = u64; // names a call of ours
    type Ask = u64; // names a call of the peer's

    fn peek(&mut self, line: &String) -> Peek<u64, u64> {
        match read(line) {
            ('?', Some(ask), _) => Peek::Request(ask),
            ('!' | '#', Some(id), _) => Peek::Reply(id),
            ('~', Some(ask), _) => Peek::Cancel(ask),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, line: &mut String, head: Head<'_, u64, u64>) -> Result<(), SealError> {
        *line = match (head, read(line)) {
            _ if line.contains(['\n', '\r']) => return Err(SealError::new("more than a line")),
            (Head::Plain, ('*', None, _)) => return Ok(()),
            (Head::Request(id), ('*', None, text)) => format!("?{id} {text}"),
            (Head::Reply(ask), ('*', None, text)) => format!("!{ask} {text}"),
            (Head::Reply(ask), ('#', None, why)) => format!("#{ask} {why}"),
            _ => return Err(SealError::new("pack a text; errors answer requests only")),
        };
        Ok(())
    }

    fn cancel(&mut self, id: &u64) -> Option<String> {
        Some(format!("~{id}"))
    }

    fn refuse(&mut self, ask: &u64, why: Refusal) -> Option<String> {
        (why != Refusal::Duplicate).then(|| format!("#{ask} refused: {why:?}"))
    }

    fn size(line: &String) -> usize {
        line.len()
    }
}

struct Notes;

impl Protocol for Notes {
    type Frame = String;
    type Packer = Texts;
    type Codec = Marks;
    type Ids = SlotIds<u64>;

    fn into_parts(self) -> (Texts, Marks, SlotIds<u64>) {
        (Texts, Marks, SlotIds::new())
    }
}

use std::convert::Infallible;

use await_layer::{AwaitLayer, CallError, DefaultTimer, memory, serve};
use futures::executor::block_on;
use futures::future::join;

#[test]
fn ada_asks_bob() {
    let (left, right) = memory::pair(8);
    let ada = AwaitLayer::new(left, Notes).handle();
    let (_bob, from_ada) = AwaitLayer::new(right, Notes).split();

    let serving = serve(from_ada, 16, async |question: String| {
        Ok::<_, Infallible>(match question.as_str() {
            "where?" => Ok("in the kitchen".to_owned()),
            _ => Err(Failed("I do not know".to_owned())),
        })
    });
    let asking = async {
        let place = ada.send_await::<String>(&"where?".to_owned()).await;
        assert_eq!(place.unwrap(), "in the kitchen");
        let reason = ada.send_await::<String>(&"why?".to_owned()).await;
        let Err(CallError::Unpack(Failed(why))) = reason else {
            panic!("{reason:?}");
        };
        assert_eq!(why, "I do not know");
        ada.close().await
    };
    block_on(join(asking, serving));
}

use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LinesCodec};

/// Ends a connection whose peer sends a line of more than 4 KiB.
fn on(stream: TcpStream) -> AwaitLayer<Framed<TcpStream, LinesCodec>, Notes, DefaultTimer> {
    let lines = LinesCodec::new_with_max_length(4096);
    AwaitLayer::new(Framed::new(stream, lines), Notes)
}

#[tokio::test]
async fn they_talk_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ada = on(TcpStream::connect(address).await.unwrap()).handle();
    let bob = on(listener.accept().await.unwrap().0);

    let (_, from_ada) = bob.split();
    let echo = async |said: String| Ok::<_, Infallible>(Ok::<_, Failed>(said));
    let serving = tokio::spawn(serve(from_ada, 16, echo));
    let reply = ada.send_await::<String>(&"hello".to_owned()).await;
    assert_eq!(reply.unwrap(), "hello");
    ada.close().await;
    serving.await.unwrap();
}

use await_layer_testkit::conformance::{self, Samples, mangled};

#[test]
fn the_suite_finds_no_fault() {
    let texts = || ["", "where?", "é ?7 !7"].map(str::to_owned);
    let damaged = [mangled(b"?7 where?", 1), mangled(b"!7 here", 2)].concat();
    let damaged = damaged.iter().map(|it| String::from_utf8_lossy(it));
    let samples = Samples::new(texts(), texts())
        .plain(["* news".to_owned()])
        .unsealable(["", "?7 taken", "* two\nlines"].map(str::to_owned))
        .hostile(damaged.map(|it| it.into_owned()));
    conformance::protocol(|| Notes, &samples);
}

// The guide ends here.

/// The lines of code in a text that starts and stops being code at `fence`.
fn code<'a>(text: &'a str, fence: (&str, &str)) -> Vec<&'a str> {
    let parts = text.split(fence.0).skip(1);
    let parts = parts.filter_map(|part| part.split_once(fence.1));
    let lines = parts.flat_map(|(code, _)| code.lines());
    lines.filter(|line| !line.trim().is_empty()).collect()
}

#[test]
fn the_guide_shows_this_code() {
    let guide = code(
        include_str!("../docs/custom-protocol.md"),
        ("```rust\n", "```"),
    );
    let here = code(
        include_str!("custom_protocol.rs"),
        ("two.\n", "// The guide"),
    );
    for (guide, here) in guide.iter().zip(&here) {
        assert_eq!(guide, here);
    }
    assert_eq!(guide.len(), here.len());
    let protocol = here.iter().take_while(|line| !line.starts_with("use std"));
    let is_code = |line: &&&str| !line.trim_start().starts_with("//");
    let lines = protocol.filter(is_code).count();
    assert!(lines < 80, "{lines} lines");
}
