//! F24: a peer that does not read.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use await_layer::{CallError, Limits, Refused, SendError, Sent, serve};

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

/// What is held for a frame beside its bytes.
const EACH: usize = 256;
const BODY: usize = 100;

pub(crate) fn measure(table: &mut Table) {
    let many = scaled(1_000_000);
    try_sends(table, many, BODY);
    try_sends(table, many, 4000);
    sends(table, many);
    calls(table, many);
    refusals(table, many);
    answers(table, many);
}

/// What nobody waits for: kept up to the limits, else given back.
fn try_sends(table: &mut Table, many: usize, size: usize) {
    let limits = Limits::default();
    let mut rig = Rig::stuck(Kinds::default(), limits.clone());
    let message = vec![b'x'; size];
    let (mut kept, mut back) = (0, 0);
    rig.peak.restart();
    for n in 0..many {
        match rig.handle.try_send(&message) {
            Ok(()) => kept += 1,
            Err(SendError::Refused {
                why: Refused::Overloaded,
                frame: Some(frame),
            }) => back += usize::from(frame == message),
            Err(other) => panic!("{other}"),
        }
        if n % 100 == 0 {
            assert!(rig.turn().is_none());
            rig.peak.look();
        }
    }
    let what = |what: &str| format!("{many} try_send of {size} bytes: {what}");
    table.exactly(
        &what("queued or given back"),
        kept + back as u64,
        "frames",
        many as u64,
    );
    table.at_most(
        &what("queued"),
        kept as usize,
        "frames",
        limits.max_outbound,
    );
    let charged = limits.max_outbound_bytes / (size + 128) + 1;
    let most = limits.max_outbound.min(charged);
    table.exactly(&what("queued, by the limits"), kept, "frames", most as u64);
    let bound = most * (size + EACH) + (8 << 10);
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bound);
}

/// A send that waits holds its own frame, and takes it along when it goes.
fn sends(table: &mut Table, many: usize) {
    const AT_ONCE: usize = 1000;
    let mut rig = Rig::stuck(Kinds::default(), Limits::default());
    let message = vec![b'x'; BODY];
    let round = |rig: &mut Rig<Kinds>| {
        let sends = (0..AT_ONCE).map(|_| rig.handle.send(&message));
        let mut sends: Vec<_> = sends.collect();
        for send in &mut sends {
            assert!(poll(send).is_pending(), "it was not sent");
        }
        rig.peak.look();
    };
    // Tables reach their size.
    round(&mut rig);
    rig.peak.restart();
    for _ in 0..many / AT_ONCE {
        round(&mut rig);
        assert!(rig.turn().is_none());
    }
    let what = |what: &str| format!("{many} sends, {AT_ONCE} at once: {what}");
    let bound = AT_ONCE * (BODY + EACH);
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bound);
    table.at_most(
        &what("memory afterwards"),
        rig.peak.left(),
        "bytes",
        1 << 10,
    );
    table.exactly(&what("written"), rig.handle.stats().written, "frames", 0);
}

/// Deadlines do not wait for the sink.
fn calls(table: &mut Table, many: usize) {
    const AT_ONCE: usize = 2000;
    const TIMEOUT: Duration = Duration::from_millis(10);
    let mut rig = Rig::stuck(Kinds::default(), Limits::default());
    let body = vec![b'x'; BODY];
    let mut expired = 0_u64;
    let mut round = |rig: &mut Rig<Kinds>| {
        let call = || rig.handle.send_await::<Vec<u8>>(&body).timeout(TIMEOUT);
        let mut calls: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(call())).collect();
        for call in &mut calls {
            assert!(poll(call).is_pending());
        }
        rig.peak.look();
        rig.timer.advance(TIMEOUT);
        assert!(rig.turn().is_none());
        for call in &mut calls {
            match poll(call) {
                Poll::Ready(Err(CallError::Timeout {
                    sent: Sent::No,
                    frame: Some(frame),
                })) => expired += u64::from(frame == body),
                other => panic!("{other:?}"),
            }
        }
    };
    round(&mut rig);
    rig.peak.restart();
    for _ in 0..many / AT_ONCE {
        round(&mut rig);
    }
    let rounds = many / AT_ONCE + 1;
    let what = |what: &str| format!("{many} calls, {AT_ONCE} at once: {what}");
    let all = (rounds * AT_ONCE) as u64;
    table.exactly(&what("in time, unsent, frame back"), expired, "calls", all);
    table.exactly(
        &what("in flight"),
        rig.handle.in_flight() as u64,
        "calls",
        0,
    );
    let bound = AT_ONCE * (BODY + 2 * EACH);
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bound);
    table.at_most(
        &what("memory afterwards"),
        rig.peak.left(),
        "bytes",
        1 << 10,
    );
}

/// What is refused on the peer's account.
fn refusals(table: &mut Table, many: usize) {
    let limits = Limits {
        max_requests: 1,
        ..Limits::default()
    };
    let mut rig = Rig::stuck(Kinds::default(), limits.clone());
    let mut ids = 0..many as u64;
    rig.make(move || Some(wire::frame(b'q', ids.next()?, b"")));
    rig.peak.restart();
    rig.turns(|rig| rig.read() == many as u64);
    let stats = rig.handle.stats();
    let what = |what: &str| format!("{many} requests to be refused: {what}");
    let waiting = (stats.refused - stats.refusals_dropped) as usize;
    table.at_most(
        &what("refusals that wait"),
        waiting,
        "refusals",
        limits.max_refusals,
    );
    table.exactly(&what("refused"), stats.refused, "requests", many as u64 - 1);
    let bound = limits.max_refusals * 2 * EACH;
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bound);
}

/// What is answered: a request counts until its answer is written.
fn answers(table: &mut Table, many: usize) {
    let limits = Limits::default();
    let rig = Rig::stuck(Kinds::default(), limits.clone());
    let mut ids = 0..many as u64;
    rig.make(move || Some(wire::frame(b'q', ids.next()?, b"")));
    let begun = Rc::new(Cell::new(0));
    let count = begun.clone();
    let mut serving = Box::pin(serve(rig.incoming, 16, async move |_: Vec<u8>| {
        count.set(count.get() + 1);
        Ok::<_, ()>(vec![b'x'; BODY])
    }));
    rig.peak.restart();
    while rig.handle.stats().read < many as u64 {
        assert!(poll(&mut serving).is_pending(), "it ends");
    }
    let what = |what: &str| format!("{many} requests to be answered: {what}");
    table.at_most(
        &what("handlers that ran"),
        begun.get(),
        "handlers",
        limits.max_requests,
    );
    let bound = limits.max_requests * (BODY + 4 * EACH);
    table.at_most(&what("memory at the peak"), rig.peak.most(), "bytes", bound);
}
