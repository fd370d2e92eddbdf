//! Bytes to messages: the receiving half of RFC 6455, without I/O.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::inflate::{InflateError, Inflater};
use crate::{Agreed, Frame, Role, WebSocketError, mask};

const MAX_CONTROL: u64 = 125;

/// Takes what comes in as it comes: memory grows with what has arrived, never
/// with what a header announces.
pub(crate) struct Reader {
    role: Role,
    max_message: usize,
    /// What has not been looked at.
    buffer: BytesMut,
    frame: Option<Open>,
    /// Its frames may have others between them.
    message: Option<Message>,
    /// Payload of a control frame.
    control: Vec<u8>,
    inflater: Option<Inflater>,
}

/// A frame that is being read.
struct Open {
    header: FrameHeader,
    read: u64,
    left: u64,
}

struct Message {
    is_text: bool,
    is_compressed: bool,
    payload: Vec<u8>,
}

pub(crate) enum Received {
    Message(Frame),
    /// A frame of one that is not complete.
    Part,
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<CloseFrame>),
}

impl Reader {
    pub(crate) fn new(
        role: Role,
        agreed: Option<Agreed>,
        max_message: usize,
        buffer: BytesMut,
    ) -> Self {
        Self {
            role,
            max_message,
            buffer,
            frame: None,
            message: None,
            control: Vec::new(),
            inflater: agreed.map(|agreed| Inflater::new(agreed.peer_context)),
        }
    }

    /// Where the next bytes go.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next of what is complete in the buffer.
    pub(crate) fn next(&mut self) -> Result<Option<Received>, WebSocketError> {
        loop {
            let Some(mut frame) = self.frame.take() else {
                let mut cursor = Cursor::new(&self.buffer);
                let Ok(parsed) = FrameHeader::parse(&mut cursor) else {
                    return Err(WebSocketError::protocol("the peer sent an unknown opcode"));
                };
                let Some((header, left)) = parsed else {
                    return Ok(None);
                };
                let length = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
                self.buffer.advance(length.min(self.buffer.len()));
                self.begin(&header, left)?;
                let read = 0;
                self.frame = Some(Open { header, read, left });
                continue;
            };
            let here = usize::try_from(frame.left).unwrap_or(usize::MAX);
            let here = here.min(self.buffer.len());
            let mut buffer = std::mem::take(&mut self.buffer);
            let taken = match buffer.get_mut(..here) {
                Some(part) => self.take(&frame, part),
                None => Ok(()),
            };
            buffer.advance(here);
            self.buffer = buffer;
            taken?;
            frame.read = frame.read.saturating_add(here as u64);
            frame.left = frame.left.saturating_sub(here as u64);
            if frame.left > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
            if let Some(received) = self.end(&frame.header)? {
                return Ok(Some(received));
            }
        }
    }

    /// A frame begins.
    fn begin(&mut self, header: &FrameHeader, length: u64) -> Result<(), WebSocketError> {
        let refuse = |why| Err(WebSocketError::protocol(why));
        if header.mask.is_some() == self.role.masks() {
            return refuse(match self.role {
                Role::Client => "the server masks its frames",
                Role::Server => "the client does not mask its frames",
            });
        }
        if header.rsv2 || header.rsv3 {
            return refuse("the peer set a reserved bit");
        }
        let is_text = match (header.opcode, &self.message) {
            (OpCode::Control(_), _) => {
                if header.rsv1 || !header.is_final || length > MAX_CONTROL {
                    return refuse("the peer sent a ping, pong or close frame as it must not");
                }
                self.control.clear();
                return Ok(());
            }
            (OpCode::Data(Data::Continue), None) => {
                return refuse("the peer continues a message that it has not begun");
            }
            (OpCode::Data(Data::Continue), Some(_)) if header.rsv1 => {
                return refuse("the peer set a reserved bit");
            }
            (OpCode::Data(Data::Continue), Some(_)) => return self.announced(length),
            (OpCode::Data(_), Some(_)) => {
                return refuse("the peer begins a message within another");
            }
            (OpCode::Data(kind), None) => kind == Data::Text,
        };
        if header.rsv1 && self.inflater.is_none() {
            return refuse("the peer compresses though that was not agreed on");
        }
        self.message = Some(Message {
            is_text,
            is_compressed: header.rsv1,
            payload: Vec::new(),
        });
        self.announced(length)
    }

    /// No need to read what will be too large in the end.
    fn announced(&self, length: u64) -> Result<(), WebSocketError> {
        match &self.message {
            Some(message) if !message.is_compressed => {
                let size = length.saturating_add(message.payload.len() as u64);
                match size > self.max_message as u64 {
                    true => Err(self.too_large(&format!("a message of {size} bytes or more"))),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Payload of a frame.
    fn take(&mut self, frame: &Open, part: &mut [u8]) -> Result<(), WebSocketError> {
        if let Some(mask) = frame.header.mask {
            mask::apply(part, mask, frame.read);
        }
        if let OpCode::Control(_) = frame.header.opcode {
            self.control.extend_from_slice(part);
            return Ok(());
        }
        let max = self.max_message;
        let result = match (&mut self.message, &mut self.inflater) {
            (Some(message), Some(inflater)) if message.is_compressed => {
                inflater.part(part, &mut message.payload, max)
            }
            (Some(message), _) => {
                message.payload.extend_from_slice(part);
                Ok(())
            }
            (None, _) => Ok(()),
        };
        result.map_err(|error| self.inflate_failed(error))
    }

    /// A frame ends, and perhaps a message with it.
    fn end(&mut self, header: &FrameHeader) -> Result<Option<Received>, WebSocketError> {
        match header.opcode {
            OpCode::Control(Control::Ping) => {
                let payload = Bytes::copy_from_slice(&self.control);
                Ok(Some(Received::Ping(payload)))
            }
            OpCode::Control(Control::Close) => Ok(Some(Received::Close(goodbye(&self.control)?))),
            OpCode::Control(_) => {
                let payload = Bytes::copy_from_slice(&self.control);
                Ok(Some(Received::Pong(payload)))
            }
            OpCode::Data(_) if !header.is_final => Ok(Some(Received::Part)),
            OpCode::Data(_) => self.complete(),
        }
    }

    fn complete(&mut self) -> Result<Option<Received>, WebSocketError> {
        let Some(mut message) = self.message.take() else {
            return Ok(None);
        };
        if let (true, Some(inflater)) = (message.is_compressed, &mut self.inflater) {
            let result = inflater.finish(&mut message.payload, self.max_message);
            result.map_err(|error| self.inflate_failed(error))?;
        }
        // Growing leaves room, and decompressing leaves much of it.
        if message.payload.capacity() / 2 > message.payload.len() {
            message.payload.shrink_to_fit();
        }
        let frame = match message.is_text {
            true => match String::from_utf8(message.payload) {
                Ok(text) => Frame::text(text),
                Err(_) => return Err(WebSocketError::not_utf8()),
            },
            false => Frame::binary(message.payload),
        };
        Ok(Some(Received::Message(frame)))
    }

    fn inflate_failed(&self, error: InflateError) -> WebSocketError {
        match error {
            InflateError::TooLarge => self.too_large("a compressed message that is too large"),
            InflateError::Corrupt => WebSocketError::corrupt(),
        }
    }

    fn too_large(&self, what: &str) -> WebSocketError {
        let max = self.max_message;
        let why = format!("the peer sent {what}; max_message allows {max} bytes");
        WebSocketError::too_large(&why)
    }
}

/// What a close frame says; it need not say anything.
fn goodbye(payload: &[u8]) -> Result<Option<CloseFrame>, WebSocketError> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(WebSocketError::protocol("the peer sent half a close code")),
        };
    };
    let code = CloseCode::from(u16::from_be_bytes(*code));
    if !code.is_allowed() {
        let why = "the peer sent a close code that may not go over the wire";
        return Err(WebSocketError::protocol(why));
    }
    match std::str::from_utf8(reason) {
        Ok(reason) => Ok(Some(CloseFrame {
            code,
            reason: reason.into(),
        })),
        Err(_) => Err(WebSocketError::not_utf8()),
    }
}
