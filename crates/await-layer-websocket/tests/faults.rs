//! What each failure of tungstenite means here, met on a wire that the test
//! plays.

use std::io::{self, Read, Write};

use await_layer_websocket::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use await_layer_websocket::tungstenite::{Error, Message};
use await_layer_websocket::{Fault, FaultKind};

/// What one read of the wire gives, and the end after it.
struct Wire {
    read: Option<io::Result<&'static [u8]>>,
    has_room: bool,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.read.take() {
            Some(bytes) => bytes?.read(buffer),
            None => Ok(0),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.has_room {
            true => Ok(bytes.len()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn client(read: io::Result<&'static [u8]>) -> WebSocket<Wire> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(4))
        .write_buffer_size(0)
        .max_write_buffer_size(8);
    let wire = Wire {
        read: Some(read),
        has_room: false,
    };
    WebSocket::from_raw_socket(wire, Role::Client, Some(limits))
}

fn reading(read: io::Result<&'static [u8]>) -> FaultKind {
    client(read).read().unwrap_err().kind()
}

#[test]
fn each_failure_of_reading_is_what_it_is() {
    let broken = Err(io::ErrorKind::BrokenPipe.into());
    assert_eq!(reading(broken), FaultKind::Network);
    // The end in the middle of a frame, and that of TLS without a goodbye.
    assert_eq!(reading(Ok(b"\x81\x04x")), FaultKind::Vanished);
    let cut = Err(io::ErrorKind::UnexpectedEof.into());
    assert_eq!(reading(cut), FaultKind::Vanished);
    let large = FaultKind::TooLarge(Some((5, 4)));
    assert_eq!(reading(Ok(b"\x81\x05hello")), large);
    // An opcode that does not exist, and text that is none.
    assert_eq!(reading(Ok(b"\x83\x00")), FaultKind::Protocol);
    assert_eq!(reading(Ok(b"\x81\x01\xff")), FaultKind::Utf8);
}

#[test]
fn a_message_without_room_beside_others_is_no_failure_of_the_network() {
    let mut stuck = client(Ok(b""));
    let full = loop {
        match stuck.write(Message::text("x")) {
            Err(error @ Error::WriteBufferFull(_)) => break error,
            Ok(()) | Err(Error::Io(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    };
    assert_eq!(full.kind(), FaultKind::BufferFull);
}

#[test]
fn the_end_that_was_agreed_on_is_none_of_these() {
    let mut closed = client(Ok(b"\x88\x00"));
    closed.get_mut().has_room = true;
    assert_eq!(closed.read().unwrap(), Message::Close(None));
    let error = closed.read().unwrap_err();
    assert_eq!(error.kind(), FaultKind::Other, "{error:?}");
}
