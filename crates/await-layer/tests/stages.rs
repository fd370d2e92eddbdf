//! What a stage owes is bounded, what it can no longer write is said, and what
//! it begins with comes first.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use await_layer::memory::{self, Disconnected};
use await_layer::{Flow, Stage, StageError, Staged};
use futures::executor::block_on;
use futures::{Sink, SinkExt, Stream, StreamExt};

/// A heartbeat; clones of one can be counted.
type Beat = Arc<()>;

/// Gives every heartbeat back, and delivers nothing.
struct Echo;

impl Stage for Echo {
    type Wire = Beat;
    type Frame = Beat;
    type Error = Infallible;

    fn read(&mut self, beat: Beat, out: &mut Flow<Beat, Beat>) -> Result<(), Infallible> {
        out.write(beat);
        Ok(())
    }

    fn write(&mut self, beat: Beat, out: &mut Flow<Beat, Beat>) -> Result<(), Infallible> {
        out.write(beat);
        Ok(())
    }
}

/// Writes a hundred messages for a frame, and owes nothing for what it reads.
struct Burst;

impl Stage for Burst {
    type Wire = Beat;
    type Frame = Beat;
    type Error = Infallible;

    fn read(&mut self, beat: Beat, out: &mut Flow<Beat, Beat>) -> Result<(), Infallible> {
        out.deliver(beat);
        Ok(())
    }

    fn write(&mut self, beat: Beat, out: &mut Flow<Beat, Beat>) -> Result<(), Infallible> {
        for _ in 0..100 {
            out.write(beat.clone());
        }
        Ok(())
    }
}

/// A line that brings heartbeats and takes none: its sink waits, or is dead.
struct Line {
    beat: Beat,
    left: usize,
    dead: Arc<AtomicBool>,
}

impl Line {
    fn new(left: usize) -> Self {
        Self {
            beat: Beat::default(),
            left,
            dead: Arc::default(),
        }
    }

    fn poll_sink(&self) -> Poll<Result<(), Disconnected>> {
        if self.dead.load(SeqCst) {
            Poll::Ready(Err(Disconnected))
        } else {
            Poll::Pending
        }
    }
}

impl Stream for Line {
    type Item = Result<Beat, Disconnected>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        Poll::Ready(Some(Ok(self.beat.clone())))
    }
}

impl Sink<Beat> for Line {
    type Error = Disconnected;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.poll_sink()
    }

    fn start_send(self: Pin<&mut Self>, _: Beat) -> Result<(), Disconnected> {
        panic!("it is never ready");
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.poll_sink()
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Polls as long as it is woken; `None` once nothing wakes it any more.
fn run<S: Stream + Unpin>(stream: &mut S) -> Option<Option<S::Item>> {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    loop {
        wakes.0.store(0, SeqCst);
        if let Poll::Ready(item) = stream.poll_next_unpin(&mut Context::from_waker(&waker)) {
            return Some(item);
        }
        if wakes.0.load(SeqCst) == 0 {
            return None;
        }
    }
}

#[test]
fn what_is_owed_to_a_sink_that_waits_is_bounded() {
    let line = Line::new(10_000);
    let beat = line.beat.clone();
    let mut staged = Staged::new(line, Echo);
    assert_eq!(run(&mut staged), None, "it stops reading");
    // Ours and the line's own are not owed.
    let owed = Arc::strong_count(&beat) - 2;
    assert!((1..=64).contains(&owed), "{owed}");
}

/// Or two ends that both write and wait for each other to read would hang.
#[test]
fn what_one_frame_of_ours_became_does_not_stop_the_reading() {
    let mut staged = Staged::new(Line::new(3), Burst);
    let beat = Beat::default();
    staged.start_send_unpin(beat).unwrap();
    for _ in 0..3 {
        assert!(matches!(run(&mut staged), Some(Some(Ok(_)))));
    }
    assert_eq!(run(&mut staged), Some(None));
}

#[test]
fn what_is_owed_to_a_dead_sink_is_bounded_and_reading_goes_on() {
    let line = Line::new(10_000);
    line.dead.store(true, SeqCst);
    let beat = line.beat.clone();
    let mut staged = Staged::new(line, Echo);
    let noop = &mut Context::from_waker(Waker::noop());
    for _ in 0..10 {
        assert!(staged.poll_next_unpin(noop).is_pending());
        let owed = Arc::strong_count(&beat) - 2;
        assert!(owed <= 64, "{owed}");
    }
    assert_eq!(run(&mut staged), Some(None), "the end is seen");
}

#[test]
fn reading_goes_on_when_the_sink_dies_while_all_is_owed() {
    let line = Line::new(1_000);
    let dead = line.dead.clone();
    let mut staged = Staged::new(line, Echo);
    assert_eq!(run(&mut staged), None, "it owes all that it may");
    dead.store(true, SeqCst);
    assert_eq!(run(&mut staged), Some(None), "the end is seen");
}

#[test]
fn a_fault_met_while_reading_is_told_to_whoever_writes_next() {
    let line = Line::new(1);
    line.dead.store(true, SeqCst);
    let mut staged = Staged::new(line, Echo);
    assert_eq!(run(&mut staged), Some(None));
    let noop = &mut Context::from_waker(Waker::noop());
    let told = staged.poll_ready_unpin(noop);
    assert_eq!(told, Poll::Ready(Err(StageError::Transport(Disconnected))));
}

/// Says a word first, and lets nothing out before it has heard one.
struct Greeting {
    heard: bool,
}

impl Stage for Greeting {
    type Wire = String;
    type Frame = String;
    type Error = Infallible;

    fn start(&mut self, out: &mut Flow<String, String>) {
        out.write("hello".to_owned());
    }

    fn is_ready(&self) -> bool {
        self.heard
    }

    fn read(&mut self, wire: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        match self.heard {
            true => out.deliver(wire),
            false => self.heard = true,
        }
        Ok(())
    }

    fn write(&mut self, frame: String, out: &mut Flow<String, String>) -> Result<(), Infallible> {
        out.write(frame);
        Ok(())
    }
}

type Greeted = Staged<memory::Duplex<String>, Greeting>;

fn greeted() -> (Greeted, memory::Duplex<String>) {
    let (near, far) = memory::pair(8);
    (Staged::new(near, Greeting { heard: false }), far)
}

#[test]
fn the_first_word_leaves_when_the_stage_is_read_or_flushed() {
    for read in [true, false] {
        let (mut near, mut far) = greeted();
        if read {
            assert!(run(&mut near).is_none());
        } else {
            block_on(near.flush()).unwrap();
        }
        assert_eq!(block_on(far.next()).unwrap().unwrap(), "hello");
    }
}

#[test]
fn nothing_goes_out_before_the_stage_is_ready_and_then_the_sink_is_woken() {
    let (mut near, mut far) = greeted();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(near.poll_ready_unpin(&mut cx).is_pending());
    assert_eq!(block_on(far.next()).unwrap().unwrap(), "hello");
    block_on(far.send("welcome".to_owned())).unwrap();
    let before = wakes.0.load(SeqCst);
    assert!(run(&mut near).is_none());
    assert_eq!(wakes.0.load(SeqCst), before + 1);
    assert!(near.poll_ready_unpin(&mut cx).is_ready());
    block_on(near.send("question".to_owned())).unwrap();
    assert_eq!(block_on(far.next()).unwrap().unwrap(), "question");
}

/// Ends the transport at a word that it does not know, on the way in or out.
struct Strict;

impl Stage for Strict {
    type Wire = String;
    type Frame = String;
    type Error = fmt::Error;

    fn read(&mut self, wire: String, out: &mut Flow<String, String>) -> Result<(), fmt::Error> {
        if wire != "known" {
            return Err(fmt::Error);
        }
        out.deliver(wire);
        Ok(())
    }

    fn write(&mut self, frame: String, out: &mut Flow<String, String>) -> Result<(), fmt::Error> {
        if frame != "known" {
            return Err(fmt::Error);
        }
        out.write(frame);
        Ok(())
    }
}

#[test]
fn a_stage_that_gives_up_ends_the_transport_with_its_own_error() {
    let (near, mut far) = memory::pair(8);
    let mut near = Staged::new(near, Strict);
    for word in ["known", "strange"] {
        block_on(far.send(word.to_owned())).unwrap();
    }
    assert_eq!(run(&mut near), Some(Some(Ok("known".to_owned()))));
    let end = StageError::Stage(fmt::Error);
    assert_eq!(run(&mut near), Some(Some(Err(end.clone()))));

    let (near, _far) = memory::pair(8);
    let mut near = Staged::new(near, Strict);
    block_on(near.send("known".to_owned())).unwrap();
    assert_eq!(block_on(near.send("strange".to_owned())), Err(end));
}
