//! F22: what nobody takes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Poll;

use await_layer::{Limits, PackedBy, Protocol, Unpack, WsAwait};
use serde_json::{Value, json};

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

/// So many of the peer's to one reply to a call of ours.
const BETWEEN: usize = 250;
/// What an event is held in, beside its frame: a slot, an id, a place in the
/// queue, and their tables' room to grow.
const EACH: usize = 512;

/// What the peer sends, of how many bytes, and how it answers.
struct Peer<F> {
    what: &'static str,
    count: usize,
    size: usize,
    sends: fn(u64, usize) -> F,
    asks: fn(&F) -> bool,
    answers: fn(&F) -> F,
}

fn request(n: u64, size: usize) -> Vec<u8> {
    wire::frame(b'q', n, &vec![b'x'; size])
}

fn message(n: u64, size: usize) -> Vec<u8> {
    wire::frame(b'm', n, &vec![b'x'; size])
}

fn kinds(what: &'static str, count: usize, size: usize) -> Peer<Vec<u8>> {
    Peer {
        what,
        count,
        size,
        sends: request,
        asks: |frame| wire::head(frame).0 == b'q',
        answers: |frame| wire::frame(b'r', wire::head(frame).1, b"yes"),
    }
}

fn ws_await(what: &'static str, count: usize, size: usize) -> Peer<String> {
    Peer {
        what,
        count,
        size,
        sends: |n, size| format!(r#"{{"awaitId":"{n}","body":"{}"}}"#, "x".repeat(size)),
        asks: |_| true,
        answers: |frame| format!(r#"{{"awaitId":"{}"}}"#, wire::ws_await_id(frame)),
    }
}

pub(crate) fn measure(table: &mut Table) {
    let limits = Limits::default();
    let (many, small, large) = (scaled(1_000_000), 100, 20_000);
    let most = limits.max_requests;

    let peer = kinds("requests of 100 bytes", many, small);
    let (held, peak) = requests::<_, Vec<u8>>(table, Kinds::default(), &peer, &vec![7]);
    table.exactly("requests of 100 bytes: held", held, "requests", most as u64);
    let bound = most * (small + EACH);
    table.at_most(
        "requests of 100 bytes: memory at the peak",
        peak,
        "bytes",
        bound,
    );

    let peer = ws_await("requests of 100 bytes, ws-await", many, small);
    let (held, peak) = requests::<_, Value>(table, WsAwait::new(), &peer, &json!({}));
    table.exactly("the same, ws-await: held", held, "requests", most as u64);
    table.at_most(
        "the same, ws-await: memory at the peak",
        peak,
        "bytes",
        bound,
    );

    // The limit on bytes comes first. The one that passes it is still taken.
    let peer = kinds("requests of 20 kB", many / 10, large);
    let (held, peak) = requests::<_, Vec<u8>>(table, Kinds::default(), &peer, &vec![7]);
    let charged = large + 9 + 128;
    let fit = limits.max_inbound_bytes.div_ceil(charged);
    table.exactly("requests of 20 kB: held", held, "requests", fit as u64);
    let bound = limits.max_inbound_bytes + 2 * charged + most * EACH;
    table.at_most(
        "requests of 20 kB: memory at the peak",
        peak,
        "bytes",
        bound,
    );

    messages(table, many, small);
}

/// How many are held, and the memory at the peak.
fn requests<P, R>(
    table: &mut Table,
    protocol: P,
    peer: &Peer<P::Frame>,
    question: &impl PackedBy<P::Frame, P::Packer>,
) -> (u64, usize)
where
    P: Protocol<Frame: 'static, Packer: Unpack<P::Frame, R>>,
{
    let mut rig = Rig::new(protocol, Limits::default());
    let refusals = flood::<P, R>(table, &mut rig, peer, question);
    let stats = rig.handle.stats();
    let of = |what: &str| format!("{} {}: {what}", peer.count, peer.what);
    let sum = stats.requests + stats.refused;
    table.exactly(&of("held or refused"), sum, "requests", peer.count as u64);
    // ws-await has none.
    let said = if refusals == 0 { 0 } else { stats.refused };
    table.exactly(&of("refusals sent"), refusals, "refusals", said);
    table.exactly(
        &of("refusals dropped"),
        stats.refusals_dropped,
        "refusals",
        0,
    );
    (stats.requests, rig.peak.most())
}

/// Plain messages, of which the newest are dropped while a call waits.
fn messages(table: &mut Table, count: usize, size: usize) {
    let limits = Limits::default();
    let peer = Peer {
        sends: message,
        ..kinds("messages of 100 bytes", count, size)
    };
    let mut rig = Rig::new(Kinds::default(), limits.clone());
    flood::<_, Vec<u8>>(table, &mut rig, &peer, &vec![7]);
    let held = peer.count as u64 - rig.handle.stats().dropped;
    let of = |what: &str| format!("{} {}: {what}", peer.count, peer.what);
    table.exactly(&of("held"), held, "messages", limits.max_inbound as u64);
    let bound = limits.max_inbound * (size + EACH);
    table.at_most(&of("memory at the peak"), rig.peak.most(), "bytes", bound);
}

/// The peer sends all it has, and answers one call of ours after the other.
/// Returns how many refusals it has read.
fn flood<P, R>(
    table: &mut Table,
    rig: &mut Rig<P>,
    peer: &Peer<P::Frame>,
    question: &impl PackedBy<P::Frame, P::Packer>,
) -> u64
where
    P: Protocol<Frame: 'static, Packer: Unpack<P::Frame, R>>,
{
    let Peer {
        sends,
        answers,
        count,
        size,
        ..
    } = *peer;
    let replies = count / BETWEEN;
    let mut call = rig.calls::<R>(1, question).remove(0);
    let asked: Rc<RefCell<VecDeque<P::Frame>>> = Rc::default();
    asked.borrow_mut().append(&mut rig.written.borrow_mut());
    let questions = asked.clone();
    let (mut sent, mut replied) = (0, 0);
    rig.make(move || {
        if replied < sent / BETWEEN {
            if let Some(question) = questions.borrow_mut().pop_front() {
                replied += 1;
                return Some(answers(&question));
            }
        }
        if sent < count {
            sent += 1;
            return Some(sends(sent as u64, size));
        }
        None
    });
    rig.peak.restart();
    let (mut answered, mut refusals) = (0, 0);
    rig.turns(|rig| {
        for frame in rig.written.borrow_mut().drain(..) {
            match (peer.asks)(&frame) {
                true => asked.borrow_mut().push_back(frame),
                false => refusals += 1,
            }
        }
        if let Poll::Ready(reply) = poll(&mut call) {
            assert!(reply.is_ok(), "the peer has answered");
            answered += 1;
            call = rig.handle.send_await(question);
        }
        rig.read() == (count + replies) as u64
    });
    answered += u64::from(poll(&mut call).is_ready());
    let what = format!("{count} {}: own calls answered meanwhile", peer.what);
    table.exactly(&what, answered, "calls", replies as u64);
    refusals
}
