//! The site's certificate authority: one for each site, good for `lockward.internal` alone, and short of life below.

use crate::clock::Clock;
use crate::dice;
use crate::keys::public;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use core::time::Duration;
use lockward_model::{ControllerId, PublicKey, Time};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair as Fresh, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PKCS_ED25519,
    PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Names below it are the site's own; ICANN keeps `.internal` from being anyone else's.
const DOMAIN: &str = "lockward.internal";
/// What every hub's certificate says, whatever its address.
pub(crate) const HUB_NAME: &str = "hub.lockward.internal";
/// What stands behind a controller's id in its certificate.
const CONTROLLERS: &str = ".controllers.lockward.internal";

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// A lock stays in a wall for 20 years.
const CA_LIFE: Duration = Duration::from_secs(20 * 366 * 24 * 3_600);
/// A controller's certificate: it asks for a new one daily, so six in a row may fail.
pub const CONTROLLER_LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The hub's own, whose key lives in memory alone.
const HUB_LIFE: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long after its issue the hub makes itself a new one: with two thirds of its life left.
const HUB_FRESH: Duration = Duration::from_secs(10 * 24 * 3_600);
/// Certificates begin this long ago: a device's clock may be behind the hub's by that much.
const BACKDATED: Duration = DAY;

/// Why a certificate was not issued.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The encoder refuses.
    #[error("a certificate can not be made")]
    Make(#[from] rcgen::Error),
    /// The hub's own key is refused.
    #[error("the hub's TLS key can not be made")]
    Key,
}

struct Authority<'a>(&'a Ed25519KeyPair);

impl PublicKeyData for Authority<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

impl SigningKey for Authority<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

/// A key that was proved elsewhere: no signing request is needed.
struct Proved(PublicKey);

impl PublicKeyData for Proved {
    fn der_bytes(&self) -> &[u8] {
        &self.0.0
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

fn lasting(params: &mut CertificateParams, from: Time, life: Duration) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |t: Time| epoch + Duration::from_millis(u64::try_from(t.0).unwrap_or(0));
    params.not_before = at(from - BACKDATED);
    params.not_after = at(from + life);
    // RFC 5280, section 4.1.2.2: a positive number, not twice under one CA. 127 random bits.
    let mut serial = dice::roll::<16>();
    serial.iter_mut().take(1).for_each(|first| *first &= 0x7f);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
}

fn named(name: String) -> DistinguishedName {
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    dn
}

/// What an issuer is built from again later; says nothing of time.
fn authority(pair: &Ed25519KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let key = public(pair).to_string();
    params.distinguished_name = named(format!("Lockward site CA {}", key.get(..16).unwrap_or_default()));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(DOMAIN.into())],
        excluded_subtrees: Vec::new(),
    });
    params
}

/// The CA's own certificate (DER).
pub(crate) fn root(pair: &Ed25519KeyPair, now: Time) -> Result<Vec<u8>, CaError> {
    let mut params = authority(pair);
    lasting(&mut params, now, CA_LIFE);
    Ok(params.self_signed(&Authority(pair))?.der().to_vec())
}

fn issue(
    ca: &Ed25519KeyPair,
    mut params: CertificateParams,
    key: &impl PublicKeyData,
    now: Time,
    life: Duration,
) -> Result<Vec<u8>, CaError> {
    lasting(&mut params, now, life);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::new(authority(ca), Authority(ca));
    Ok(params.signed_by(key, &issuer)?.der().to_vec())
}

/// The name that a controller's certificate bears.
#[must_use]
pub fn controller_name(id: ControllerId) -> String {
    format!("{id}{CONTROLLERS}")
}

/// The controller that a certificate says it is of.
pub(crate) fn claimed(cert: &CertificateDer<'_>) -> Option<ControllerId> {
    let cert = webpki::EndEntityCert::try_from(cert).ok()?;
    cert.valid_dns_names().find_map(|name| name.strip_suffix(CONTROLLERS)?.parse().ok())
}

/// The Ed25519 key in a certificate (RFC 8410: the key is the last 32 bytes of a structure of 44).
pub(crate) fn key_in(cert: &CertificateDer<'_>) -> Option<PublicKey> {
    let cert = webpki::EndEntityCert::try_from(cert).ok()?;
    let info = cert.subject_public_key_info();
    let known = Proved(PublicKey(*info.last_chunk()?));
    (known.subject_public_key_info() == *info).then_some(known.0)
}

/// A controller's certificate (DER), for the key that the config log binds to it.
pub(crate) fn controller(
    ca: &Ed25519KeyPair,
    id: ControllerId,
    key: PublicKey,
    now: Time,
) -> Result<Vec<u8>, CaError> {
    let mut params = CertificateParams::new([controller_name(id)])?;
    params.distinguished_name = named(controller_name(id));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    issue(ca, params, &Proved(key), now, CONTROLLER_LIFE)
}

/// The hub's certificate, made anew before it grows old: so no hub has to be restarted for one.
pub(crate) struct HubCertificate {
    ca: Ed25519KeyPair,
    root: CertificateDer<'static>,
    addresses: Vec<IpAddr>,
    clock: Arc<dyn Clock>,
    now: Mutex<Option<(Time, Arc<CertifiedKey>)>>,
}

impl HubCertificate {
    pub(crate) fn new(
        ca: Ed25519KeyPair,
        root: Vec<u8>,
        addresses: Vec<IpAddr>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CaError> {
        let this = Self { ca, root: root.into(), addresses, clock, now: Mutex::default() };
        this.fresh().map(|_| this)
    }

    fn fresh(&self) -> Result<Arc<CertifiedKey>, CaError> {
        let now = self.clock.now().wall;
        let mut held = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, key)) = &*held
            && now.since(*made) < HUB_FRESH
        {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(self.make(now)?);
        *held = Some((now, Arc::clone(&key)));
        Ok(key)
    }

    fn make(&self, now: Time) -> Result<CertifiedKey, CaError> {
        // P-256, because browsers take no Ed25519 in a handshake.
        let pair = Fresh::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new([HUB_NAME.to_owned()])?;
        params.distinguished_name = named(HUB_NAME.to_owned());
        params.subject_alt_names.extend(self.addresses.iter().copied().map(SanType::IpAddress));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let cert = issue(&self.ca, params, &pair, now, HUB_LIFE)?;
        let pkcs8 = zeroize::Zeroizing::new(pair.serialize_der());
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8.as_slice()).into();
        let key = any_ecdsa_type(&pkcs8).map_err(|_| CaError::Key)?;
        // The CA too: a device that enrols has only its digest, by way of the founding.
        Ok(CertifiedKey::new(vec![cert.into(), self.root.clone()], key))
    }
}

impl core::fmt::Debug for HubCertificate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HubCertificate")
    }
}

impl ResolvesServerCert for HubCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.fresh().ok()
    }
}
