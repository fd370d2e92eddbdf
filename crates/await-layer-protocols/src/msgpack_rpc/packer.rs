//! Messages to frames and back.

use await_layer::{Pack, Packer, PackerError, Unpack};
use bytes::Bytes;
use rmp_serde::{Deserializer, Serializer, decode, encode};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::codec::{NOTIFICATION, REPLY, REQUEST, open};
use super::{Method, Outcome, Received, RemoteError};

/// Why a message did not pack or unpack, or what the peer answered instead.
pub type Failure = crate::Failure<RemoteError, PackerError<encode::Error, decode::Error>>;

/// Packs a [`Method`] or an [`Outcome`]; unpacks what a reply holds, or
/// [`Received`]. Structs are maps, with their field names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages;

/// As deep as the framing lets messages nest.
const DEPTH: usize = 128;
const NIL: u8 = 0xc0;
const NO_PARAMS: u8 = 0x90;

/// Appends `value`; its first byte.
fn write(message: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> Result<u8, Failure> {
    let start = message.len();
    let mut encoder = Serializer::new(&mut *message).with_struct_map();
    let written = value.serialize(&mut encoder);
    written.map_err(|error| Failure::Body(PackerError::Pack(error)))?;
    Ok(message.get(start).copied().unwrap_or(NIL))
}

/// Takes a value off the front of `bytes`.
fn take<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, Failure> {
    let mut decoder = Deserializer::new(bytes);
    decoder.set_max_depth(DEPTH);
    T::deserialize(&mut decoder).map_err(|error| Failure::Body(PackerError::Unpack(error)))
}

/// The value that `bytes` are.
pub(super) fn read<T: DeserializeOwned>(mut bytes: &[u8]) -> Result<T, Failure> {
    let value = take(&mut bytes)?;
    match bytes {
        [] => Ok(value),
        _ => Err(Failure::Body(PackerError::Trailing)),
    }
}

fn unpackable(why: &str) -> Failure {
    Failure::Body(PackerError::Pack(encode::Error::Syntax(why.to_owned())))
}

impl Packer for Messages {
    type Error = Failure;
}

impl<P: Serialize> Pack<Bytes, Method<'_, P>> for Messages {
    fn pack(&self, Method(method, params): &Method<'_, P>) -> Result<Bytes, Failure> {
        let mut message = vec![0x93, NOTIFICATION];
        write(&mut message, method)?;
        match write(&mut message, params)? {
            0x90..=0x9f | 0xdc | 0xdd => {}
            NIL => {
                message.pop();
                message.push(NO_PARAMS);
            }
            _ => return Err(unpackable("parameters are a tuple, an array, a Vec or ()")),
        }
        Ok(message.into())
    }
}

impl<R: Serialize, E: Serialize> Pack<Bytes, Outcome<R, E>> for Messages {
    fn pack(&self, outcome: &Outcome<R, E>) -> Result<Bytes, Failure> {
        // The id is put in when the message is written.
        let mut message = vec![0x94, REPLY, 0];
        match outcome {
            Ok(result) => {
                message.push(NIL);
                write(&mut message, result)?;
            }
            Err(error) if write(&mut message, error)? == NIL => {
                return Err(unpackable("nil is no error"));
            }
            Err(_) => message.push(NIL),
        }
        Ok(message.into())
    }
}

impl Unpack<Bytes, Received> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<Received, Failure> {
        let Some((REQUEST | NOTIFICATION, _, mut rest)) = open(&frame) else {
            return Err(Failure::Body(PackerError::WrongFrame));
        };
        let method = take(&mut rest)?;
        let params = frame.slice_ref(rest);
        Ok(Received { method, params })
    }
}

impl<R: DeserializeOwned> Unpack<Bytes, R> for Messages {
    fn unpack(&self, frame: Bytes) -> Result<R, Failure> {
        let Some((REPLY, _, mut rest)) = open(&frame) else {
            return Err(Failure::Body(PackerError::WrongFrame));
        };
        if let Some(result) = rest.strip_prefix(&[NIL]) {
            return read(result);
        }
        let both = rest.len();
        let mut error = frame.slice_ref(rest);
        take::<IgnoredAny>(&mut rest)?;
        error.truncate(both.saturating_sub(rest.len()));
        Err(Failure::Remote(RemoteError(error)))
    }
}
