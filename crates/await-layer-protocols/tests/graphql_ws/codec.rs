//! What a message is, and what an id does to it.

use await_layer::{AwaitIdCodec, Head, Pack, Packer, Peek, Protocol, RandomText, Refusal, Unpack};
use await_layer_protocols::graphql_ws::{
    Codec, ErrorObject, Errors, Failure, GraphqlWs, Kind, Message, Messages, Operation, Outcome,
    Ping, Received, Response,
};
use await_layer_testkit::conformance::{self, Samples};
use serde_json::{Value, json};

/// What the suite compares: it wants values that pack and unpack, and an
/// operation is another type at each end.
#[derive(Debug, PartialEq)]
struct Asked(String, Option<&'static str>, Value);

#[derive(Debug, PartialEq)]
struct Answered(Response<Value>);

/// The packer of the crate, for those two.
struct Both;

impl Packer for Both {
    type Error = Failure;
}

impl Pack<Message, Asked> for Both {
    fn pack(&self, Asked(query, name, variables): &Asked) -> Result<Message, Failure> {
        let operation = Operation::single(query, variables);
        match name {
            Some(name) => Messages.pack(&operation.named(name)),
            None => Messages.pack(&operation),
        }
    }
}

impl Unpack<Message, Asked> for Both {
    fn unpack(&self, message: Message) -> Result<Asked, Failure> {
        let received: Received = Messages.unpack(message)?;
        let name = received.name.as_ref().map(|_| "it");
        let variables = received.variables().map_err(Failure::Remote)?;
        Ok(Asked(received.query, name, variables))
    }
}

impl Pack<Message, Answered> for Both {
    fn pack(&self, answer: &Answered) -> Result<Message, Failure> {
        Messages.pack(&answer.0)
    }
}

impl Unpack<Message, Answered> for Both {
    fn unpack(&self, message: Message) -> Result<Answered, Failure> {
        Messages.unpack(message).map(Answered)
    }
}

struct Tried;

impl Protocol for Tried {
    type Frame = Message;
    type Packer = Both;
    type Codec = Codec;
    type Ids = RandomText;

    fn into_parts(self) -> (Both, Codec, RandomText) {
        let (_, codec, ids) = GraphqlWs.into_parts();
        (Both, codec, ids)
    }
}

fn response(data: Value, errors: Vec<ErrorObject>) -> Response<Value> {
    Response {
        data: Some(data),
        errors,
        extensions: Value::Null,
    }
}

fn subscribe() -> Message {
    Messages.pack(&Operation::streamed("{ a }", ())).unwrap()
}

fn next(data: Value) -> Message {
    Messages.pack(&Outcome::Ok(data)).unwrap()
}

fn error(message: &str) -> Message {
    let errors = Errors::from(ErrorObject::new(message));
    Messages.pack(&Outcome::<Value>::Err(errors)).unwrap()
}

fn sealed(
    mut message: Message,
    head: Head<'_, await_layer::TextId, await_layer::TextId>,
) -> Message {
    Codec.seal(&mut message, head).unwrap();
    message
}

#[test]
fn it_conforms() {
    let id = "a".into();
    let ping: Message = Messages.pack(&Ping).unwrap();
    // Those that name calls of nobody's.
    let hostile = [
        subscribe(),
        next(json!(1)),
        error("no"),
        sealed(subscribe(), Head::Request(&id)),
        sealed(next(json!(1)), Head::Reply(&id)),
        sealed(next(json!(1)), Head::Part(&id)),
        sealed(error("no"), Head::Reply(&id)),
        Codec.cancel(&id).unwrap(),
        Codec.end(&id).unwrap(),
    ];
    let samples = Samples::new(
        [
            Asked("{ a }".to_owned(), None, Value::Null),
            Asked(String::new(), Some("it"), json!({ "id": [1, "é"] })),
        ],
        [
            Answered(response(json!({ "a": 1 }), Vec::new())),
            Answered(response(json!([]), vec![ErrorObject::new("no b")])),
        ],
    )
    .plain([ping])
    .unsealable([next(json!(1)), error("no")])
    .hostile(hostile);
    conformance::protocol(|| Tried, &samples);
}

#[test]
fn each_kind_goes_only_where_it_belongs() {
    let id = "a".into();
    let ping: Message = Messages.pack(&Ping).unwrap();
    for (message, head) in [
        (subscribe(), Head::Reply(&id)),
        (subscribe(), Head::Part(&id)),
        (subscribe(), Head::Plain),
        (next(json!(1)), Head::Plain),
        (error("no"), Head::Part(&id)),
        (ping, Head::Request(&id)),
    ] {
        let before = message.clone();
        let mut message = message;
        Codec.seal(&mut message, head).unwrap_err();
        assert_eq!(message, before);
    }
}

#[test]
fn a_result_is_its_data_unless_it_has_errors() {
    let data: Value = Messages.unpack(next(json!({ "a": 1 }))).unwrap();
    assert_eq!(data, json!({ "a": 1 }));
    let partly = response(json!({ "a": null }), vec![ErrorObject::new("no a")]);
    let partly: Message = Messages.pack(&partly).unwrap();
    let failed: Result<Value, _> = Messages.unpack(partly.clone());
    let Err(Failure::Remote(errors)) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(errors.0, [ErrorObject::new("no a")]);
    let whole: Response<Value> = Messages.unpack(partly).unwrap();
    assert_eq!(whole.data, Some(json!({ "a": null })));
    assert_eq!(whole.errors, errors.0);
}

#[test]
fn data_that_is_null_is_nothing() {
    let nothing: Option<u8> = Messages.unpack(next(Value::Null)).unwrap();
    assert_eq!(nothing, None);
    let whole: Response<u8> = Messages.unpack(next(Value::Null)).unwrap();
    assert_eq!(whole.data, None);
}

#[test]
fn several_errors_are_one_failure() {
    let errors = Errors(["first", "second", "third"].map(ErrorObject::new).to_vec());
    assert_eq!(errors.to_string(), "first (and 2 more)");
    let message: Message = Messages
        .pack(&Outcome::<Value>::Err(errors.clone()))
        .unwrap();
    let failed: Result<Value, _> = Messages.unpack(message);
    assert!(matches!(failed, Err(Failure::Remote(told)) if told == errors));
}

#[test]
fn an_operation_says_no_more_than_it_must() {
    let message: Message = Messages.pack(&Operation::single("{ a }", ())).unwrap();
    assert_eq!(message.kind(), Kind::Subscribe);
    let payload: Value = serde_json::from_str(message.payload().unwrap()).unwrap();
    assert_eq!(payload, json!({ "query": "{ a }", "variables": null }));
    let received: Received = Messages.unpack(message).unwrap();
    assert_eq!(received.name, None);
    received.variables::<()>().unwrap();
    assert_eq!(received.variables::<u8>().unwrap_err().0.len(), 1);
}

#[test]
fn the_wrong_kind_and_the_wrong_body_are_errors_without_payload() {
    let received: Result<Received, _> = Messages.unpack(next(json!("secret")));
    assert!(matches!(received, Err(Failure::Body(_))));
    let number: Result<u8, _> = Messages.unpack(next(json!("secret")));
    let failure = number.unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains("secret"));
    let message = next(json!("secret"));
    assert!(!format!("{message:?}").contains("secret"));
}

#[test]
fn refusals_are_errors_and_what_was_cancelled_gets_none() {
    let id = "a".into();
    for why in [Refusal::Busy, Refusal::Dropped] {
        let refusal = Codec.refuse(&id, why).unwrap();
        assert_eq!(Codec.peek(&refusal), Peek::Reply(id.clone()));
        let failed: Result<Value, _> = Messages.unpack(refusal);
        assert!(matches!(failed, Err(Failure::Remote(_))));
    }
    assert_eq!(Codec.refuse(&id, Refusal::Duplicate), None);
    assert_eq!(Codec.refuse(&id, Refusal::Cancelled), None);
    assert!(!Codec.answers_cancelled());
}
