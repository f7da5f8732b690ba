//! TLS as a controller wants it: 1.3 only, the site's own CA only, post-quantum key exchange first, our clock.

use crate::clock::Clock;
use crate::identity::Identity;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// The name that every hub's certificate bears, whatever its address.
pub(crate) const HUB_NAME: &str = "hub.lockward.internal";

struct Hands(Arc<dyn Clock>);

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hands")
    }
}

impl TimeProvider for Hands {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().wall.0 / 1000).ok()?;
        Some(UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds)))
    }
}

fn builder(
    clock: &Arc<dyn Clock>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_details(Arc::new(default_provider()), Arc::new(Hands(Arc::clone(clock))))
        .with_protocol_versions(&[&rustls::version::TLS13])
}

pub(crate) fn hub_name() -> Result<ServerName<'static>, Error> {
    ServerName::try_from(HUB_NAME).map_err(|e| Error::General(e.to_string()))
}

/// For the link: both sides show certificates of the site's CA.
pub(crate) fn link(identity: &Identity, clock: &Arc<dyn Clock>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(identity.ca.clone()))?;
    let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(identity.pkcs8.to_vec());
    let mut config =
        builder(clock)?.with_root_certificates(roots).with_client_auth_cert(chain, key.into())?;
    config.alpn_protocols = vec![lockward_wire::link::ALPN_LINK.to_vec()];
    Ok(config)
}

/// For enrolment: whatever CA the peer shows last is taken as the hub's, for the length of one handshake. The caller
/// must not say anything secret before it has compared that CA with the founding that its code names.
pub(crate) fn enrolment(clock: &Arc<dyn Clock>) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(ShownCa);
    let mut config =
        builder(clock)?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![lockward_wire::link::ALPN_ENROLL.to_vec()];
    Ok(config)
}

/// Whether a certificate chain is one for this key.
pub(crate) fn fits(chain: &[Vec<u8>], pkcs8: &[u8]) -> bool {
    let chain = chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(pkcs8.to_vec());
    CertifiedKey::from_der(chain, key.into(), &default_provider()).is_ok()
}

#[derive(Debug)]
struct ShownCa;

impl ServerCertVerifier for ShownCa {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = intermediates.last().ok_or(Error::General("the hub shows no CA certificate".into()))?;
        let mut roots = RootCertStore::empty();
        roots.add(shown.clone().into_owned())?;
        let real = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
            .build()
            .map_err(|e| Error::General(e.to_string()))?;
        real.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
