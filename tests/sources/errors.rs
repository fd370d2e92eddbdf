//! Every public error is produced by a test, and its documentation says what to
//! do next. Both are read off the sources.
//!
//! `produced.txt` names, for each variant, the test that produces it. What this
//! gate cannot see is whether the variant came out of an operation there or was
//! made by hand: whoever adds a row vouches for that.

use std::collections::BTreeSet;

use crate::items::{Item, Sources};

/// Public enums that say nothing went wrong. Any other is an error or the
/// reason of one.
const NO_ERRORS: [&str; 21] = [
    "await-layer Event",
    "await-layer Head",
    "await-layer Locate",
    "await-layer Overflow",
    "await-layer Peek",
    "await-layer-deflate Role",
    "await-layer-deflate Unsupported",
    "await-layer-framing Newline",
    "await-layer-protocols Change",
    "await-layer-protocols Found",
    "await-layer-protocols Kind",
    "await-layer-protocols Plain",
    "await-layer-protocols Requests",
    "await-layer-protocols Scope",
    "await-layer-protocols Value",
    "await-layer-testkit Kind",
    "await-layer-testkit Op",
    "await-layer-ws-await Data",
    "await-layer-ws-await Event",
    "await-layer-ws-await Payload",
    "await-layer-ws-await Received",
];

/// What the peer says went wrong there, as it says it: what to do about it is
/// for the two applications to agree on.
const WORDS_OF_THE_PEER: [&str; 5] = [
    "await-layer-protocols ErrorObject",
    "await-layer-protocols ErrorReply",
    "await-layer-protocols Errors",
    "await-layer-protocols Outcome",
    "await-layer-protocols RemoteError",
];

/// What a clause of advice begins with. `Nothing` to do is advice too, and `see`
/// where what it points at says more.
const ADVICE: [&str; 34] = [
    "add",
    "agree",
    "ask",
    "call",
    "change",
    "check",
    "choose",
    "connect",
    "correct",
    "do",
    "fix",
    "keep",
    "leave",
    "list",
    "look",
    "lower",
    "make",
    "mend",
    "nothing",
    "offer",
    "open",
    "raise",
    "read",
    "reconnect",
    "return",
    "see",
    "send",
    "serve",
    "shorten",
    "start",
    "take",
    "tell",
    "try",
    "use",
];

/// The variants of all public errors and reasons.
fn variants(sources: &Sources) -> Vec<Item> {
    let mut variants = sources.variants();
    variants.retain(|item| !NO_ERRORS.contains(&&*item.owner()));
    variants
}

#[test]
fn every_variant_is_produced_by_the_test_that_is_named_for_it() {
    let sources = Sources::read();
    let mut missing: BTreeSet<_> = variants(&sources).iter().map(Item::name).collect();
    assert!(missing.len() > 100, "the errors have moved");
    for row in include_str!("produced.txt").lines() {
        let words: Vec<_> = row.split_whitespace().collect();
        let [krate, variant, file, test] = words[..] else {
            panic!("a crate, a variant, a file and a test, not {row}");
        };
        let known = missing.remove(&format!("{krate} {variant}"));
        assert!(known, "there is no such variant, or it has two rows: {row}");
        let body = sources.test(file, test);
        let body = body.unwrap_or_else(|| panic!("there is no such test: {row}"));
        let asserts = ["assert", "panic!("].iter().any(|word| body.contains(word));
        assert!(asserts, "the test asserts nothing: {row}");
        assert!(body.contains(variant), "the test does not name it: {row}");
    }
    assert!(missing.is_empty(), "no row in produced.txt: {missing:#?}");
}

/// It says what happened, and then a clause begins with a word of [`ADVICE`].
#[test]
fn the_documentation_of_every_error_says_what_to_do_next() {
    let advises = |item: &Item| {
        let mut clauses = item.doc.split(['.', ';', ':', ',', '(']).skip(1);
        clauses.any(|clause| {
            let mut words = clause.split_whitespace();
            let joins = |word: &str| ["and", "or", "then", "else"].contains(&word);
            let first = words.find(|word| !joins(word)).unwrap_or_default();
            let first = first.trim_matches(|c: char| !c.is_alphabetic());
            ADVICE.contains(&&*first.to_lowercase())
        })
    };
    let sources = Sources::read();
    let mut errors = sources.error_structs();
    errors.retain(|item| !WORDS_OF_THE_PEER.contains(&&*item.owner()));
    errors.extend(variants(&sources));
    let silent = errors.iter().filter(|item| !advises(item));
    let silent: Vec<_> = silent.map(|item| (item.name(), &item.doc)).collect();
    assert!(silent.is_empty(), "what to do next? {silent:#?}");
}

#[test]
fn what_is_left_out_is_there() {
    let sources = Sources::read();
    let mut types: BTreeSet<_> = sources.variants().iter().map(Item::owner).collect();
    types.extend(sources.error_structs().iter().map(Item::owner));
    for name in NO_ERRORS.iter().chain(&WORDS_OF_THE_PEER) {
        assert!(types.contains(*name), "there is no {name}");
    }
}
