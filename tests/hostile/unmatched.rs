//! F21: replies to nothing.

use std::fmt::Debug;
use std::time::Instant;

use await_layer::{
    AwaitIdCodec, Cause, Limits, PackedBy, Peek, Protocol, Sequential, Unpack, WsAwait,
};
use await_layer_testkit::rng::Rng;
use serde_json::{Value, json};

use crate::hose::Source;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

/// Calls that wait meanwhile, and must not be taken for one that is meant.
const CALLS: usize = 1000;

pub(crate) fn measure(table: &mut Table) {
    flood::<_, Vec<u8>>(
        table,
        "kind byte, ids of slots",
        Kinds::default,
        &vec![7],
        any_id,
    );
    let in_a_map = || Kinds(Sequential::starting_at(1 << 40));
    flood::<_, Vec<u8>>(table, "kind byte, ids in a map", in_a_map, &vec![7], any_id);
    let ws_await = WsAwait::<String>::new;
    flood::<_, Value>(
        table,
        "ws-await, ids with our tag",
        ws_await,
        &json!({}),
        |request| our_tag(request),
    );
}

/// Half of them aim at slots that are in use.
fn any_id(_: &Vec<u8>) -> Source<Vec<u8>> {
    let mut rng = Rng::new(21);
    Box::new(move || {
        let (id, slot) = (rng.next_u64(), rng.below(2 * CALLS));
        let id = match slot < CALLS {
            true => (id << 32) | slot as u64,
            false => id,
        };
        Some(wire::frame(b'r', id, b"a reply to nothing at all"))
    })
}

/// As only this peer can make them: it was given a request.
fn our_tag(request: &str) -> Source<String> {
    let tag = wire::ws_await_id(request)[..13].to_owned();
    let mut rng = Rng::new(21);
    Box::new(move || {
        let (index, turn) = (rng.below(2 * CALLS), rng.below(10_000_000));
        Some(format!(
            r#"{{"awaitId":"{tag}{index:07}{turn:07}x","n":1}}"#
        ))
    })
}

fn flood<P, R>(
    table: &mut Table,
    wire: &str,
    protocol: impl Fn() -> P,
    body: &impl PackedBy<P::Frame, P::Packer>,
    forge: impl Fn(&P::Frame) -> Source<P::Frame>,
) where
    P: Protocol<Frame: Debug + 'static, Packer: Unpack<P::Frame, R>>,
{
    let replies = scaled(10_000_000);
    let limits = Limits {
        unmatched_budget: usize::MAX,
        ..Limits::default()
    };
    let mut rig = Rig::new(protocol(), limits);
    let calls = rig.calls::<R>(CALLS, body);
    let request = rig.written.borrow_mut().pop_front().expect("a request");
    let (mut frames, mut left) = (forge(&request), replies);
    rig.make(move || {
        left = left.checked_sub(1)?;
        frames()
    });
    rig.peak.restart();
    let begin = Instant::now();
    let turns = rig.turns(|rig| rig.read() == replies as u64);
    let whole = begin.elapsed();
    let (peak, left) = (rig.peak.most(), rig.peak.left());
    let allocations = rig.peak.allocations();
    let stats = rig.handle.stats();
    let counted = stats.late + stats.unknown;
    table.exactly(
        &format!("{wire}: counted"),
        counted,
        "replies",
        replies as u64,
    );
    table.exactly(
        &format!("{wire}: calls completed"),
        stats.replied,
        "calls",
        0,
    );
    let waiting = rig.handle.in_flight() as u64;
    table.exactly(
        &format!("{wire}: calls waiting"),
        waiting,
        "calls",
        CALLS as u64,
    );
    table.at_most(
        &format!("{wire}: memory at the peak"),
        peak,
        "bytes",
        64 << 10,
    );
    table.at_most(
        &format!("{wire}: memory afterwards"),
        left,
        "bytes",
        1 << 10,
    );

    // Work that is counted: turns, and allocations beyond the frames' own.
    let fewest = replies.div_ceil(Limits::default().frames_per_turn);
    table.at_most(&format!("{wire}: turns"), turns, "turns", fewest + 1);
    rig.peak.restart();
    let (mut frames, (_, mut codec, _)) = (forge(&request), protocol().into_parts());
    let begin = Instant::now();
    for _ in 0..replies {
        let frame = frames().expect("without end");
        assert!(!matches!(codec.peek(&frame), Peek::Other));
    }
    let parsing = begin.elapsed();
    let beyond = allocations.saturating_sub(rig.peak.allocations());
    table.at_most(
        &format!("{wire}: allocations beyond the frames"),
        beyond,
        "",
        16,
    );
    let each = whole.saturating_sub(parsing).as_nanos() as f64 / replies as f64;
    table.shown(
        &format!("{wire}: each, beyond being made and parsed"),
        each,
        "ns",
    );
    drop(calls);
    ends::<P, R>(table, wire, protocol(), body, forge);
}

/// With the default budget.
fn ends<P, R>(
    table: &mut Table,
    wire: &str,
    protocol: P,
    body: &impl PackedBy<P::Frame, P::Packer>,
    forge: impl Fn(&P::Frame) -> Source<P::Frame>,
) where
    P: Protocol<Frame: Debug + 'static, Packer: Unpack<P::Frame, R>>,
{
    let limits = Limits::default();
    let budget = limits.unmatched_budget as u64;
    let mut rig = Rig::new(protocol, limits);
    let _calls = rig.calls::<R>(CALLS, body);
    let request = rig.written.borrow_mut().pop_front().expect("a request");
    rig.make(forge(&request));
    let reason = (0..100).find_map(|_| rig.turn()).expect("it goes on");
    let named = reason.cause() == Cause::Unmatched;
    table.holds(
        &format!("{wire}: by default it ends, {:?}", reason.cause()),
        named,
    );
    let stats = rig.handle.stats();
    let counted = stats.late + stats.unknown;
    table.exactly(
        &format!("{wire}: by default, borne"),
        counted - 1,
        "replies",
        budget,
    );
}
