//! The suite for protocols.

use await_layer_testkit::conformance::{self, Samples, mangled};

use crate::faulty_codec::{Fault, Wire};
use crate::verdict;

fn samples() -> Samples<String, String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Samples::new(
        ["", "a question"].map(str::to_owned),
        ["an answer", ""].map(str::to_owned),
    )
    .plain(["", "news"].map(str::to_owned))
    .unsealable(["a:b".to_owned()])
    .hostile(mangled(b"q7:body", 1).into_iter().map(text))
    .hostile([":", "q:", "q99999999999999999999:", "q"].map(str::to_owned))
}

#[test]
fn a_sound_protocol_passes() {
    conformance::protocol(|| Wire(Fault::None), &samples());
}

#[test]
fn each_fault_is_found_by_its_case() {
    for (fault, case) in [
        (Fault::RequestLooksPlain, "requests"),
        (Fault::StripLeavesTheId, "requests"),
        (Fault::ReplyHasAnotherId, "replies"),
        (Fault::PlainIsMarked, "plain frames"),
        (Fault::RefusedSealDamages, "refused seals"),
        (Fault::RefusalIsPlain, "refusals"),
        (Fault::CancelNamesAnother, "cancels"),
        (Fault::EndIsReply, "ends"),
        (Fault::ShortFramePanics, "hostile frames, codec"),
    ] {
        let said = verdict(|| conformance::protocol(|| Wire(fault), &samples()));
        let named = format!("conformance case `{case}` failed: ");
        assert!(said.starts_with(&named), "{fault:?}: {said}");
    }
}

#[test]
#[should_panic(expected = "at least one request and one reply")]
fn nothing_to_try_is_no_success() {
    let _ = Samples::<(), (), ()>::new([], [()]);
}
