//! The transport, the wire and the tasks of these tests.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, AwaitLayer, Call, Handle, Head, IdGenerator, Incoming, Limits, Link, ManualTimer,
    Pack, Packer, Peek, Protocol, Refusal, SealError, SlotIds, Unpack,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Remote, Scripted};
use await_layer_testkit::wakers::CountingWaker;

pub(crate) type Io = Contract<Scripted<String, Broken>>;
pub(crate) type Joint<G = SlotIds<u64>> = Link<Io, Letters<G>, ManualTimer>;
pub(crate) type Layer<G = SlotIds<u64>> = AwaitLayer<Io, Letters<G>, ManualTimer>;
pub(crate) type Asked<G = SlotIds<u64>> = Call<Joint<G>, String>;

/// How long a parked designee may hold up the others.
pub(crate) const BOUND: Duration = Duration::from_millis(100);

/// One end on a transport that the test plays.
pub(crate) struct Stage<G: Ids = SlotIds<u64>> {
    pub(crate) remote: Remote<String, Broken>,
    pub(crate) timer: ManualTimer,
    pub(crate) handle: Handle<Joint<G>>,
}

pub(crate) fn stage() -> (Stage, Incoming<Joint>) {
    stage_with(Limits::default())
}

pub(crate) fn stage_with(limits: Limits) -> (Stage, Incoming<Joint>) {
    let (stage, layer) = layer(SlotIds::new(), limits);
    let (_, incoming) = layer.split();
    (stage, incoming)
}

pub(crate) fn layer<G: Ids>(ids: G, limits: Limits) -> (Stage<G>, Layer<G>) {
    let (io, remote) = script::scripted();
    let protocol = Letters {
        ids,
        answers_cancelled: true,
    };
    play(io, remote, protocol, limits)
}

pub(crate) fn play<G: Ids>(
    io: Scripted<String, Broken>,
    remote: Remote<String, Broken>,
    protocol: Letters<G>,
    limits: Limits,
) -> (Stage<G>, Layer<G>) {
    let timer = ManualTimer::new();
    let layer = AwaitLayer::with(Contract::new(io), protocol, timer.clone(), limits);
    let stage = Stage {
        remote,
        timer,
        handle: layer.handle(),
    };
    (stage, layer)
}

impl<G: Ids> Stage<G> {
    pub(crate) fn ask(&self, body: &str) -> Task<Asked<G>> {
        Task::new(self.handle.send_await(body))
    }

    pub(crate) fn ask_within(&self, millis: u64, body: &str) -> Task<Asked<G>> {
        let call = self.handle.send_await(body);
        Task::new(call.timeout(Duration::from_millis(millis)))
    }

    /// Moves the clock on, a little at a time.
    pub(crate) fn pass(&self, time: Duration, mut meanwhile: impl FnMut()) {
        let step = Duration::from_millis(1);
        for _ in 0..time.as_millis() {
            self.timer.advance(step);
            meanwhile();
        }
    }
}

/// The reply to a written request, with this body.
pub(crate) fn reply_to(request: &str, body: &str) -> String {
    let (id, _) = request[1..].split_once(' ').expect("a request");
    assert!(request.starts_with('q'), "{request} is no request");
    format!("r{id} {body}")
}

/// What the peer is told of a request that nobody answers.
pub(crate) fn refusal(ask: u32, why: Refusal) -> String {
    format!("e{ask} {why:?}")
}

/// A part of the reply to a written request, and the end of it.
pub(crate) fn part_of(request: &str, body: &str) -> String {
    reply_to(request, body).replacen('r', "p", 1)
}

pub(crate) fn end_of(request: &str) -> String {
    reply_to(request, "").trim_end().replacen('r', "z", 1)
}

/// A future that is polled when the test says so.
pub(crate) struct Task<F: Future> {
    future: Option<Pin<Box<F>>>,
    pub(crate) waker: CountingWaker,
    begun: bool,
}

impl<F: Future> Task<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            future: Some(Box::pin(future)),
            waker: CountingWaker::new(),
            begun: false,
        }
    }

    /// Polls once, whether it was woken or not.
    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.begun = true;
        self.waker.take();
        let waker = self.waker.waker();
        let future = self.future.as_mut().expect("not done before");
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            self.future = None;
        }
        polled
    }

    /// What an executor does: polls at first and whenever it is woken.
    pub(crate) fn run(&mut self) -> Option<F::Output> {
        while self.future.is_some() && (!self.begun || self.waker.wakes() > 0) {
            if let Poll::Ready(output) = self.poll() {
                return Some(output);
            }
        }
        None
    }

    pub(crate) fn into_inner(self) -> Pin<Box<F>> {
        self.future.expect("not done before")
    }
}

/// Takes the written frames: one request for each body, in this order.
pub(crate) fn requests(remote: &Remote<String, Broken>, bodies: &[&str]) -> Vec<String> {
    let written = remote.take_written();
    let said: Vec<_> = written
        .iter()
        .map(|frame| frame.split_once(' ').map(|(head, body)| (&head[..1], body)))
        .collect();
    let expected: Vec<_> = bodies.iter().map(|body| Some(("q", *body))).collect();
    assert_eq!(said, expected);
    written
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the line is dead")
    }
}

impl std::error::Error for Broken {}

/// Generators of ids that can be written as text.
pub(crate) trait Ids: IdGenerator<Id: Text> {}
impl<G: IdGenerator<Id: Text>> Ids for G {}

pub(crate) trait Text: Clone + Eq + std::hash::Hash + fmt::Display + FromStr {}
impl<I: Clone + Eq + std::hash::Hash + fmt::Display + FromStr> Text for I {}

/// A letter, an id and a space in front of the body: `q` asks, `r` replies,
/// `p` is a part and `z` the end of a streamed reply, `e` refuses, `c` cancels.
/// Anything else is plain.
pub(crate) struct Letters<G> {
    pub(crate) ids: G,
    pub(crate) answers_cancelled: bool,
}

pub(crate) struct LettersCodec<I> {
    answers_cancelled: bool,
    id: PhantomData<I>,
}

impl<G: Ids> Protocol for Letters<G> {
    type Frame = String;
    type Packer = Words;
    type Codec = LettersCodec<G::Id>;
    type Ids = G;

    fn into_parts(self) -> (Words, LettersCodec<G::Id>, G) {
        let codec = LettersCodec {
            answers_cancelled: self.answers_cancelled,
            id: PhantomData,
        };
        (Words, codec, self.ids)
    }
}

impl<I: Text> AwaitIdCodec<String> for LettersCodec<I> {
    type Id = I;
    type Ask = String;

    fn peek(&mut self, frame: &String) -> Peek<I, String> {
        assert_ne!(frame, "poison", "a frame that the codec chokes on");
        let mut words = frame.splitn(2, ' ');
        let head = words.next().unwrap_or_default();
        let Some((letter, id)) = head.split_at_checked(1) else {
            return Peek::Other;
        };
        match (letter, id.parse()) {
            ("q", _) => Peek::Request(id.to_owned()),
            ("c", _) => Peek::Cancel(id.to_owned()),
            ("r" | "e", Ok(id)) => Peek::Reply(id),
            ("p", Ok(id)) => Peek::Part(id),
            ("z", Ok(id)) => Peek::End(id),
            _ => Peek::Other,
        }
    }

    fn seal(&mut self, frame: &mut String, head: Head<'_, I, String>) -> Result<(), SealError> {
        let head = match head {
            _ if frame == "unsealable" => return Err(SealError::new("it does not seal")),
            Head::Request(id) => format!("q{id} "),
            Head::Reply(ask) => format!("r{ask} "),
            Head::Part(ask) => format!("p{ask} "),
            Head::Plain => String::new(),
        };
        frame.insert_str(0, &head);
        Ok(())
    }

    fn strip(&mut self, frame: &mut String) {
        if let Some((head, body)) = frame.split_once(' ') {
            let mark = if head.starts_with('e') { "!" } else { "" };
            *frame = format!("{mark}{body}");
        }
    }

    fn cancel(&mut self, id: &I) -> Option<String> {
        Some(format!("c{id}"))
    }

    fn refuse(&mut self, ask: &String, why: Refusal) -> Option<String> {
        Some(format!("e{ask} {why:?}"))
    }

    fn end(&mut self, ask: &String) -> Option<String> {
        Some(format!("z{ask}"))
    }

    fn answers_cancelled(&self) -> bool {
        self.answers_cancelled
    }

    fn size(frame: &String) -> usize {
        frame.len()
    }
}

/// Text as it is; a refusal is an error, `garbled` cannot be read and
/// `unspeakable` not be said. It panics on `unpackable` and on a `poisoned body`.
#[derive(Debug)]
pub(crate) struct Words;

impl Packer for Words {
    type Error = String;
}

impl<T: AsRef<str> + ?Sized> Pack<String, T> for Words {
    fn pack(&self, value: &T) -> Result<String, String> {
        let text = value.as_ref();
        assert_ne!(text, "unpackable", "a value that the packer chokes on");
        match text {
            "unspeakable" => Err(text.to_owned()),
            text => Ok(text.to_owned()),
        }
    }
}

impl Unpack<String, String> for Words {
    fn unpack(&self, frame: String) -> Result<String, String> {
        assert_ne!(frame, "poisoned body", "a body that the packer chokes on");
        if frame.starts_with('!') || frame == "garbled" {
            return Err(frame);
        }
        Ok(frame)
    }
}
