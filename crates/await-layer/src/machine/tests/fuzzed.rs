//! Operations out of a fuzzer's bytes.

use super::*;

/// Longer runs find nothing that shorter ones do not, and cost more.
const MOST: usize = 400;

pub(crate) fn run(mut bytes: &[u8]) {
    let mut pair = pair();
    for _ in 0..MOST {
        let Some(op) = op(&mut bytes) else { return };
        pair.step(op);
    }
}

/// The next operation: a byte says which, and another what of, where there is
/// something to say.
fn op(bytes: &mut &[u8]) -> Option<Op> {
    let kind = byte(bytes)?;
    Some(match kind % 24 {
        0 => Op::Begin {
            timeout: None,
            streams: kind >= 128,
        },
        1 => Op::Begin {
            timeout: Some(u64::from(byte(bytes)? % 40)),
            streams: kind >= 128,
        },
        2 => Op::Reserve,
        3 => Op::GiveBack(place(bytes)?),
        4 => Op::BeginReserved(place(bytes)?),
        5 => Op::Send,
        6 => Op::Loose {
            size: place(bytes)?,
        },
        7 => Op::Request { taken: kind < 128 },
        8 => Op::Refuse { said: kind < 192 },
        9 => Op::Reply {
            ask: place(bytes)?,
            kind: match kind / 24 % 3 {
                0 => ReplyKind::Last,
                1 => ReplyKind::Part,
                _ => ReplyKind::End,
            },
        },
        10 => Op::DropResponder(place(bytes)?),
        11 | 12 => Op::Stage(usize::from(kind / 24) % 6),
        13 | 14 => Op::Write {
            refuse: kind / 24 == 0,
            retire: kind % 2 == 0,
        },
        15 => Op::Unstage,
        16 => Op::Flush,
        17 | 18 => Op::Answer {
            call: place(bytes)?,
            kind: match kind / 24 % 3 {
                0 => Answer::Last,
                1 => Answer::Part,
                _ => Answer::End,
            },
        },
        19 => Op::Advance(u64::from(byte(bytes)? % 64)),
        20 => Op::Cancel(place(bytes)?),
        21 => Op::Take(place(bytes)?),
        22 if kind >= 128 => Op::TakeSend(place(bytes)?),
        22 => Op::DropSend(place(bytes)?),
        _ => match byte(bytes)? {
            // Rare, for hardly anything happens after it.
            0 => Op::Drain,
            1 => Op::Close { lost: false },
            2 => Op::Close { lost: true },
            rest => late(rest, place(bytes)?),
        },
    })
}

/// What came to the machine after the corpus had begun.
fn late(kind: u8, ask: usize) -> Op {
    let bit = kind >= 128;
    match kind % 5 {
        0 => Op::TakeRequest(ask),
        1 => Op::Withdraw(ask),
        2 => Op::Watch { ask, waits: bit },
        3 => Op::Stray {
            kind: if ask % 2 == 0 {
                Answer::Part
            } else {
                Answer::Last
            },
            ours: bit,
        },
        _ => Op::Flush,
    }
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

fn place(bytes: &mut &[u8]) -> Option<usize> {
    byte(bytes).map(usize::from)
}
