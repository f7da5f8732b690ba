//! The site's CA as a file beside the store: what browsers, and whoever checks the log over TLS, know the hub by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs;
use std::io;
use std::path::Path;

/// The file: a certificate in PEM, no secret.
pub const CA_FILE: &str = "ca.pem";
/// Characters in a line (RFC 7468, section 2).
const LINE: usize = 64;

/// Puts the certificate (DER) beside the store in `dir`, where it is not there yet, or is another.
pub(crate) fn keep(dir: &Path, ca: &[u8]) -> io::Result<()> {
    let (path, text) = (dir.join(CA_FILE), pem(ca));
    if fs::read(&path).is_ok_and(|held| held == text.as_bytes()) {
        return Ok(());
    }
    let fresh = dir.join(format!("{CA_FILE}.partial"));
    fs::write(&fresh, text)?;
    fs::rename(&fresh, &path)
}

fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(LINE) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    #[test]
    fn what_is_kept_is_the_certificate_however_often() {
        let dir = tempfile::tempdir().unwrap();
        for der in [vec![0x30; 1], vec![0x31; 48], vec![0x32; 49], vec![0x32; 49]] {
            keep(dir.path(), &der).unwrap();
            let text = fs::read(dir.path().join(CA_FILE)).unwrap();
            assert_eq!(CertificateDer::from_pem_slice(&text).unwrap().as_ref(), der);
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
