//! Messages to bytes: the sending half of RFC 6455, without I/O.

use bytes::{BufMut, Bytes, BytesMut};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::compress::Compressor;
use crate::frame::Body;
use crate::mask::{self, Masks};
use crate::{Agreed, Deflate, Frame, Role, WebSocketError};

/// Room for compression that is kept from one message to the next.
const KEPT: usize = 1 << 16;
/// Of a message of ours that wait for the last one: each takes memory, even
/// without payload.
pub(crate) const MAX_FRAGMENTS: usize = 4096;

/// What is to be written.
pub(crate) struct Writer {
    /// Bytes for the network.
    pub(crate) buffer: BytesMut,
    /// A client's.
    masks: Option<Masks>,
    compressor: Option<Compressor>,
    threshold: usize,
    max_message: usize,
    /// A message in fragments whose last one has not come.
    run: Option<Run>,
    compressed: Vec<u8>,
}

struct Run {
    is_text: bool,
    compress: Option<bool>,
    bytes: usize,
    fragments: Vec<Bytes>,
}

impl Writer {
    pub(crate) fn new(
        role: Role,
        agreed: Option<Agreed>,
        deflate: Option<Deflate>,
        max_message: usize,
    ) -> Self {
        let deflate = deflate.unwrap_or_default();
        Self {
            buffer: BytesMut::new(),
            masks: role.masks().then(Masks::new),
            compressor: agreed.map(|agreed| Compressor::new(deflate.level, agreed.own_context)),
            threshold: deflate.threshold,
            max_message,
            run: None,
            compressed: Vec::new(),
        }
    }

    /// Adds a message, or a fragment of one.
    pub(crate) fn push(&mut self, frame: Frame) -> Result<(), WebSocketError> {
        let (body, options) = frame.into_parts();
        let (is_text, payload) = match body {
            Body::Text(text) => (true, Bytes::from(text)),
            Body::Binary(bytes) => (false, bytes),
            Body::Ping(payload) => return self.control(Control::Ping, &payload),
            Body::Pong(payload) => return self.control(Control::Pong, &payload),
            Body::Close(goodbye) => return self.close(goodbye.as_ref()),
        };
        let Some(fin) = options.fin else {
            return self.message(is_text, options.compress, &[payload]);
        };
        let mut run = self.run.take().unwrap_or_else(|| Run {
            is_text,
            compress: options.compress,
            bytes: 0,
            fragments: Vec::new(),
        });
        run.bytes = run.bytes.saturating_add(payload.len());
        run.fragments.push(payload);
        let (bytes, most) = (run.bytes, self.max_message);
        if bytes > most || run.fragments.len() > MAX_FRAGMENTS {
            let count = run.fragments.len();
            let why = format!(
                "{count} fragments of one message, of {bytes} bytes; \
                 max_message allows {most} bytes, in at most {MAX_FRAGMENTS} fragments"
            );
            return Err(WebSocketError::too_large(&why));
        }
        match fin {
            true => self.message(run.is_text, run.compress, &run.fragments),
            false => {
                self.run = Some(run);
                Ok(())
            }
        }
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, goodbye: Option<&CloseFrame>) -> Result<(), WebSocketError> {
        let mut payload = Vec::new();
        if let Some(CloseFrame { code, reason }) = goodbye {
            payload.extend(u16::from(*code).to_be_bytes());
            payload.extend(reason.as_bytes());
        }
        self.control(Control::Close, &payload)
    }

    pub(crate) fn control(
        &mut self,
        control: Control,
        payload: &[u8],
    ) -> Result<(), WebSocketError> {
        let header = FrameHeader {
            opcode: OpCode::Control(control),
            ..FrameHeader::default()
        };
        self.frame(header, payload)
    }

    /// A whole message, a frame for each fragment.
    fn message(
        &mut self,
        is_text: bool,
        compress: Option<bool>,
        fragments: &[Bytes],
    ) -> Result<(), WebSocketError> {
        let bytes = fragments
            .iter()
            .fold(0_usize, |sum, fragment| sum.saturating_add(fragment.len()));
        let compress = compress.unwrap_or(bytes > 0 && bytes >= self.threshold);
        // Away while it is used; gone if it fails.
        let mut compressor = self.compressor.take();
        let mut in_use = compressor.as_mut().filter(|_| compress);
        let mut compressed = std::mem::take(&mut self.compressed);
        for (at, fragment) in fragments.iter().enumerate() {
            let is_final = at.saturating_add(1) == fragments.len();
            let header = FrameHeader {
                is_final,
                rsv1: at == 0 && in_use.is_some(),
                opcode: OpCode::Data(match (at, is_text) {
                    (0, true) => Data::Text,
                    (0, false) => Data::Binary,
                    _ => Data::Continue,
                }),
                ..FrameHeader::default()
            };
            match &mut in_use {
                None => self.frame(header, fragment)?,
                Some(compressor) => {
                    compressed.clear();
                    let done = compressor.fragment(fragment, is_final, &mut compressed);
                    done.ok_or_else(|| WebSocketError::broken("the compressor failed"))?;
                    self.frame(header, &compressed)?;
                }
            }
        }
        compressed.clear();
        compressed.shrink_to(KEPT);
        self.compressed = compressed;
        self.compressor = compressor;
        Ok(())
    }

    fn frame(&mut self, mut header: FrameHeader, payload: &[u8]) -> Result<(), WebSocketError> {
        if let Some(masks) = &mut self.masks {
            let mask = masks.next();
            header.mask = Some(mask.map_err(|error| WebSocketError::failed(&error))?);
        }
        let formatted = header.format(payload.len() as u64, &mut (&mut self.buffer).writer());
        formatted.map_err(|_| WebSocketError::broken("a frame's header cannot be made"))?;
        let start = self.buffer.len();
        self.buffer.extend_from_slice(payload);
        if let (Some(mask), Some(payload)) = (header.mask, self.buffer.get_mut(start..)) {
            mask::apply(payload, mask, 0);
        }
        Ok(())
    }
}
