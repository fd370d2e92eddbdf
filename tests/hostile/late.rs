//! F21: a normal peer, some of whose replies come late or twice.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use await_layer::{CallError, Limits};

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

/// One of so many goes wrong.
const BATCH: usize = 100;
const TIMEOUT: Duration = Duration::from_millis(1);

/// What goes wrong with one call of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is dropped, and answered after that.
    Dropped,
    /// It runs out of time, and is answered after that.
    Expired,
    /// It is answered twice.
    Doubled,
}

pub(crate) fn measure(table: &mut Table) {
    let calls = scaled(1_000_000);
    for fault in [Fault::Dropped, Fault::Expired, Fault::Doubled] {
        let mut rig = Rig::new(Kinds::default(), Limits::default());
        for _ in 0..calls / BATCH {
            batch(&mut rig, fault);
        }
        let stats = rig.handle.stats();
        let what = |what: &str| format!("1 % of {calls} calls {fault:?}: {what}");
        let strays = (calls / BATCH) as u64;
        let seen = stats.late + stats.unknown;
        table.exactly(&what("late replies"), seen, "replies", strays);
        let well = calls as u64 - if fault == Fault::Doubled { 0 } else { strays };
        table.exactly(&what("completed"), stats.replied, "calls", well);
        let open = rig.handle.close_reason().is_none();
        table.holds(&what("the connection stays"), open);
    }
}

fn batch(rig: &mut Rig<Kinds>, fault: Fault) {
    let mut calls = rig.calls::<Vec<u8>>(BATCH - 1, &vec![7]);
    let unlucky = rig.handle.send_await::<Vec<u8>>(&vec![7]).timeout(TIMEOUT);
    let mut unlucky = Box::pin(unlucky);
    assert!(poll(&mut unlucky).is_pending());
    rig.turn();
    let requests = rig.written.borrow_mut().split_off(0);
    assert_eq!(requests.len(), BATCH);
    match fault {
        Fault::Doubled => calls.push(*Pin::into_inner(unlucky)),
        Fault::Dropped => drop(unlucky),
        Fault::Expired => {
            rig.timer.advance(TIMEOUT);
            rig.turn();
            let expired = poll(&mut unlucky);
            assert!(matches!(
                expired,
                Poll::Ready(Err(CallError::Timeout { .. }))
            ));
        }
    }
    let ids = requests.iter().map(|request| wire::head(request).1);
    let again = ids.clone().next_back().filter(|_| fault == Fault::Doubled);
    let replies = ids.chain(again).map(|id| wire::frame(b'r', id, b"yes"));
    let mut replies: VecDeque<_> = replies.collect();
    let all = rig.read() + replies.len() as u64;
    rig.make(move || replies.pop_front());
    rig.turns(|rig| rig.read() == all);
    for call in &mut calls {
        assert!(matches!(poll(call), Poll::Ready(Ok(_))));
    }
    rig.written.borrow_mut().clear();
}
