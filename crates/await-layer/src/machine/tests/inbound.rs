//! What the application has not taken, against plain queues.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::Overflow;
use crate::machine::arena::Key;

/// What the documents say that a frame is charged beside its bytes.
const OVERHEAD: usize = 128;

#[derive(Clone, Copy, Debug)]
enum Op {
    Call,
    CallEnds,
    Read { size: usize },
    Take,
    Request { size: usize },
    RequestIsDone,
    ReadNoMore,
    TakeLag,
}

/// Such as reach a limit to the byte.
fn size() -> impl Strategy<Value = usize> {
    (0..3usize).prop_map(|n| n * OVERHEAD)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::Call),
        1 => Just(Op::CallEnds),
        6 => size().prop_map(|size| Op::Read { size }),
        4 => Just(Op::Take),
        3 => size().prop_map(|size| Op::Request { size }),
        2 => Just(Op::RequestIsDone),
        1 => prop::bool::weighted(0.05)
            .prop_map(|is| if is { Op::ReadNoMore } else { Op::TakeLag }),
    ]
}

#[derive(Default)]
struct Model {
    calls: Vec<Key>,
    messages: VecDeque<usize>,
    asks: VecDeque<(Key, usize)>,
    lagged: u64,
    dropped: u64,
    forsaken: bool,
    paused: bool,
}

impl Model {
    fn is_full(&self, limits: &Limits) -> bool {
        let bytes: usize = self.messages.iter().map(|size| size + OVERHEAD).sum();
        let full = self.messages.len() >= limits.max_inbound || bytes >= limits.max_inbound_bytes;
        full && !self.messages.is_empty()
    }

    fn reads(&self, limits: &Limits) -> bool {
        let stops = match limits.overflow {
            Overflow::Lag => self.calls.is_empty(),
            Overflow::Backpressure => true,
            Overflow::Close => false,
        };
        !(stops && self.is_full(limits) && !self.forsaken)
    }
}

fn step(machine: &mut Subject, model: &mut Model, limits: &Limits, op: Op) {
    match op {
        Op::Call => {
            let new = NewCall {
                frame: Frame(0),
                deadline: None,
                rare: None,
                batch: None,
            };
            let begun = machine.begin(new);
            model.calls.push(begun.ok().expect("it is open").call);
        }
        Op::CallEnds => {
            if let Some(call) = model.calls.pop() {
                machine.cancel(call);
            }
        }
        Op::Read { size } => {
            let expected = match (model.is_full(limits), limits.overflow) {
                _ if model.forsaken => {
                    model.dropped += 1;
                    Admission::Drop
                }
                (true, Overflow::Close) => Admission::Close,
                (true, _) => {
                    model.lagged += 1;
                    model.dropped += 1;
                    Admission::Drop
                }
                (false, _) => {
                    model.messages.push_back(size);
                    let lagged = std::mem::take(&mut model.lagged);
                    Admission::Queue { lagged }
                }
            };
            assert_eq!(machine.admit(size), expected);
        }
        Op::Take => {
            if let Some(size) = model.messages.pop_front() {
                let goes_on = model.paused && !model.is_full(limits);
                assert_eq!(machine.message_taken(size), goes_on);
            }
        }
        Op::Request { size } => {
            let bytes: usize = model.asks.iter().map(|(_, size)| size + OVERHEAD).sum();
            let fits =
                model.asks.len() < MAX_REQUESTS && (bytes == 0 || bytes < limits.max_inbound_bytes);
            let ask = machine.take_in(size);
            assert_eq!(ask.is_some(), fits);
            model.asks.extend(ask.map(|ask| (ask, size)));
        }
        Op::RequestIsDone => {
            if let Some((ask, _)) = model.asks.pop_front() {
                machine.ask_is_done(ask);
            }
        }
        Op::ReadNoMore => {
            assert_eq!(machine.forsake_messages(), model.paused);
            model.paused = false;
            model.forsaken = true;
        }
        Op::TakeLag => {
            assert_eq!(machine.has_lagged(), model.lagged > 0);
            assert_eq!(machine.take_lagged(), std::mem::take(&mut model.lagged));
        }
    }
}

proptest! {
    #[test]
    fn what_is_not_taken_is_bounded_and_told(
        overflow in prop::sample::select(vec![Overflow::Lag, Overflow::Backpressure, Overflow::Close]),
        max_inbound in prop::sample::select(vec![0, 1, 3]),
        max_inbound_bytes in prop::sample::select(vec![0, 5 * OVERHEAD]),
        ops in prop::collection::vec(op(), 1..100),
    ) {
        let limits = Limits {
            max_inbound,
            max_inbound_bytes,
            max_requests: MAX_REQUESTS,
            overflow,
            ..Limits::default()
        };
        let (mut machine, mut model) = (Subject::new(limits.clone(), 0), Model::default());
        for op in ops {
            step(&mut machine, &mut model, &limits, op);
            let reads = model.reads(&limits);
            model.paused = !reads;
            assert_eq!(machine.may_read(), reads);
            let most = if model.is_full(&limits) { 1 } else { 9 };
            assert_eq!(machine.replies_at_once(9), most);
            assert_eq!(machine.stats.dropped, model.dropped);
        }
    }
}

#[test]
fn messages_beyond_the_limit_do_not_spoil_a_close() {
    let limits = Limits {
        max_inbound: 1,
        overflow: Overflow::Close,
        ..Limits::default()
    };
    let mut machine = Subject::new(limits, 0);
    assert_eq!(machine.admit(1), Admission::Queue { lagged: 0 });
    assert_eq!(machine.admit(1), Admission::Close);
    machine.drain(0);
    assert_eq!(machine.admit(1), Admission::Drop);
    assert_eq!((machine.stats.dropped, machine.take_lagged()), (1, 1));
}
