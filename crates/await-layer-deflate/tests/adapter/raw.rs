//! A peer that knows bytes only.

use await_layer::TokioTimer;
use await_layer_deflate::tungstenite::protocol::frame::FrameHeader;
use await_layer_deflate::tungstenite::protocol::frame::coding::OpCode;
use await_layer_deflate::{Agreed, Config, Layer, Role, WebSocket, layer};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_util::compat::TokioAsyncReadCompatExt;

use crate::pair::Pipe;

/// Both directions keep their context.
pub(crate) const AGREED: Option<Agreed> = Some(Agreed {
    own_context: true,
    peer_context: true,
});

/// The other end of a pipe.
pub(crate) struct Raw(DuplexStream);

/// A frame as it came, unmasked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The first byte on the wire: `fin`, the reserved bits, the opcode.
    pub(crate) first: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

/// Our end as this, and a raw peer.
pub(crate) fn raw(role: Role, agreed: Option<Agreed>, config: &Config) -> (WebSocket<Pipe>, Raw) {
    let (here, there) = duplex(1 << 20);
    let ours = WebSocket::new(here.compat(), role, agreed, BytesMut::new(), config);
    (ours, Raw(there))
}

/// The same with a layer.
pub(crate) fn raw_layer(role: Role, agreed: Option<Agreed>, config: Config) -> (Layer<Pipe>, Raw) {
    let (ours, theirs) = raw(role, agreed, &config);
    (layer(ours, config, TokioTimer::new()), theirs)
}

impl Raw {
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// A frame without a mask, as servers send them.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match u8::try_from(payload.len()) {
            Ok(length @ ..126) => frame.push(length),
            _ => {
                frame.push(127);
                frame.extend((payload.len() as u64).to_be_bytes());
            }
        }
        frame.extend(payload);
        self.say(&frame).await;
    }

    /// A frame with a mask, as clients send them.
    pub(crate) async fn masked(&mut self, first: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).unwrap();
        assert!(length < 126);
        self.say(&[first, 0x80 | length, 0, 0, 0, 0]).await;
        self.say(payload).await;
    }

    /// Whether nothing more comes.
    pub(crate) async fn is_at_end(&mut self) -> bool {
        self.0.read(&mut [0]).await.unwrap() == 0
    }

    pub(crate) async fn see(&mut self) -> Seen {
        let mut bytes = Vec::new();
        let (header, length) = loop {
            bytes.push(self.0.read_u8().await.unwrap());
            let mut cursor = std::io::Cursor::new(&bytes);
            if let Some(parsed) = FrameHeader::parse(&mut cursor).unwrap() {
                break parsed;
            }
        };
        let mut payload = vec![0; length.try_into().unwrap()];
        self.0.read_exact(&mut payload).await.unwrap();
        if let Some(mask) = header.mask {
            for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
                *byte ^= mask;
            }
        }
        let flags = [
            (0x80, header.is_final),
            (0x40, header.rsv1),
            (0x20, header.rsv2),
            (0x10, header.rsv3),
        ];
        let opcode: u8 = OpCode::into(header.opcode);
        let set = flags.iter().filter(|(_, set)| *set);
        Seen {
            first: set.fold(opcode, |first, (bit, _)| first | bit),
            masked: header.mask.is_some(),
            payload,
        }
    }
}
