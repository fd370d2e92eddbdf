//! F26: replies under ids of others.

use std::task::Poll;

use await_layer::{CallError, IdGenerator, Limits, RandomText, Refused, Slot, WsAwait};
use await_layer_testkit::rng::Rng;
use serde_json::json;
use serde_json::value::{RawValue, Value};

use crate::hose::poll;
use crate::rig::Rig;
use crate::scaled;
use crate::table::Table;
use crate::wire::{self, Kinds};

const CONNECTIONS: usize = 1000;
const SYMBOLS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Random symbols of an id, after `_`.
const TAG: usize = 12;

pub(crate) fn measure(table: &mut Table) {
    isolation(table);
    guesses(table);
    symbols(table);
    own_field(table);
}

/// The same ids on all of them, answered in any order.
fn isolation(table: &mut Table) {
    let rounds = scaled(200_000) / CONNECTIONS;
    let mut rng = Rng::new(26);
    let mut rigs: Vec<_> = (0..CONNECTIONS)
        .map(|_| Rig::new(Kinds::default(), Limits::default()))
        .collect();
    let (mut foreign, mut own) = (0, 0);
    for round in 0..rounds as u64 {
        let (mut calls, mut ids) = (Vec::new(), Vec::new());
        for rig in &mut rigs {
            calls.extend(rig.calls::<Vec<u8>>(1, &vec![7]).into_iter().map(Some));
            let request = rig.written.borrow_mut().pop_front().expect("a request");
            ids.push(wire::head(&request).1);
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "the same everywhere");
        let mut order: Vec<_> = (0..CONNECTIONS).collect();
        rng.shuffle(&mut order);
        for place in order {
            let body = [round.to_be_bytes(), (place as u64).to_be_bytes()].concat();
            let mut reply = Some(wire::frame(b'r', ids[place], &body));
            rigs[place].make(move || reply.take());
            assert!(rigs[place].turn().is_none());
            let mut call = calls[place].take().expect("once");
            match poll(&mut call) {
                Poll::Ready(Ok(got)) if got == body => own += 1,
                _ => foreign += 1,
            }
            // Those that are not answered yet have got nothing.
            if let Some(other) = &mut calls[rng.below(CONNECTIONS)] {
                foreign += u64::from(poll(other).is_ready());
            }
        }
    }
    let what = format!("{CONNECTIONS} connections with the same ids");
    table.exactly(
        &format!("{what}: replies that went astray"),
        foreign,
        "replies",
        0,
    );
    let all = (rounds * CONNECTIONS) as u64;
    table.exactly(&format!("{what}: own replies"), own, "replies", all);
}

/// By somebody who knows all but the tag: where calls are, and how often a slot
/// was used.
fn guesses(table: &mut Table) {
    const CALLS: usize = 1000;
    let count = scaled(10_000_000);
    let mut rig = Rig::new(WsAwait::<String>::new(), Limits::default());
    let mut calls = rig.calls::<Value>(CALLS, &json!({}));
    let request = rig.written.borrow_mut().pop_front().expect("a request");
    let own = wire::ws_await_id(&request).to_owned();
    let tail_of = |request: &String| wire::ws_await_id(request)[1 + TAG..].to_owned();
    let tails: Vec<_> = rig
        .written
        .borrow_mut()
        .drain(..)
        .map(|it| tail_of(&it))
        .collect();
    let mut rng = Rng::new(26);
    let mut left = count;
    rig.make(move || {
        left = left.checked_sub(1)?;
        let tail = &tails[rng.below(tails.len())];
        let mut bits = rng.next_u64();
        let tag = [(); TAG].map(|()| {
            let symbol = SYMBOLS[(bits % 36) as usize];
            bits /= 36;
            char::from(symbol)
        });
        let tag = String::from_iter(tag);
        Some(format!(r#"{{"awaitId":"_{tag}{tail}","forged":1}}"#))
    });
    rig.turns(|rig| rig.read() == count as u64);
    for call in &mut calls {
        assert!(poll(call).is_pending(), "a guess completes a call");
    }
    let stats = rig.handle.stats();
    let hits = stats.replied + stats.late;
    table.exactly(&format!("{count} guessed ids: hits"), hits, "hits", 0);
    assert_eq!(
        own.len(),
        1 + TAG + 14,
        "what is guessed has the right shape"
    );
    // As many tags as there are are equally likely: see `symbols`.
    let chance = 1e9 / 36_f64.powi(TAG as i32);
    table.below("chance that any of 1e9 guesses hits", chance, "", 1e-9);
}

/// Ids as the public generator makes them, a tag each.
fn symbols(table: &mut Table) {
    let tags = scaled(1_000_000);
    let mut single = vec![0_u32; 36];
    let mut pairs = vec![0_u32; 36 * 36];
    let slot = Slot { index: 0, turn: 0 };
    for _ in 0..tags {
        let id = RandomText::new().next(slot).expect("a random source");
        let worth = id.as_bytes()[1..=TAG].iter().map(|symbol| {
            let at = SYMBOLS.iter().position(|known| known == symbol);
            at.expect("a symbol of base 36")
        });
        let worth: Vec<_> = worth.collect();
        worth.iter().for_each(|at| single[*at] += 1);
        worth
            .chunks(2)
            .for_each(|pair| pairs[36 * pair[0] + pair[1]] += 1);
    }
    // Beyond these by chance less than once in 1e10 runs: 35 and 1,295 degrees
    // of freedom.
    let what = |what: &str| format!("chi squared of {what} in {tags} tags");
    table.below(&what("symbols"), chi_squared(&single), "", 120.0);
    table.below(&what("pairs of symbols"), chi_squared(&pairs), "", 1650.0);
}

fn chi_squared(counts: &[u32]) -> f64 {
    let sum: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let expected = sum / counts.len() as f64;
    let parts = counts
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2) / expected);
    parts.sum()
}

/// A payload with an id of its own is refused, however that is spelled: what
/// leaves bears the real one and no other.
fn own_field(table: &mut Table) {
    let count = scaled(200_000);
    let mut rng = Rng::new(27);
    let rig = Rig::new(WsAwait::<String>::new(), Limits::default());
    let (mut refused, mut overridden) = (0, 0);
    for _ in 0..count {
        let body = RawValue::from_string(payload(&mut rng)).expect("JSON");
        let mut call = rig.handle.send_await::<Value>(&body);
        match poll(&mut call) {
            Poll::Ready(Err(CallError::Refused {
                why: Refused::Seal(_),
                frame: Some(frame),
            })) => refused += u64::from(frame == body.get()),
            _ => overridden += 1,
        }
        rig.written.borrow_mut().clear();
    }
    let what = format!("{count} payloads with an awaitId of their own");
    table.exactly(
        &format!("{what}: refused, given back"),
        refused,
        "",
        count as u64,
    );
    table.exactly(&format!("{what}: sent"), overridden, "", 0);
}

/// An object with the field somewhere, spelled in any way that JSON has.
fn payload(rng: &mut Rng) -> String {
    let name: String = "awaitId"
        .chars()
        .map(|letter| match rng.below(4) {
            0 => format!("\\u{:04x}", u32::from(letter)),
            1 => format!("\\u{:04X}", u32::from(letter)),
            _ => letter.to_string(),
        })
        .collect();
    let values = [
        r#""forged""#,
        "7",
        "null",
        r#"{"awaitId":1}"#,
        "[]",
        r#""""#,
    ];
    let space = ["", " ", "\n\t"];
    let mut members = vec![r#""a":1"#.to_owned(), r#""b":{"awaitId":2}"#.to_owned()];
    let (before, after) = (space[rng.below(3)], space[rng.below(3)]);
    let value = values[rng.below(values.len())];
    members.push(format!(r#"{before}"{name}"{after}:{before}{value}{after}"#));
    rng.shuffle(&mut members);
    members.truncate(3);
    format!("{before}{{{}}}", members.join(","))
}
