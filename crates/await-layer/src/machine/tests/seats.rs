//! Those who wait for something else than a call or a send.

use std::collections::VecDeque;

use super::*;

#[test]
fn a_sink_that_has_gone_is_not_told_for_ever() {
    let mut machine = Machine::<u32, u64, u64>::new(Limits::default(), 0);
    let seat = machine.seat();
    machine.set_sink_party(seat);
    machine.flushed();
    assert!(machine.woken().eq([seat]));
    machine.vacate(seat);
    machine.flushed();
    assert_eq!(machine.count_woken(), 0);
}

#[test]
fn nobody_but_a_seat_can_be_vacated() {
    let mut machine = Machine::<u32, u64, u64>::new(Limits::default(), 0);
    let send = machine.begin_send(1).expect("it is open");
    machine.vacate(send);
    assert!(machine.drop_send(send).is_some());
    let (seat, other) = (machine.seat(), machine.seat());
    machine.set_sink_party(other);
    machine.vacate(seat);
    machine.vacate(seat);
    machine.flushed();
    assert!(machine.woken().eq([other]));
}

#[test]
fn of_a_batch_only_the_last_to_end_wakes() {
    let mut machine = Machine::<u32, u64, u64>::new(Limits::default(), 0);
    let seat = machine.seat();
    let calls = [None, Some(7), None, None].map(|deadline| {
        let new = NewCall {
            frame: 1,
            deadline,
            rare: None,
            batch: Some(seat),
        };
        let begun = machine.begin(new);
        begun.ok().expect("it is open").call
    });
    let alone = machine.begin(NewCall {
        frame: 1,
        deadline: Some(7),
        rare: None,
        batch: None,
    });
    let alone = alone.ok().expect("it is open").call;
    machine.stage(&mut VecDeque::new(), 4);
    for call in calls {
        machine.call_is_live(call, Key::NULL, false);
    }
    let [first, second, third, fourth] = calls;
    machine.answer(first, Answer::Last, 2, 0, 0);
    assert!(!machine.batch_has_ended(seat));
    machine.expire(7, &mut Vec::new());
    assert!(machine.woken().eq([alone]), "the batch is not over");
    machine.call_is_refused(third, Refused::IdInUse, 3);
    assert_eq!(machine.count_woken(), 0);
    assert!(!machine.batch_has_ended(seat));
    machine.close(&CloseReason::new(Cause::Eof, ""));
    assert!(machine.woken().eq([seat]));
    assert!(machine.batch_has_ended(seat));
    for call in [first, second, third, fourth] {
        assert!(machine.take(call).is_some());
    }
    machine.vacate(seat);
    assert!(machine.batch_has_ended(seat), "as far as anybody knows");
}
