//! The compressing WebSocket: what it reads, however it is cut, is what a plain
//! reading of the RFCs says; what it writes, the other end reads.
#![no_main]

use await_layer_deflate::{Agreed, Config, Frame, Role, SendOptions, WebSocket};
use await_layer_fuzz::frames::{End, Message, Reader};
use await_layer_fuzz::network::Network;
use await_layer_fuzz::pieces::how;
use bytes::BytesMut;
use futures::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(([first, limit], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let (cuts, stream) = how(rest);
    let bit = |bit: u8| first & (1 << bit) != 0;
    let end = Our {
        role: if bit(0) { Role::Client } else { Role::Server },
        agreed: bit(1).then_some(Agreed {
            own_context: bit(2),
            peer_context: bit(3),
        }),
        max_message: 16 * usize::from(*limit),
    };
    match bit(4) {
        false => end.reads(stream, cuts),
        true => end.writes(stream, cuts),
    }
});

/// One end, as it was set up.
struct Our {
    role: Role,
    agreed: Option<Agreed>,
    max_message: usize,
}

impl Our {
    fn socket(&self, network: Network) -> WebSocket<Network> {
        let config = Config {
            max_message: self.max_message,
            ..Config::default()
        };
        WebSocket::new(network, self.role, self.agreed, BytesMut::new(), &config)
    }

    fn reader(&self) -> Reader {
        Reader {
            masked: self.role == Role::Server,
            max_message: self.max_message,
            keeps_context: self.agreed.map(|agreed| agreed.peer_context),
        }
    }

    /// For what this end writes.
    fn others_reader(&self) -> Reader {
        Reader {
            masked: self.role == Role::Client,
            max_message: usize::MAX,
            keeps_context: self.agreed.map(|agreed| agreed.own_context),
        }
    }

    fn reads(&self, stream: &[u8], cuts: &[u8]) {
        let network = Network::new(stream, cuts);
        let written = network.written();
        let mut socket = self.socket(network);
        let (expected, end) = self.reader().read(stream);
        let mut messages = Vec::new();
        let mut polls = 0;
        let error = loop {
            match socket.next().now_or_never() {
                Some(Some(Ok(frame))) => messages.push(message(frame)),
                Some(Some(Err(error))) => break error,
                Some(None) => panic!("it ends without a reason"),
                // Others had their turn.
                None => polls += 1,
            }
            assert!(polls <= stream.len(), "it waits for what is there");
        };
        assert!(
            messages
                .iter()
                .all(|(_, said)| said.len() <= self.max_message)
        );
        assert_eq!(messages, expected);
        let code = error.reason().code();
        match end {
            End::Closed(said) => assert_eq!(code, Some(said.unwrap_or(1005)), "{error}"),
            End::Gone => assert_eq!(code, Some(1006), "{error}"),
            End::Wrong(expected) => assert_eq!(code, Some(expected), "{error}"),
            End::Bomb => assert!(matches!(code, Some(1007 | 1009)), "{error}"),
        }
        assert!(
            matches!(socket.next().now_or_never(), Some(None)),
            "it is fused"
        );
        // What was said to that is sound itself: pongs, and a goodbye.
        let (said, end) = self.others_reader().read(&written.lock().unwrap());
        assert!(
            said.is_empty() && matches!(end, End::Closed(_) | End::Gone),
            "{end:?}"
        );
    }

    /// Each piece is a message or a fragment, with options of its own.
    fn writes(&self, stream: &[u8], cuts: &[u8]) {
        let network = Network::new(&[], &[]);
        let written = network.written();
        let mut socket = self.socket(network);
        let mut expected: Vec<Message> = Vec::new();
        let mut run: Option<Message> = None;
        for piece in await_layer_fuzz::pieces::pieces(stream, cuts) {
            let Some((how, payload)) = piece.split_first() else {
                continue;
            };
            let option =
                |shift: u8| [None, Some(false), Some(true)][usize::from(how >> shift & 3) % 3];
            let frame = match std::str::from_utf8(payload) {
                Ok(text) if *how < 128 => Frame::text(text),
                _ => Frame::binary(payload.to_vec()),
            };
            let (is_text, fin) = (frame.is_text(), option(2));
            // The rules are the codec's to keep: it refuses these.
            let size = run.as_ref().map_or(0, |run| run.1.len()) + payload.len();
            let is_other = run.as_ref().is_some_and(|run| run.0 != is_text);
            if fin.is_some() && (is_other || size > self.max_message) {
                continue;
            }
            let options = SendOptions {
                compress: option(0),
                fin,
                ..SendOptions::default()
            };
            let sent = socket.send(frame.with_options(options)).now_or_never();
            sent.expect("there is room").expect("the network takes it");
            let mut message = match fin {
                Some(_) => run.take().unwrap_or((is_text, Vec::new())),
                None => (is_text, Vec::new()),
            };
            message.1.extend(payload);
            match fin {
                Some(false) => run = Some(message),
                _ => expected.push(message),
            }
        }
        let (said, end) = self.others_reader().read(&written.lock().unwrap());
        assert_eq!((said, end), (expected, End::Gone));
    }
}

fn message(frame: Frame) -> Message {
    let is_text = frame.is_text();
    (is_text, frame.into_message().into_data().to_vec())
}
