//! The connection is lost, at each thing that the driver asks of the transport.

use await_layer::{CallError, CloseReason, Sent};
use await_layer_testkit::script::Op;
use await_layer_testkit::words::{Kind, Word};
use futures::StreamExt;

use crate::rig::{Asked, Broken, Rig, Task, requests, rig, room_for};
use crate::{scaled, shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Fails(Op),
    Read,
    Eof,
}

const LOSSES: [Loss; 5] = [
    Loss::Fails(Op::Ready),
    Loss::Fails(Op::Send),
    Loss::Fails(Op::Flush),
    Loss::Read,
    Loss::Eof,
];

/// Calls in every state: the first third written, the second with replies that
/// have arrived unread, the last in the queue.
fn prepare(calls: usize) -> (Rig, Vec<Task<Asked>>, usize) {
    let rig = rig(room_for(calls));
    rig.remote.allow(calls - calls / 3);
    let mut driver = Task::new(rig.handle.driver());
    let mut tasks: Vec<_> = (0..calls as u64)
        .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
        .collect();
    for task in &mut tasks {
        assert!(task.run().is_none());
    }
    assert!(driver.run().is_none());
    let written = requests(rig.remote.take_written());
    let replied = calls / 3;
    for request in written.iter().rev().take(replied) {
        rig.remote.feed(request.reply(request.number));
    }
    (rig, tasks, replied)
}

/// Loses it at the `nth` time that the driver asks for this; `false` if there
/// was no such time.
fn lose(calls: usize, loss: Loss, nth: u64) -> bool {
    let (mut rig, mut tasks, replied) = prepare(calls);
    match loss {
        Loss::Fails(op) => rig.remote.fail_at(op, nth, Broken),
        Loss::Read => rig.remote.fail_read_at(nth, Broken),
        Loss::Eof => rig.remote.end_at(nth),
    }
    rig.remote.allow_all();
    // Whoever drives: one of the calls, and in as many polls as it is woken.
    let mut driver = Task::new(rig.handle.driver());
    let Some(reason): Option<CloseReason> = driver.run() else {
        return false;
    };
    let written: Vec<_> = rig.remote.take_written();
    let on_the_wire = |number: u64| {
        (number as usize) < calls - calls / 3
            || written
                .iter()
                .any(|w| w.kind == Kind::Request && w.number == number)
    };
    let mut replies = 0;
    for (number, task) in tasks.iter_mut().enumerate() {
        let number = number as u64;
        match task.turn().expect("everybody hears at once") {
            Ok(reply) => {
                assert_eq!(reply.number, number);
                replies += 1;
            }
            Err(CallError::Closed {
                reason: theirs,
                sent,
                frame,
            }) => {
                assert_eq!(theirs, reason, "the same for everybody");
                match sent {
                    Sent::No => assert!(!on_the_wire(number) && frame.is_some()),
                    Sent::Yes => assert!(on_the_wire(number) && frame.is_none()),
                    Sent::Maybe => assert!(frame.is_none()),
                }
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    match loss {
        // Replies that had come may be had before the end, never others.
        Loss::Fails(_) => assert!(replies <= replied, "{loss:?} {nth}"),
        // What was read before it is had, and nothing after it.
        Loss::Read | Loss::Eof => {
            let read = usize::try_from(nth - 1).expect("few");
            assert_eq!(replies, read.min(replied), "{loss:?} {nth}");
        }
    }
    assert_eq!(rig.handle.in_flight(), 0);
    assert!(rig.remote.is_dropped(), "the transport is let go at once");
    let mut later = Task::new(rig.handle.send_await::<Word>(&Word::new(0)));
    assert!(matches!(
        later.run(),
        Some(Err(CallError::Closed { sent: Sent::No, .. }))
    ));
    assert!(matches!(Task::new(rig.incoming.next()).run(), Some(None)));
    true
}

#[test]
fn f08_at_every_step_of_the_driver_the_end_reaches_everybody_at_once() {
    const CALLS: usize = 300;
    let [ready, send, flush, read, eof] = LOSSES.map(|loss| {
        let mut steps = (1..).take_while(|nth| lose(CALLS, loss, *nth));
        steps.by_ref().count()
    });
    // A frame for each third that was still in the queue, a reply for each that
    // was not; and then the driver asks once more.
    assert!(send == CALLS / 3 && ready >= send, "{ready} {send}");
    assert!(flush > 0, "{flush}");
    assert!(read > CALLS / 3 && eof == read, "{read} {eof}");
    let steps = ready + send + flush + read + eof;
    shown!(
        "F8",
        "{CALLS} calls in every state, lost at each of {steps} steps ({ready} of `poll_ready`, \
         {send} of `start_send`, {flush} of `poll_flush`, {read} of reading, failed and ended): \
         one reason, 0 hang"
    );
}

#[test]
fn f08_it_reaches_ten_thousand_calls_in_one_poll_of_the_driver() {
    let calls = scaled(10_000, 3000);
    for loss in LOSSES {
        assert!(lose(calls, loss, 1), "{loss:?}");
    }
    // And once all replies that had come are read.
    for loss in [Loss::Read, Loss::Eof] {
        assert!(lose(calls, loss, calls as u64 / 3 + 1), "{loss:?}");
    }
    shown!(
        "F8",
        "{calls} calls in every state: all fail in the poll that sees the end"
    );
}
