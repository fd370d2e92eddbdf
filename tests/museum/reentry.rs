//! User code never runs where it could hang or harm others: what is dropped,
//! woken or asked may call the handle, and may panic.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use await_layer::{
    AwaitLayer, Event, Handle, IdGenerator, Limits, ManualSleep, ManualTimer, Replies, Slot,
    SlotIds, Timer,
};
use await_layer_testkit::contract::Contract;
use await_layer_testkit::script::{self, Op};
use futures::{FutureExt, StreamExt};

use crate::notes::{self, Cargo, Note, NoteStage, note_stage};
use crate::stage::{Broken, Joint, Letters, Task, end_of, layer, part_of, reply_to, stage};

/// Fails where the test would hang, as it does when it takes a lock twice.
fn comes_back(test: impl FnOnce() + Send + 'static) {
    let (done, waits) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    // Only a hang takes this long.
    let hangs = waits.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout);
    assert!(!hangs, "a lock is held while user code runs");
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

type Wide = SlotIds<u64>;
type Stream = Replies<notes::Joint<Wide>, Note>;

/// A stream that was asked for, and its request as it was written.
fn asked(stage: &NoteStage<Wide>) -> (Stream, String) {
    let mut stream = stage.handle.send_stream(&Note::new("list"));
    assert!(Task::new(stream.next()).run().is_none());
    let request = stage.remote.take_written().remove(0);
    (stream, request.text)
}

/// Asks the handle when it is dropped, and counts that.
fn nosy_cargo(stage: &NoteStage<Wide>) -> (Arc<Cargo>, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    let (handle, counted) = (stage.handle.clone(), drops.clone());
    let cargo = Cargo::new(move || {
        let _ = handle.in_flight();
        counted.fetch_add(1, SeqCst);
    });
    (cargo, drops)
}

#[test]
fn the_parts_of_a_dropped_stream_may_call_the_handle() {
    comes_back(|| {
        let stage = note_stage(Wide::new(), Limits::default());
        let (mut stream, request) = asked(&stage);
        let (cargo, drops) = nosy_cargo(&stage);
        stage.remote.feed(Note::new(part_of(&request, "taken")));
        let waits = Note::with(part_of(&request, "waits"), &cargo);
        stage.remote.feed(waits);
        stage.remote.feed(Note::new(end_of(&request)));
        drop(cargo);
        assert!(Task::new(stream.next()).run().is_some());
        assert_eq!(drops.load(SeqCst), 0);
        drop(stream);
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn a_part_that_does_not_fit_may_call_the_handle() {
    comes_back(|| {
        let limits = Limits {
            max_parts: 1,
            ..Limits::default()
        };
        let stage = note_stage(Wide::new(), limits);
        let (mut stream, request) = asked(&stage);
        let (cargo, drops) = nosy_cargo(&stage);
        stage.remote.feed(Note::new(part_of(&request, "fits")));
        let last = Note::with(reply_to(&request, "does not"), &cargo);
        stage.remote.feed(last);
        drop(cargo);
        assert!(Task::new(stream.next()).run().is_some());
        assert_eq!(drops.load(SeqCst), 1);
    });
}

#[test]
fn messages_that_go_with_their_stream_may_call_the_handle() {
    comes_back(|| {
        let stage = note_stage(Wide::new(), Limits::default());
        let (cargo, drops) = nosy_cargo(&stage);
        stage.remote.feed(Note::with("message", &cargo));
        stage.remote.feed(Note::with("q1 request", &cargo));
        drop(cargo);
        assert!(Task::new(stage.handle.driver()).run().is_none());
        drop(stage.incoming);
        // Refusals take their turn.
        assert!(Task::new(stage.handle.driver()).run().is_none());
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// An id that carries something along.
#[derive(Clone)]
struct Tag {
    number: u64,
    _cargo: Option<Arc<Cargo>>,
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

impl FromStr for Tag {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse()?;
        Ok(Self {
            number,
            _cargo: None,
        })
    }
}

struct Tags(Wide);

impl IdGenerator for Tags {
    type Id = Tag;

    fn next(&mut self, slot: Slot) -> Option<Tag> {
        let number = self.0.next(slot)?;
        Some(Tag {
            number,
            _cargo: None,
        })
    }
}

#[test]
fn a_chosen_id_may_call_the_handle() {
    for expires in [false, true] {
        comes_back(move || {
            let (stage, _layer) = layer(Tags(Wide::new()), Limits::default());
            stage.remote.pend(Op::Ready);
            let handle = stage.handle.clone();
            let drops = Arc::new(AtomicUsize::new(0));
            let counted = drops.clone();
            let cargo = Cargo::new(move || {
                let _ = handle.in_flight();
                counted.fetch_add(1, SeqCst);
            });
            let chosen = Tag {
                number: 7,
                _cargo: Some(cargo),
            };
            let call = stage.handle.send_await::<String>("hello").with_id(chosen);
            let mut call = Task::new(call);
            assert!(call.run().is_none());
            if expires {
                stage.timer.advance(Duration::from_secs(10));
            } else {
                stage.remote.end();
            }
            assert!(call.run().is_some());
            drop(call);
            assert_eq!(drops.load(SeqCst), 1, "expires: {expires}");
        });
    }
}

/// A waker that asks the handle when it is woken and when it is dropped.
struct NosyWaker {
    handle: Handle<Joint>,
    asked: Arc<AtomicUsize>,
}

impl NosyWaker {
    fn ask(&self) {
        let _ = self.handle.in_flight();
        self.asked.fetch_add(1, SeqCst);
    }
}

impl Wake for NosyWaker {
    fn wake(self: Arc<Self>) {
        self.ask();
    }
}

impl Drop for NosyWaker {
    fn drop(&mut self) {
        self.ask();
    }
}

#[test]
fn a_waker_may_call_the_handle_when_it_is_woken_or_replaced() {
    for replaced in [false, true] {
        comes_back(move || {
            let (stage, _incoming) = stage();
            let asked = Arc::new(AtomicUsize::new(0));
            let mut driver = Task::new(stage.handle.driver());
            let mut call = stage.handle.send_await::<String>("hello");
            assert!(driver.run().is_none());
            let nosy = Waker::from(Arc::new(NosyWaker {
                handle: stage.handle.clone(),
                asked: asked.clone(),
            }));
            let polled = call.poll_unpin(&mut Context::from_waker(&nosy));
            assert!(polled.is_pending());
            drop(nosy);
            assert!(driver.run().is_none());
            let so_far = asked.load(SeqCst);
            let request = stage.remote.take_written().remove(0);
            if replaced {
                let noop = &mut Context::from_waker(Waker::noop());
                assert!(call.poll_unpin(noop).is_pending());
            } else {
                stage.remote.feed(reply_to(&request, "yes"));
                assert!(driver.run().is_none());
            }
            assert!(asked.load(SeqCst) > so_far, "replaced: {replaced}");
        });
    }
}

struct PanickingWaker;

impl Wake for PanickingWaker {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}

#[test]
fn a_waker_that_panics_costs_nobody_else_their_wake() {
    let (stage, _incoming) = stage();
    let mut driver = Task::new(stage.handle.driver());
    let mut unlucky = stage.handle.send_await::<String>("unlucky");
    let mut other = stage.ask("other");
    let noop = &mut Context::from_waker(Waker::noop());
    assert!(unlucky.poll_unpin(noop).is_pending() && other.run().is_none());
    assert!(driver.run().is_none());
    let panics = Waker::from(Arc::new(PanickingWaker));
    let polled = unlucky.poll_unpin(&mut Context::from_waker(&panics));
    assert!(polled.is_pending() && driver.run().is_none());
    for request in stage.remote.take_written() {
        stage.remote.feed(reply_to(&request, "yes"));
    }
    let polled = catch_unwind(AssertUnwindSafe(|| driver.poll()));
    assert!(polled.is_err(), "whoever polls it hears of the panic");
    assert_eq!(other.run(), Some(Ok("yes".to_owned())));
}

/// A clock that panics when told to, once.
struct FaultyClock {
    clock: ManualTimer,
    panics: Arc<AtomicBool>,
}

impl Timer for FaultyClock {
    type Sleep = ManualSleep;

    fn now(&self) -> u64 {
        assert!(!self.panics.swap(false, SeqCst), "a clock that panics");
        self.clock.now()
    }

    fn sleep(&self) -> ManualSleep {
        self.clock.sleep()
    }
}

#[test]
fn a_clock_that_panics_hangs_nobody_else() {
    let (io, remote) = script::scripted::<String, Broken>();
    let protocol = Letters {
        ids: Wide::new(),
        answers_cancelled: true,
    };
    let panics = Arc::new(AtomicBool::new(false));
    let timer = FaultyClock {
        clock: ManualTimer::new(),
        panics: panics.clone(),
    };
    let layer = AwaitLayer::with(Contract::new(io), protocol, timer, Limits::default());
    let handle = layer.handle();
    let mut unlucky = Task::new(handle.send_await::<String>("unlucky"));
    let mut other = Task::new(handle.send_await::<String>("other"));
    panics.store(true, SeqCst);
    // Whether this call fails or panics is its own affair.
    drop(catch_unwind(AssertUnwindSafe(|| unlucky.poll().is_ready())));
    assert!(!panics.load(SeqCst), "the clock was asked");
    remote.end();
    assert!(matches!(other.run(), Some(Err(_))));
}

#[test]
fn a_packer_that_panics_in_an_answer_refuses_the_request() {
    let (stage, mut incoming) = stage();
    stage.remote.feed("q1 hello".to_owned());
    let Some(Some(Event::Request(request))) = Task::new(incoming.next()).run() else {
        panic!("a request");
    };
    let responder = request.responder;
    let packed = catch_unwind(AssertUnwindSafe(|| drop(responder.reply("unpackable"))));
    assert!(packed.is_err());
    assert!(Task::new(incoming.next()).run().is_none());
    assert_eq!(stage.remote.take_written(), ["e1 Dropped"]);
}
