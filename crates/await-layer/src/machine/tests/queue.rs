//! What is to be written, as far as it can be told apart.

use super::super::arena::Key;
use super::super::slot::{Queued, What};
use super::super::wire::Wire;
use super::{Frame, ReplyKind, Subject, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Request(Key),
    Cancel(Key),
    Send(Key),
    Loose(u64),
    Decline(Key),
    Refuse(u64),
}

/// The subject's queue, the oldest first.
pub(super) fn queue_of(subject: &mut Subject) -> Vec<Item> {
    let mut items = Vec::new();
    let queue = subject.outgoing.queue;
    let mut place = queue.back();
    while let Some(index) = place {
        place = queue.before(&mut Queued(&mut subject.slots), index);
        let key = subject
            .slots
            .key_at(index)
            .expect("only what lives is queued");
        let slot = subject.slots.get_mut(key).expect("it lives");
        items.push(match &slot.what {
            What::Call(call) if call.wire == Wire::Queued => Item::Request(key),
            What::Call(call) if call.wire == Wire::Cancelling => Item::Cancel(key),
            What::Call(_) | What::Permit(_) | What::Seat { .. } => {
                panic!("it has nothing to write")
            }
            What::Send(_) => Item::Send(key),
            What::Loose { .. } => Item::Loose(slot.frame.as_ref().expect("a frame").0),
            What::Decline { ask, .. } => Item::Decline(*ask),
            What::Refuse { ask, .. } => Item::Refuse(*ask),
        });
    }
    items.reverse();
    assert_eq!(items.len(), queue.len() as usize);
    items
}

pub(super) fn item_of(write: &Write<Frame, u64, u64>) -> Item {
    match write {
        Write::Request { call, .. } => Item::Request(*call),
        Write::Cancel { call, .. } => Item::Cancel(*call),
        Write::Plain { send, frame } => {
            assert_eq!(frame.0, u64::from(u32::MAX));
            Item::Send(*send)
        }
        Write::Reply {
            send, kind, frame, ..
        } => {
            assert_eq!(frame.is_some(), *kind != ReplyKind::End);
            Item::Send(*send)
        }
        Write::Loose { frame, .. } => Item::Loose(frame.0),
        Write::Decline { ask, .. } => Item::Decline(*ask),
        Write::Refuse { ask, .. } => Item::Refuse(*ask),
    }
}
