//! Streamed replies over a typed transport: the frame is the message.

use await_layer::{AwaitIdCodec, Head, Peek, Refusal, SealError};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Note,
    Ask,
    /// One of several answers.
    Next,
    /// The only or last answer.
    Last,
    /// No more answers.
    Done,
    /// The asker has heard enough.
    Stop,
    Failed,
}

#[derive(Clone, Debug, PartialEq)]
struct Message {
    kind: Kind,
    id: u32,
    body: &'static str,
}

struct Streamed;

fn message(kind: Kind, id: u32, body: &'static str) -> Message {
    Message { kind, id, body }
}

impl AwaitIdCodec<Message> for Streamed {
    type Id = u32;
    type Ask = u32;

    fn peek(&mut self, frame: &Message) -> Peek<u32, u32> {
        match frame.kind {
            Kind::Note => Peek::Other,
            Kind::Ask => Peek::Request(frame.id),
            Kind::Next => Peek::Part(frame.id),
            Kind::Last | Kind::Failed => Peek::Reply(frame.id),
            Kind::Done => Peek::End(frame.id),
            Kind::Stop => Peek::Cancel(frame.id),
        }
    }

    fn seal(&mut self, frame: &mut Message, head: Head<'_, u32, u32>) -> Result<(), SealError> {
        (frame.kind, frame.id) = match head {
            Head::Request(id) => (Kind::Ask, *id),
            Head::Reply(ask) => (Kind::Last, *ask),
            Head::Part(ask) => (Kind::Next, *ask),
            Head::Plain => (Kind::Note, 0),
        };
        Ok(())
    }

    fn cancel(&mut self, id: &u32) -> Option<Message> {
        Some(message(Kind::Stop, *id, ""))
    }

    fn refuse(&mut self, ask: &u32, why: Refusal) -> Option<Message> {
        match why {
            // Whoever stopped listening needs no answer.
            Refusal::Cancelled => None,
            _ => Some(message(Kind::Failed, *ask, "refused")),
        }
    }

    fn end(&mut self, ask: &u32) -> Option<Message> {
        Some(message(Kind::Done, *ask, ""))
    }

    fn answers_cancelled(&self) -> bool {
        false
    }

    fn size(frame: &Message) -> usize {
        frame.body.len()
    }
}

#[test]
fn a_stream_is_parts_and_an_end() {
    let (mut asking, mut answering) = (Streamed, Streamed);
    let mut request = message(Kind::Note, 0, "count");
    asking.seal(&mut request, Head::Request(&5)).unwrap();
    let Peek::Request(ask) = answering.peek(&request) else {
        panic!("{request:?}");
    };
    for body in ["one", "two"] {
        let mut part = message(Kind::Note, 0, body);
        answering.seal(&mut part, Head::Part(&ask)).unwrap();
        assert_eq!(asking.peek(&part), Peek::Part(5));
        assert_eq!(part.body, body);
    }
    let end = answering.end(&ask).unwrap();
    assert_eq!(asking.peek(&end), Peek::End(5));
}

#[test]
fn the_last_answer_may_carry_data() {
    let mut last = message(Kind::Note, 0, "three");
    Streamed.seal(&mut last, Head::Reply(&5)).unwrap();
    assert_eq!(Streamed.peek(&last), Peek::Reply(5));
}

#[test]
fn a_cancelled_stream_is_told_and_gets_no_answer() {
    let stop = Streamed.cancel(&5).unwrap();
    assert_eq!(Streamed.peek(&stop), Peek::Cancel(5));
    assert!(!Streamed.answers_cancelled());
    assert_eq!(Streamed.refuse(&5, Refusal::Cancelled), None);
    let refusal = Streamed.refuse(&5, Refusal::Busy).unwrap();
    assert_eq!(Streamed.peek(&refusal), Peek::Reply(5));
}

#[test]
fn notes_stay_notes() {
    let mut note = message(Kind::Note, 0, "hello");
    Streamed.seal(&mut note, Head::Plain).unwrap();
    assert_eq!(Streamed.peek(&note), Peek::Other);
}
