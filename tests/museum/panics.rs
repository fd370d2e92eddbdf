//! A panic anywhere in a turn ends the connection, for everybody.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::ParseIntError;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;

use await_layer::{
    AwaitIdCodec, AwaitLayer, Cause, Event, Head, IdGenerator, Limits, Locate, ManualSleep,
    ManualTimer, Peek, Protocol, Refusal, SealError, Sleep, Slot, Timer,
};
use await_layer_testkit::script::{self, Scripted};
use futures::{Sink, Stream, StreamExt};

use crate::stage::{Broken, Letters, LettersCodec, Task, Words, reply_to};

/// What can panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Point {
    Peek,
    Strip,
    Size,
    Seal,
    Cancel,
    Refuse,
    NextId,
    Locate,
    Hash,
    Read,
    Ready,
    Send,
    Flush,
    Close,
    Now,
    Sleep,
}

const POINTS: [Point; 16] = [
    Point::Peek,
    Point::Strip,
    Point::Size,
    Point::Seal,
    Point::Cancel,
    Point::Refuse,
    Point::NextId,
    Point::Locate,
    Point::Hash,
    Point::Read,
    Point::Ready,
    Point::Send,
    Point::Flush,
    Point::Close,
    Point::Now,
    Point::Sleep,
];

thread_local! {
    static FUSE: Cell<Option<Point>> = const { Cell::new(None) };
}

/// Panics here if it is this one's turn, once.
fn spark(point: Point) {
    if FUSE.get() == Some(point) {
        FUSE.set(None);
        panic!("{point:?} panics");
    }
}

/// An id that is looked up.
#[derive(Clone, PartialEq, Eq)]
struct Tag(u64);

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        spark(Point::Hash);
        self.0.hash(state);
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Tag {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

struct Tags(u64);

impl IdGenerator for Tags {
    type Id = Tag;

    fn next(&mut self, _: Slot) -> Option<Tag> {
        spark(Point::NextId);
        self.0 += 1;
        Some(Tag(self.0))
    }

    fn locate(&self, _: &Tag) -> Locate {
        spark(Point::Locate);
        Locate::Map
    }
}

struct Fused;

struct FusedCodec(LettersCodec<Tag>);

impl Protocol for Fused {
    type Frame = String;
    type Packer = Words;
    type Codec = FusedCodec;
    type Ids = Tags;

    fn into_parts(self) -> (Words, FusedCodec, Tags) {
        let letters = Letters {
            ids: Tags(0),
            answers_cancelled: true,
        };
        let (words, codec, ids) = letters.into_parts();
        (words, FusedCodec(codec), ids)
    }
}

impl AwaitIdCodec<String> for FusedCodec {
    type Id = Tag;
    type Ask = String;

    fn peek(&mut self, frame: &String) -> Peek<Tag, String> {
        spark(Point::Peek);
        self.0.peek(frame)
    }

    fn seal(&mut self, frame: &mut String, head: Head<'_, Tag, String>) -> Result<(), SealError> {
        spark(Point::Seal);
        self.0.seal(frame, head)
    }

    fn strip(&mut self, frame: &mut String) {
        spark(Point::Strip);
        self.0.strip(frame);
    }

    fn cancel(&mut self, id: &Tag) -> Option<String> {
        spark(Point::Cancel);
        self.0.cancel(id)
    }

    fn refuse(&mut self, ask: &String, why: Refusal) -> Option<String> {
        spark(Point::Refuse);
        self.0.refuse(ask, why)
    }

    fn size(frame: &String) -> usize {
        spark(Point::Size);
        frame.len()
    }
}

struct Io(Scripted<String, Broken>);

impl Stream for Io {
    type Item = Result<String, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        spark(Point::Read);
        self.0.poll_next_unpin(cx)
    }
}

impl Sink<String> for Io {
    type Error = Broken;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        spark(Point::Ready);
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: String) -> Result<(), Broken> {
        spark(Point::Send);
        Pin::new(&mut self.0).start_send(frame)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        spark(Point::Flush);
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        spark(Point::Close);
        Pin::new(&mut self.0).poll_close(cx)
    }
}

#[derive(Clone)]
struct Clock(ManualTimer);

struct Alarm(ManualSleep);

impl Timer for Clock {
    type Sleep = Alarm;

    fn now(&self) -> u64 {
        spark(Point::Now);
        self.0.now()
    }

    fn sleep(&self) -> Alarm {
        Alarm(self.0.sleep())
    }
}

impl Sleep for Alarm {
    fn poll_until(&mut self, deadline: u64, cx: &mut Context<'_>) -> Poll<()> {
        spark(Point::Sleep);
        self.0.poll_until(deadline, cx)
    }
}

#[test]
fn a_panic_at_any_point_of_a_turn_ends_the_connection_for_everybody() {
    for point in POINTS {
        let (io, remote) = script::scripted::<String, Broken>();
        let clock = Clock(ManualTimer::new());
        let layer = AwaitLayer::with(Io(io), Fused, clock.clone(), Limits::default());
        let (handle, mut incoming) = layer.split();
        let mut driver = Task::new(handle.driver());
        let mut calls = ["answered", "late", "dropped"].map(|body| {
            let call = handle.send_await::<String>(body);
            Task::new(call.timeout(Duration::from_millis(10)))
        });
        for call in &mut calls {
            assert!(call.poll().is_pending() && driver.run().is_none());
        }
        let written = remote.take_written();
        remote.feed("q1 work".to_owned());
        assert!(driver.run().is_none());
        let event = Task::new(incoming.next()).run().flatten();
        let Some(Event::Request(request)) = event else {
            panic!("{event:?}");
        };
        let mut closed = Task::new(handle.closed());
        assert!(closed.poll().is_pending());
        // All that a turn can do is due at once; only the driver takes it.
        let [answered, late, dropped] = calls;
        drop((dropped, request));
        let mut waiters = vec![answered];
        if point == Point::Close {
            drop(late);
            closed = Task::new(handle.close());
            assert!(closed.poll().is_pending());
        } else {
            let mut queued = Task::new(handle.send_await::<String>("queued"));
            assert!(queued.poll().is_pending());
            waiters.extend([late, queued]);
            remote.feed("notice".to_owned());
            clock.0.advance(Duration::from_millis(10));
        }
        remote.feed(reply_to(&written[0], "yes"));
        FUSE.set(Some(point));
        let reason = driver.run().expect("it ends");
        assert_eq!(FUSE.get(), None, "{point:?} was not reached");
        assert_eq!(reason.cause(), Cause::Panicked, "{point:?}");
        assert_eq!(closed.run(), Some(reason), "{point:?}");
        for mut waiter in waiters {
            assert!(waiter.run().is_some(), "{point:?} leaves one behind");
        }
        let rest = Task::new(incoming.collect::<Vec<_>>()).run();
        assert!(rest.is_some(), "{point:?}");
        assert_eq!(handle.in_flight(), 0, "{point:?}");
        assert!(remote.is_dropped(), "{point:?}");
        assert!(handle.try_send("more").is_err());
    }
}
