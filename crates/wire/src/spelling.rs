//! How names and runs of bytes are spelled in JSON and CBOR: checked where they are read, one spelling each.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;
use lockward_model as model;
use minicbor::bytes::ByteArray;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A checked string: an id or a title.
pub(crate) trait Name: FromStr<Err: fmt::Display> {
    fn name(&self) -> &str;
}

macro_rules! names {
    ($($name:ident),+ $(,)?) => {$(
        impl Name for model::$name {
            fn name(&self) -> &str {
                self.as_str()
            }
        }
    )+};
}
names! {
    ActionName, AirlockId, ApiKeyId, ControllerId, CredentialId, DoorId, GroupId, OperatorId, PersonId, PolicyId, RoleId, RuleId, ScheduleId,
    ServiceId, StatementId, Text, ZoneId,
}

/// A name as a string.
#[derive(Clone, Copy)]
pub(crate) struct Said<T>(pub(crate) T);

impl<T: Name> Said<T> {
    fn read(s: &str) -> Result<Self, String> {
        let name: T = s.parse().map_err(|e: T::Err| e.to_string())?;
        // A title is trimmed when it is read; a stored one has been already.
        if name.name() == s { Ok(Self(name)) } else { Err("blanks around a name".to_owned()) }
    }
}

impl<T: Name> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.0.name())
    }
}

impl<'de, T: Name> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(Spelled("a name", Self::read, PhantomData))
    }
}

impl<C, T: Name> minicbor::Encode<C> for Said<T> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.0.name())?.ok()
    }
}

impl<'b, C, T: Name> minicbor::Decode<'b, C> for Said<T> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::read(d.str()?).map_err(minicbor::decode::Error::message)
    }
}

/// Bytes as lower-case hex in JSON.
#[derive(Clone, Copy)]
pub(crate) struct Hex<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Hex<N> {
    pub(crate) fn read(s: &str) -> Result<Self, String> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let (pairs, odd) = s.as_bytes().as_chunks::<2>();
        let mut out = [0; N];
        let fits = pairs.len() == N && odd.is_empty();
        let filled = out.iter_mut().zip(pairs).try_for_each(|(slot, [high, low])| {
            *slot = digit(*high)? << 4 | digit(*low)?;
            Some(())
        });
        if fits && filled.is_some() { Ok(Self(out)) } else { Err(format!("not {N} bytes of lower-case hex")) }
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(Spelled("lower-case hex", Self::read, PhantomData))
    }
}

/// Bytes as canonical base64 (RFC 4648 section 4) in JSON.
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl Base64 {
    pub(crate) fn write(bytes: &[u8]) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    fn read(s: &str) -> Result<Self, String> {
        use base64::Engine as _;
        // The standard engine wants padding, and refuses stray bits in the last character: one spelling only.
        let bytes = base64::engine::general_purpose::STANDARD.decode(s);
        bytes.map(Self).map_err(|_| "not canonical base64 with padding".to_owned())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&Self::write(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(Spelled("base64", Self::read, PhantomData))
    }
}

/// Reads a string without copying it first; an error never repeats what was read.
struct Spelled<T, F>(&'static str, F, PhantomData<T>);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Spelled<T, F> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_str<E: de::Error>(self, s: &str) -> Result<T, E> {
        self.1(s).map_err(E::custom)
    }
}

/// What a decision rested on, in CBOR.
#[derive(minicbor::Encode, minicbor::Decode)]
pub(crate) struct ConfigRefV1 {
    #[n(0)]
    size: u64,
    #[n(1)]
    root: ByteArray<32>,
}

impl From<model::ConfigRef> for ConfigRefV1 {
    fn from(c: model::ConfigRef) -> Self {
        Self { size: c.size, root: c.root.0.into() }
    }
}

impl From<ConfigRefV1> for model::ConfigRef {
    fn from(c: ConfigRefV1) -> Self {
        Self { size: c.size, root: model::Digest(c.root.into()) }
    }
}
