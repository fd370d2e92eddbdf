//! RFC 6455 and RFC 7692, read plainly: all bytes at once, message by message.

use flate2::{Decompress, FlushDecompress, Status};

/// How reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer said goodbye, with this code or none.
    Closed(Option<u16>),
    /// Without a word.
    Gone,
    /// It broke the rules: the code to say so with.
    Wrong(u16),
    /// It decompresses to too much, or not at all: either can be met first.
    Bomb,
}

/// A message: whether it is text, and what it says.
pub type Message = (bool, Vec<u8>);

/// Reads for one end.
pub struct Reader {
    /// Whether the peer must mask.
    pub masked: bool,
    pub max_message: usize,
    /// Whether the peer may compress, and then whether it keeps its context.
    pub keeps_context: Option<bool>,
}

/// What is decompressed across messages.
struct Inflate {
    state: Decompress,
    ended: bool,
}

impl Reader {
    /// What `bytes` say, and why they say no more.
    pub fn read(&self, bytes: &[u8]) -> (Vec<Message>, End) {
        let mut messages = Vec::new();
        let end = self.each(bytes, &mut messages);
        (messages, end)
    }

    fn each(&self, mut bytes: &[u8], messages: &mut Vec<Message>) -> End {
        let mut inflate = Inflate {
            state: Decompress::new(false),
            ended: false,
        };
        // Whether it is text, whether it is compressed, and what it said so far.
        let mut open: Option<(bool, bool, Vec<u8>)> = None;
        loop {
            let Some(Header {
                first,
                mask,
                length,
                rest,
            }) = header(bytes)
            else {
                return End::Gone;
            };
            let (fin, rsv, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
            let is_known = matches!(opcode, 0..=2 | 8..=10);
            if !is_known || mask.is_some() != self.masked || rsv & 0x30 != 0 {
                return End::Wrong(1002);
            }
            let is_control = opcode >= 8;
            let is_wrong = match (opcode, &open) {
                (8..=10, _) => !fin || rsv != 0 || length > 125,
                (0, None) => true,
                (0, Some(_)) => rsv != 0,
                (_, Some(_)) => true,
                (_, None) => rsv != 0 && self.keeps_context.is_none(),
            };
            if is_wrong {
                return End::Wrong(1002);
            }
            if !is_control {
                let (_, is_compressed, so_far) =
                    open.get_or_insert_with(|| (opcode == 1, rsv != 0, Vec::new()));
                let size = length.saturating_add(so_far.len() as u64);
                if !*is_compressed && size > self.max_message as u64 {
                    return End::Wrong(1009);
                }
            }
            let here = usize::try_from(length)
                .unwrap_or(usize::MAX)
                .min(rest.len());
            let is_whole = here as u64 == length;
            let mask = mask.unwrap_or_default();
            let payload: Vec<u8> = std::iter::zip(&rest[..here], mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask)
                .collect();
            bytes = &rest[here..];
            if is_control {
                match (is_whole, opcode) {
                    (false, _) => return End::Gone,
                    (true, 8) => return goodbye(&payload),
                    _ => continue,
                }
            }
            let Some((is_text, is_compressed, mut said)) = open.take() else {
                unreachable!("it was opened above");
            };
            if is_compressed {
                if let Some(end) = inflate.part(&payload, &mut said, self.max_message) {
                    return end;
                }
            } else {
                said.extend(payload);
            }
            if !is_whole {
                return End::Gone;
            }
            if !fin {
                open = Some((is_text, is_compressed, said));
                continue;
            }
            if is_compressed {
                if let Some(end) = inflate.part(&[0, 0, 0xff, 0xff], &mut said, self.max_message) {
                    return end;
                }
                if inflate.ended || self.keeps_context == Some(false) {
                    inflate.state.reset(false);
                    inflate.ended = false;
                }
            }
            if is_text && std::str::from_utf8(&said).is_err() {
                return End::Wrong(1007);
            }
            messages.push((is_text, said));
        }
    }
}

/// What begins a frame, and what follows.
struct Header<'a> {
    first: u8,
    mask: Option<[u8; 4]>,
    length: u64,
    rest: &'a [u8],
}

fn header(bytes: &[u8]) -> Option<Header<'_>> {
    let ([first, second], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*length).into(), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*length), rest)
        }
        short => (short.into(), rest),
    };
    let (mask, rest) = match second & 0x80 {
        0 => (None, rest),
        _ => {
            let (mask, rest) = rest.split_first_chunk()?;
            (Some(*mask), rest)
        }
    };
    Some(Header {
        first: *first,
        mask,
        length,
        rest,
    })
}

fn goodbye(payload: &[u8]) -> End {
    match payload {
        [] => End::Closed(None),
        [_] => End::Wrong(1002),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            let is_allowed = matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999);
            match (is_allowed, std::str::from_utf8(reason)) {
                (false, _) => End::Wrong(1002),
                (true, Err(_)) => End::Wrong(1007),
                (true, Ok(_)) => End::Closed(Some(code)),
            }
        }
    }
}

impl Inflate {
    /// Decompresses all of it, with room for whatever it is.
    fn part(&mut self, mut input: &[u8], said: &mut Vec<u8>, max: usize) -> Option<End> {
        loop {
            said.reserve(1 << 12);
            let before = self.state.total_in();
            let result = self
                .state
                .decompress_vec(input, said, FlushDecompress::Sync);
            let taken = self.state.total_in() - before;
            input = &input[taken as usize..];
            match result {
                Err(_) if said.len() > max => return Some(End::Bomb),
                Err(_) => return Some(End::Wrong(1007)),
                Ok(Status::StreamEnd) => {
                    self.state.reset(false);
                    self.ended = true;
                    if input.is_empty() {
                        break;
                    }
                }
                Ok(_) if input.is_empty() && said.len() < said.capacity() => break,
                Ok(_) if said.len() > max => return Some(End::Bomb),
                Ok(_) => {}
            }
        }
        (said.len() > max).then_some(End::Wrong(1009))
    }
}
