//! The testkit's suite.

use await_layer::{Pack, Unpack};
use await_layer_protocols::msgpack_rpc::{
    Failure, Messages, Method, MsgpackRpc, Outcome, Received,
};
use await_layer_testkit::conformance::{self, Samples, mangled};
use bytes::Bytes;

/// The suite wants one type that packs and unpacks.
#[derive(Debug, PartialEq)]
struct Question(&'static str, Vec<u64>);

#[derive(Debug, PartialEq)]
struct Answer(String);

const METHODS: [&str; 2] = ["nvim_eval", "é"];

impl Pack<Bytes, Question> for Messages {
    fn pack(&self, question: &Question) -> Result<Bytes, Failure> {
        self.pack(&Method(question.0, &question.1))
    }
}

impl Unpack<Bytes, Question> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<Question, Failure> {
        let received: Received = self.unpack(frame)?;
        let method = METHODS.into_iter().find(|it| *it == received.method);
        let params = received.params().unwrap_or_default();
        Ok(Question(method.unwrap_or_default(), params))
    }
}

impl Pack<Bytes, Answer> for Messages {
    fn pack(&self, answer: &Answer) -> Result<Bytes, Failure> {
        self.pack(&Outcome::<_>::Ok(&answer.0))
    }
}

impl Unpack<Bytes, Answer> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<Answer, Failure> {
        self.unpack(frame).map(Answer)
    }
}

#[test]
fn it_does_what_the_layer_relies_on() {
    let questions = [
        Question(METHODS[0], vec![]),
        Question(METHODS[1], vec![0, 300, u64::MAX]),
    ];
    let answers = ["", "an answer"].map(|text| Answer(text.to_owned()));
    let request = b"\x94\x00\xce\x01\x02\x03\x04\xa3add\x92\x01\xa1x";
    let reply = b"\x94\x01\x07\xc0\x81\xa1k\xc4\x03\0\x01\x02";
    let damaged = [mangled(request, 1), mangled(reply, 2)].concat();
    let samples = Samples::new(questions, answers)
        .plain([Bytes::from_static(b"\x93\x02\xa4news\x90")])
        .unsealable([&b""[..], b"\x90", b"\xc0", b"text"].map(Bytes::from_static))
        .hostile(damaged.into_iter().map(Bytes::from))
        .hostile([&b"\x94"[..], b"\x94\x00", b"\xdd\xff\xff\xff\xff"].map(Bytes::from_static));
    conformance::protocol(MsgpackRpc::default, &samples);
}
