//! The file of an operator's key: an Ed25519 seed under a passphrase, or in the clear for machines without people.
//!
//! Text, four lines: what it is, the public key, a salt, the sealed seed. The sealing key is Argon2id over passphrase
//! and salt; the cipher AES-256-GCM, with the lines before as associated data. A salt is never used twice, and so a key
//! never seals twice: the nonce is zero.

use crate::dice;
use crate::terminal::{AskError, Passphrase};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use lockward_model::PublicKey;
use lockward_wire::{hex, unhex};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const TITLE: &str = "lockward operator key v";
const SEALED: &str = "lockward operator key v1, under a passphrase";
const OPEN: &str = "lockward operator key v1, without a passphrase";
/// 64 MiB, three passes: about 0.1 s, and as much for each guess (RFC 9106, section 4, second choice). Other
/// numbers are another version, so that no file chooses what opening it costs.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
const LANES: u32 = 4;
const SEED_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// Four lines, of which the longest has 103 bytes, and room to see that there is more.
const FILE_BYTES_MAX: u64 = 512;

/// Why an operator's key can not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// It is never overwritten.
    #[error("`{0}` is there already; name another file with `--key-file`, or move it away")]
    Exists(PathBuf),
    /// The file.
    #[error("could not open the operator's key `{path}`")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read it.
    #[error("the operator's key `{0}` may be read by others; run `chmod 600` on it, and consider a new key")]
    Exposed(PathBuf),
    /// Something else.
    #[error("`{0}` is no operator's key, or a part of it was changed")]
    Form(PathBuf),
    /// Of a version that is not known here.
    #[error("`{0}` was written by a newer version of Lockward; update this one")]
    Newer(PathBuf),
    /// Does not open.
    #[error("the passphrase does not open `{0}`: it is another one, or the file was changed")]
    Passphrase(PathBuf),
    /// Nobody said the passphrase.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Makes a new key and its file, which must not be there.
pub(crate) fn create(path: &Path, passphrase: Option<&Passphrase>) -> Result<Ed25519KeyPair, KeyFileError> {
    let seed = Zeroizing::new(dice::roll::<SEED_BYTES>());
    let pair = pair(path, seed.as_slice())?;
    let text = text(&public(&pair), &seed, passphrase).ok_or_else(|| KeyFileError::Form(path.into()))?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.into()),
        _ => KeyFileError::Io { path: path.into(), source },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        let _ = fs::remove_file(path);
        return Err(failed(error));
    }
    Ok(pair)
}

/// Opens a key's file. The passphrase is asked for where one is needed.
pub(crate) fn open(
    path: &Path,
    passphrase: impl FnOnce() -> Result<Passphrase, AskError>,
) -> Result<Ed25519KeyPair, KeyFileError> {
    let failed = |source| KeyFileError::Io { path: path.into(), source };
    let form = || KeyFileError::Form(path.into());
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Exposed(path.into()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| form())?;

    let (head, rest) = text.split_once('\n').ok_or_else(form)?;
    let (stated, rest) = field(rest, "public ").ok_or_else(form)?;
    let stated = PublicKey(*unhex(stated).ok_or_else(form)?);
    let seed = match head {
        OPEN => {
            let (secret, end) = field(rest, "secret ").ok_or_else(form)?;
            unhex::<SEED_BYTES>(secret).filter(|_| end.is_empty()).ok_or_else(form)?
        }
        SEALED => {
            let (salt, rest) = field(rest, "salt ").ok_or_else(form)?;
            let salt = unhex::<SALT_BYTES>(salt).ok_or_else(form)?;
            let before = text.strip_suffix(rest).ok_or_else(form)?;
            let (sealed, end) = field(rest, "sealed ").ok_or_else(form)?;
            let sealed = unhex::<{ SEED_BYTES + TAG_BYTES }>(sealed).filter(|_| end.is_empty());
            let key = sealing_key(&passphrase()?, &*salt).ok_or_else(form)?;
            unsealed(&key, before, sealed.ok_or_else(form)?)
                .ok_or_else(|| KeyFileError::Passphrase(path.into()))?
        }
        head if head.starts_with(TITLE) => return Err(KeyFileError::Newer(path.into())),
        _ => return Err(form()),
    };
    let pair = pair(path, seed.as_slice())?;
    if public(&pair) == stated { Ok(pair) } else { Err(form()) }
}

/// The public half.
pub(crate) fn public(pair: &Ed25519KeyPair) -> PublicKey {
    let mut key = [0; 32];
    // An Ed25519 public key has exactly these 32 bytes.
    key.iter_mut().zip(pair.public_key().as_ref()).for_each(|(k, b)| *k = *b);
    PublicKey(key)
}

fn pair(path: &Path, seed: &[u8]) -> Result<Ed25519KeyPair, KeyFileError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyFileError::Form(path.into()))
}

fn text(public: &PublicKey, seed: &[u8; 32], passphrase: Option<&Passphrase>) -> Option<Zeroizing<String>> {
    let Some(passphrase) = passphrase else {
        return Some(Zeroizing::new(format!("{OPEN}\npublic {public}\nsecret {}\n", *hex(seed))));
    };
    let salt = dice::roll::<SALT_BYTES>();
    let mut text = Zeroizing::new(format!("{SEALED}\npublic {public}\nsalt {}\n", *hex(&salt)));
    let key = cipher(&*sealing_key(passphrase, &salt)?)?;
    let mut sealed = Zeroizing::new(seed.to_vec());
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(text.as_bytes()), &mut sealed).ok()?;
    sealed.extend(tag.as_ref());
    let line = format!("sealed {}\n", *hex(&sealed));
    text.push_str(&line);
    Some(text)
}

fn unsealed(
    key: &[u8; 32],
    before: &str,
    mut sealed: Zeroizing<[u8; SEED_BYTES + TAG_BYTES]>,
) -> Option<Zeroizing<[u8; SEED_BYTES]>> {
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let seed = cipher(key)?.open_in_place(nonce, Aad::from(before.as_bytes()), sealed.as_mut_slice()).ok()?;
    <[u8; SEED_BYTES]>::try_from(&*seed).ok().map(Zeroizing::new)
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

fn sealing_key(passphrase: &Passphrase, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok()?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice()).ok()?;
    Some(key)
}

/// The value of the next line, which must be this field, and what follows the line.
fn field<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(name)?.split_once('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "correct horse battery";

    fn never() -> Result<Passphrase, AskError> {
        panic!("no passphrase is needed")
    }

    fn made(passphrase: Option<&str>) -> (tempfile::TempDir, PathBuf, PublicKey) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("operator.key");
        let pair = create(&path, passphrase.map(Passphrase::of).as_ref()).unwrap();
        (dir, path, public(&pair))
    }

    #[test]
    fn a_key_opens_with_its_passphrase_alone() {
        let (_dir, path, key) = made(Some(WORDS));
        assert_eq!(public(&open(&path, || Ok(Passphrase::of(WORDS))).unwrap()), key);
        let other = open(&path, || Ok(Passphrase::of("correct horse batterie"))).unwrap_err();
        assert!(matches!(other, KeyFileError::Passphrase(_)), "{other}");
    }

    #[test]
    fn a_key_without_a_passphrase_asks_for_none() {
        let (_dir, path, key) = made(None);
        assert_eq!(public(&open(&path, never).unwrap()), key);
    }

    #[test]
    fn a_file_is_never_overwritten_and_is_its_owners_alone() {
        let (_dir, path, _) = made(None);
        let before = fs::read(&path).unwrap();
        assert!(matches!(create(&path, None), Err(KeyFileError::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(open(&path, never), Err(KeyFileError::Exposed(_))));
    }

    #[test]
    fn the_seed_does_not_stand_in_a_sealed_file_and_no_byte_of_it_may_change() {
        let (_dir, path, _) = made(Some(WORDS));
        let text = fs::read(&path).unwrap();
        // A sample: each open costs a whole Argon2id.
        for at in (0..text.len()).step_by(23) {
            let mut changed = text.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            assert!(open(&path, || Ok(Passphrase::of(WORDS))).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_newer_version_is_named_as_such_and_another_file_is_not_taken() {
        let (_dir, path, _) = made(None);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("v1", "v2")).unwrap();
        assert!(matches!(open(&path, never), Err(KeyFileError::Newer(_))));
        fs::write(&path, "-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap();
        assert!(matches!(open(&path, never), Err(KeyFileError::Form(_))));
    }
}
