//! The machine against a model that keeps everything in plain vectors.

mod deadlines;
mod model;

use proptest::prelude::*;

use super::arena::Key;
use super::*;
use model::{Call, How, MAX_IN_FLIGHT, MAX_PARTS, MAX_RETIRED, Model, QUARANTINE, Wire, ended};

type Subject = Machine<u32, u64, u64>;

#[derive(Clone, Copy, Debug)]
enum Op {
    Begin {
        timeout: Option<u64>,
        streams: bool,
    },
    /// Writes the next thing; a request may be refused by its codec.
    Write {
        refuse: bool,
        retire: bool,
    },
    Flush,
    Answer {
        call: usize,
        kind: Answer,
    },
    Advance(u64),
    Cancel(usize),
    Take(usize),
    Drain,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        4 => Just(Answer::Last),
        2 => Just(Answer::Part),
        1 => Just(Answer::End),
    ];
    let timeout = prop_oneof![Just(None), (0..40u64).prop_map(Some)];
    prop_oneof![
        6 => (timeout, any::<bool>()).prop_map(|(timeout, streams)| Op::Begin { timeout, streams }),
        8 => (prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(refuse, retire)| Op::Write { refuse, retire }),
        2 => Just(Op::Flush),
        6 => (0..64usize, kind).prop_map(|(call, kind)| Op::Answer { call, kind }),
        3 => (0..30u64).prop_map(Op::Advance),
        2 => (0..64usize).prop_map(Op::Cancel),
        5 => (0..64usize).prop_map(Op::Take),
        1 => prop::bool::weighted(0.05).prop_map(|rare| if rare { Op::Drain } else { Op::Flush }),
        1 => prop::bool::weighted(0.05).prop_map(|rare| if rare { Op::Close } else { Op::Flush }),
    ]
}

/// Runs one operation on both and compares what can be seen.
fn step(subject: &mut Subject, model: &mut Model, op: Op) {
    match op {
        Op::Begin { timeout, streams } => {
            let new = NewCall {
                frame: 0,
                chosen: None,
                deadline: timeout.map(|timeout| (model.now + timeout, timeout)),
                streams,
                party: Key::NULL,
            };
            let begun = subject.begin(new);
            assert_eq!(begun.is_err(), model.draining || model.closed);
            if let Ok(key) = begun {
                model.calls.push(Call {
                    key,
                    caller: Some(None),
                    wire: Wire::Permit,
                    deadline: timeout.map(|timeout| model.now + timeout),
                    timeout,
                    streams,
                    parts: 0,
                });
            }
        }
        Op::Write { refuse, retire } => match subject.next_write() {
            None => assert!(model.queue.is_empty()),
            Some(Write::Request {
                call: key, frame, ..
            }) => {
                let call = model.dequeue(|entry| !entry.1);
                assert_eq!(key, model.calls[call].key);
                if refuse {
                    subject.call_is_refused(key, Refused::IdInUse, frame);
                    model.calls[call].end(How::Refused);
                    model.calls[call].wire = Wire::Gone;
                } else {
                    subject.call_is_live(key, retire);
                    let flushed = false;
                    model.calls[call].wire = Wire::Live { flushed, retire };
                }
            }
            Some(Write::Cancel { call: key }) => {
                let call = model.calls.iter().position(|call| call.key == key).unwrap();
                model.dequeue(|entry| *entry == (call, true));
                let retired = model.calls[call].wire == Wire::Leaving { retire: true };
                assert_eq!(subject.call_has_left(key, model.now), !retired);
                let until = model.now + QUARANTINE;
                model.calls[call].wire = if retired {
                    Wire::Retired { until }
                } else {
                    Wire::Gone
                };
            }
            Some(_) => panic!("nothing else was queued"),
        },
        Op::Flush => {
            subject.flushed();
            for call in &mut model.calls {
                if let Wire::Live { flushed, .. } = &mut call.wire {
                    *flushed = true;
                }
            }
        }
        Op::Answer { call, kind } => {
            // The directory knows live, leaving and retired calls only.
            let known = |call: &Call| {
                matches!(
                    call.wire,
                    Wire::Live { .. } | Wire::Leaving { .. } | Wire::Retired { .. }
                )
            };
            if model.calls.get(call).is_some_and(known) {
                let key = model.calls[call].key;
                let waited = model.calls[call].waits();
                let matched = subject.answer(key, kind, 0, 0, model.now);
                model.answer(call, kind);
                assert_eq!(matched.release, model.calls[call].wire == Wire::Gone);
                let late = !waited;
                assert!(
                    !late || matched.stray.is_some(),
                    "a late reply reached somebody"
                );
            }
        }
        Op::Advance(time) => {
            model.now += time;
            subject.expire(model.now, &mut Vec::new());
            model.expire();
        }
        Op::Cancel(call) => {
            if model
                .calls
                .get(call)
                .is_some_and(|call| call.caller.is_some())
            {
                subject.cancel(model.calls[call].key);
                model.calls[call].caller = None;
                model.leave(call);
            }
        }
        Op::Take(call) => {
            if let Some(call) = model.calls.get_mut(call) {
                while call.caller.is_some() && call.parts > 0 {
                    assert_eq!(subject.take_part(call.key), Some(0));
                    call.parts -= 1;
                }
                let taken = subject.take(call.key).as_ref().map(ended);
                assert_eq!(taken, call.caller.flatten());
                if taken.is_some() {
                    call.caller = None;
                }
            }
        }
        Op::Drain => {
            subject.drain(model.now);
            model.draining = true;
        }
        Op::Close => {
            subject.close(&CloseReason::new(Cause::Eof, ""));
            if !model.closed {
                for call in &mut model.calls {
                    if call.waits() {
                        call.end(How::Closed(call.sent()));
                    }
                    call.wire = Wire::Gone;
                }
                model.queue.clear();
                model.closed = true;
            }
        }
    }
    model.promote();
    let waiting = model.calls.iter().filter(|call| call.waits()).count();
    assert_eq!(subject.in_flight(), waiting);
    assert_eq!(subject.has_outgoing(), !model.queue.is_empty());
    assert_eq!(subject.deadlines.next(), model.next_deadline());
    let live = |call: &&Call| call.caller.is_some() || call.wire != Wire::Gone;
    assert_eq!(subject.calls.len(), model.calls.iter().filter(live).count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_machine_does_what_the_model_says(ops in prop::collection::vec(op(), 1..120)) {
        let limits = Limits {
            max_in_flight: MAX_IN_FLIGHT,
            max_retired: MAX_RETIRED,
            max_parts: MAX_PARTS,
            quarantine: std::time::Duration::from_nanos(QUARANTINE),
            ..Limits::default()
        };
        let mut subject = Subject::new(limits);
        let mut model = Model::default();
        for op in ops {
            step(&mut subject, &mut model, op);
        }
    }
}
