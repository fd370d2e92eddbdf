//! The suite for transports.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use await_layer::{DefaultTimer, ManualTimer, memory};
use await_layer_testkit::conformance::{self, Text};
use futures::executor::block_on;

use crate::faulty_transport::{Fault, Faulty};
use crate::verdict;

const TEXT: Text<String> = Text::new(|text| text, |frame| Some(frame.as_bytes()));

fn pair(fault: Fault) -> (Faulty, Faulty) {
    let (here, there) = memory::pair(256);
    (Faulty::new(here, fault), Faulty::new(there, fault))
}

#[test]
fn a_sound_transport_passes() {
    let suite = conformance::transport(TEXT, DefaultTimer::new(), async || pair(Fault::None));
    block_on(suite);
}

#[test]
fn each_fault_is_found_by_its_case() {
    for (fault, case) in [
        (Fault::Reorders, "messages_keep_their_order, first end"),
        (Fault::Doubles, "both_ends_ask, first end"),
        (Fault::CloseFails, "closing_lets_calls_finish, first end"),
        (Fault::EndsBadly, "closing_lets_calls_finish, first end"),
    ] {
        let connect = async || pair(fault);
        let said = verdict(|| block_on(conformance::transport(TEXT, DefaultTimer::new(), connect)));
        let named = format!("conformance case `{case}` failed: ");
        assert!(said.starts_with(&named), "{fault:?}: {said}");
    }
}

#[test]
fn a_transport_that_loses_wakes_hangs_by_name() {
    let clock = ManualTimer::new();
    let suite = conformance::transport(TEXT, clock.clone(), async || pair(Fault::Sleeps));
    let said = verdict(|| {
        let mut suite = pin!(suite);
        let mut cx = Context::from_waker(Waker::noop());
        // Longer than the limit: the calls' own timeouts come first.
        for _ in 0..10 {
            assert_eq!(suite.as_mut().poll(&mut cx), Poll::Pending);
            clock.advance(Duration::from_secs(5));
        }
    });
    assert!(said.contains("case `both_ends_ask, first end`"), "{said}");
}
