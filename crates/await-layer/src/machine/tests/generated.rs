//! Operations at random.

use proptest::prelude::*;

use super::*;

fn op() -> impl Strategy<Value = Op> {
    let answer = prop_oneof![
        4 => Just(Answer::Last),
        2 => Just(Answer::Part),
        1 => Just(Answer::End),
    ];
    let stray = prop_oneof![Just(Answer::Last), Just(Answer::Part)];
    let reply = prop_oneof![
        2 => Just(ReplyKind::Last),
        2 => Just(ReplyKind::Part),
        1 => Just(ReplyKind::End),
    ];
    let timeout = prop_oneof![Just(None), (0..40u64).prop_map(Some)];
    let rare =
        |op: Op| prop::bool::weighted(0.05).prop_map(move |is| if is { op } else { Op::Flush });
    let close = any::<bool>().prop_flat_map(move |lost| rare(Op::Close { lost }));
    let calls = prop_oneof![
        6 => (timeout, any::<bool>()).prop_map(|(timeout, streams)| Op::Begin { timeout, streams }),
        6 => (0..64usize, answer).prop_map(|(call, kind)| Op::Answer { call, kind }),
        3 => (0..64usize).prop_map(Op::Cancel),
        2 => Just(Op::Reserve),
        2 => (0..8usize).prop_map(Op::BeginReserved),
        1 => (0..8usize).prop_map(Op::GiveBack),
        5 => (0..64usize).prop_map(Op::Take),
        3 => (0..30u64).prop_map(Op::Advance),
    ];
    let rest = prop_oneof![
        2 => Just(Op::Send),
        2 => (0..3usize).prop_map(|size| Op::Loose { size: 64 * size }),
        2 => any::<bool>().prop_map(|taken| Op::Request { taken }),
        1 => (0..4usize).prop_map(Op::TakeRequest),
        1 => (0..4usize).prop_map(Op::Withdraw),
        1 => (0..4usize, any::<bool>()).prop_map(|(ask, waits)| Op::Watch { ask, waits }),
        1 => any::<bool>().prop_map(|said| Op::Refuse { said }),
        1 => (stray, any::<bool>()).prop_map(|(kind, ours)| Op::Stray { kind, ours }),
        3 => (0..8usize, reply).prop_map(|(ask, kind)| Op::Reply { ask, kind }),
        1 => (0..8usize).prop_map(Op::DropResponder),
        2 => (0..16usize).prop_map(Op::DropSend),
        2 => (0..16usize).prop_map(Op::TakeSend),
    ];
    prop_oneof![
        20 => calls,
        12 => rest,
        6 => (0..6usize).prop_map(Op::Stage),
        10 => (prop::bool::weighted(0.1), any::<bool>())
            .prop_map(|(refuse, retire)| Op::Write { refuse, retire }),
        2 => Just(Op::Unstage),
        3 => Just(Op::Flush),
        1 => rare(Op::Drain),
        1 => close,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_machine_does_what_the_model_says(ops in prop::collection::vec(op(), 1..160)) {
        let mut pair = pair();
        for op in ops {
            pair.step(op);
        }
    }
}
