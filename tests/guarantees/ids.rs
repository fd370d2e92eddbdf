//! Ids that repeat, and ids that run out.

use await_layer::{CallError, ClosureIds, IdGenerator, Refused, Sequential, Slot};
use await_layer_testkit::words::Word;

use crate::rig::{Asked, Rig, Task, finish, proof, requests, rig_with, room_for};
use crate::shown;

/// Has them written by a driver before any of them is polled again.
fn write<G: IdGenerator<Id = u64>>(rig: &Rig<G>, tasks: &mut [Task<Asked<G>>]) -> Vec<Word> {
    let mut driver = Task::new(rig.handle.driver());
    assert!(driver.run().is_none());
    for task in tasks {
        assert!(task.turn().is_none());
    }
    assert!(driver.run().is_none());
    rig.remote.take_written()
}

#[test]
fn f05_a_generator_that_repeats_itself_overwrites_nothing() {
    const PERIOD: u64 = 8;
    let calls = 1000;
    let mut made = 0;
    let ids = ClosureIds::new(move |_: Slot| {
        made += 1;
        Some(made % PERIOD)
    });
    let rig = rig_with(ids, room_for(calls));
    let mut tasks: Vec<_> = (0..calls as u64)
        .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
        .collect();
    let written = requests(write(&rig, &mut tasks));
    assert_eq!(written.len() as u64, PERIOD, "as many as there are ids");
    for request in &written {
        rig.remote.feed(request.reply(proof(request.number)));
    }
    let mut exhausted = 0;
    for (number, outcome) in finish(&mut tasks).into_iter().enumerate() {
        match outcome {
            Ok(reply) => assert_eq!(reply.number, proof(number as u64)),
            Err(CallError::Refused { why, frame }) => {
                assert_eq!(why, Refused::IdExhausted);
                assert_eq!(frame, Some(Word::new(number as u64)), "handed back");
                exhausted += 1;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(exhausted, calls as u64 - PERIOD);
    assert_eq!(rig.handle.in_flight(), 0);
    shown!(
        "F5",
        "{calls} calls on {PERIOD} ids: {PERIOD} answered, {exhausted} say `IdExhausted`, 0 overwritten"
    );
}

#[test]
fn f05_a_counter_at_its_end_neither_panics_nor_starts_over() {
    let rig = rig_with(Sequential::starting_at(u64::MAX - 2), room_for(10));
    let mut tasks: Vec<_> = (0..5)
        .map(|number| Task::new(rig.handle.send_await::<Word>(&Word::new(number))))
        .collect();
    let written = requests(write(&rig, &mut tasks));
    let ids: Vec<_> = written.iter().map(|word| word.id).collect();
    assert_eq!(ids, [u64::MAX - 2, u64::MAX - 1, u64::MAX]);
    for request in &written {
        rig.remote.feed(request.reply(proof(request.number)));
    }
    for (number, outcome) in (0_u64..).zip(finish(&mut tasks)) {
        match outcome {
            Ok(reply) => {
                assert!(number < 3, "there was no id left for {number}");
                assert_eq!(reply.number, proof(number));
            }
            Err(CallError::Refused { why, frame }) => {
                assert!(number >= 3, "there was an id for {number}");
                assert_eq!(why, Refused::IdExhausted);
                assert_eq!(frame, Some(Word::new(number)), "handed back");
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(rig.handle.in_flight(), 0);
    shown!(
        "F5",
        "a counter from u64::MAX - 2: 3 ids answered, then 2 x `IdExhausted`, the frames handed back"
    );
}
