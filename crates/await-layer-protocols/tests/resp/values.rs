//! Values and commands byte by byte.

use await_layer::{Pack, PackerError, Unpack};
use await_layer_protocols::resp::{Commands, Failure, RemoteError, Value};
use await_layer_testkit::conformance::mangled;
use bytes::Bytes;

fn unpack(frame: &[u8]) -> Result<Value, Failure> {
    Commands.unpack(Bytes::copy_from_slice(frame))
}

fn text(text: &'static str) -> Value {
    Value::Text(text.into())
}

fn remote(frame: &[u8]) -> RemoteError {
    match unpack(frame) {
        Err(Failure::Remote(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_an_array_of_its_words() {
    let frame: Bytes = Commands.pack(&["SET", "é", ""]).unwrap();
    assert_eq!(frame, "*3\r\n$3\r\nSET\r\n$2\r\né\r\n$0\r\n\r\n");
    let words = [b"SET".to_vec(), b"k".to_vec(), b"\r\n\0\xff".to_vec()];
    let frame: Bytes = Commands.pack(words.as_slice()).unwrap();
    assert_eq!(
        frame,
        &b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\r\n\0\xff\r\n"[..]
    );
}

#[test]
fn every_kind_of_value_is_read() {
    for (frame, value) in [
        (&b"_\r\n"[..], Value::Null),
        (b"$-1\r\n", Value::Null),
        (b"*-1\r\n", Value::Null),
        (b"#t\r\n", Value::Boolean(true)),
        (b"#f\r\n", Value::Boolean(false)),
        (b":-7\r\n", Value::Integer(-7)),
        (b":+7\r\n", Value::Integer(7)),
        (b",1.5\r\n", Value::Double(1.5)),
        (b",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
        (
            b"(3492890328409238509324850943850943825024385\r\n",
            text("3492890328409238509324850943850943825024385"),
        ),
        (b"+OK\r\n", text("OK")),
        (b"$0\r\n\r\n", text("")),
        (b"$4\r\na\r\nb\r\n", text("a\r\nb")),
        (b"=7\r\ntxt:abc\r\n", text("abc")),
        (b"*0\r\n", Value::List(vec![])),
        (
            b"*2\r\n:1\r\n~1\r\n+a\r\n",
            Value::List(vec![Value::Integer(1), Value::List(vec![text("a")])]),
        ),
        (b">1\r\n+news\r\n", Value::List(vec![text("news")])),
        (
            b"%1\r\n+a\r\n:1\r\n",
            Value::Map(vec![(text("a"), Value::Integer(1))]),
        ),
        (b"|1\r\n+ttl\r\n:9\r\n+v\r\n", text("v")),
        (
            b"*1\r\n|1\r\n+ttl\r\n:9\r\n+v\r\n",
            Value::List(vec![text("v")]),
        ),
    ] {
        assert!(unpack(frame).unwrap() == value, "{}", frame.escape_ascii());
    }
    assert_eq!(text("é").as_str(), Some("é"));
    assert_eq!(Value::Text(Bytes::from_static(b"\xff")).as_str(), None);
    assert_eq!(Value::Null.as_str(), None);
}

#[test]
fn an_error_is_the_calls_failure_and_an_inner_one_a_value() {
    for frame in [
        &b"-WRONGTYPE no list\r\n"[..],
        b"!17\r\nWRONGTYPE no list\r\n",
    ] {
        let error = remote(frame);
        assert_eq!(error.code(), "WRONGTYPE");
        assert_eq!(error.to_string(), "WRONGTYPE no list");
        assert_eq!(format!("{error:?}"), "RemoteError(\"WRONGTYPE\", ..)");
    }
    assert_eq!(remote(b"-\r\n").code(), "");
    let Ok(Value::List(values)) = unpack(b"*2\r\n+OK\r\n-ERR no\r\n") else {
        panic!("no list");
    };
    let Some(Value::Error(error)) = values.get(1) else {
        panic!("no error");
    };
    assert_eq!(error.code(), "ERR");
}

#[test]
fn what_is_no_value_is_an_error() {
    for frame in [
        &b""[..],
        b"hello\r\n",
        b"+no end",
        b"+lf alone\n",
        b"#x\r\n",
        b":\r\n",
        b":1.5\r\n",
        b",x\r\n",
        b"$\r\n",
        b"$-2\r\n",
        b"$+1\r\na\r\n",
        b"$?\r\n",
        b"$99999999999999999999\r\n",
        b"$2\r\na\r\n",
        b"$1\r\nab\r\n",
        b"=1\r\na\r\n",
        b"*1\r\n",
        b"*?\r\n",
        b"~-1\r\n",
        b"%9223372036854775808\r\n",
        b"*18446744073709551615\r\n",
        b"|0\r\n",
    ] {
        let got = unpack(frame);
        assert!(
            matches!(got, Err(Failure::Body(PackerError::WrongFrame))),
            "{frame:?}"
        );
    }
    let twice = unpack(b"+OK\r\n+OK\r\n");
    assert!(matches!(twice, Err(Failure::Body(PackerError::Trailing))));
}

#[test]
fn depth_is_limited_and_noise_is_no_panic() {
    let deep = |levels| [b"*1\r\n".repeat(levels), b"_\r\n".to_vec()].concat();
    assert!(unpack(&deep(128)).is_ok());
    assert!(unpack(&deep(129)).is_err());
    assert!(unpack(&b"*1\r\n".repeat(100_000)).is_err());
    let frame = b"%2\r\n$1\r\nk\r\n*2\r\n:1\r\n,1.5\r\n+s\r\n=5\r\ntxt:x\r\n";
    assert!(unpack(frame).is_ok());
    for frame in mangled(frame, 3) {
        drop(unpack(&frame));
    }
}

#[test]
fn nothing_that_is_held_is_printed() {
    let value = unpack(b"%1\r\n+secret\r\n*3\r\n:4711\r\n$6\r\nsecret\r\n-ERR secret\r\n").unwrap();
    let printed = format!("{value:?}");
    assert!(
        !printed.contains("secret") && !printed.contains("4711"),
        "{printed}"
    );
    assert!(printed.contains("Text(6 bytes)"), "{printed}");
}
