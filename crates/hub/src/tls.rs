//! TLS as the hub speaks it: 1.3 only, post-quantum key exchange first, and a certificate asked of controllers alone.

use crate::ca::{self, HubCertificate};
use crate::clock::{Clock, TlsTime};
use lockward_model::{ControllerId, LinkRefusal};
use lockward_wire::link::{ALPN_ENROLL, ALPN_LINK};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use std::sync::Arc;
use tokio::sync::mpsc;

const ALPN_WEB: &[u8] = b"http/1.1";

/// What a peer wants to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Link,
    Enrolment,
    Web,
}

/// Someone who was turned away at the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnedAway {
    pub(crate) claimed: Option<ControllerId>,
    pub(crate) code: &'static str,
}

/// One configuration for each speech.
pub(crate) struct Tls {
    link: Arc<ServerConfig>,
    enrolment: Arc<ServerConfig>,
    web: Arc<ServerConfig>,
}

impl Tls {
    pub(crate) fn new(
        root: &[u8],
        shown: &Arc<HubCertificate>,
        clock: &Arc<dyn Clock>,
        turned_away: mpsc::Sender<TurnedAway>,
    ) -> Result<Self, Error> {
        let provider = Arc::new(default_provider());
        let builder = || {
            let time = Arc::new(TlsTime(Arc::clone(clock)));
            ServerConfig::builder_with_details(Arc::clone(&provider), time)
                .with_protocol_versions(&[&rustls::version::TLS13])
        };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec()))?;
        let path = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|e| Error::General(e.to_string()))?;
        let peers = Arc::new(Peers { path, turned_away });

        let mut link = builder()?.with_client_cert_verifier(peers).with_cert_resolver(Arc::clone(shown) as _);
        link.alpn_protocols = vec![ALPN_LINK.to_vec()];
        // A resumed session would skip the look at the certificate; every connection is looked at.
        link.session_storage = Arc::new(NoServerSessionStorage {});
        link.send_tls13_tickets = 0;
        let open = |alpn: &[u8]| {
            let mut config = builder()?.with_no_client_auth().with_cert_resolver(Arc::clone(shown) as _);
            config.alpn_protocols = vec![alpn.to_vec()];
            Ok::<_, Error>(Arc::new(config))
        };
        Ok(Self { link: Arc::new(link), enrolment: open(ALPN_ENROLL)?, web: open(ALPN_WEB)? })
    }

    /// What a peer's first message asks for, and how to go on with it.
    pub(crate) fn answer(&self, hello: &ClientHello<'_>) -> (Speech, Arc<ServerConfig>) {
        let offers = |wanted: &[u8]| hello.alpn().is_some_and(|mut list| list.any(|p| p == wanted));
        if offers(ALPN_LINK) {
            (Speech::Link, Arc::clone(&self.link))
        } else if offers(ALPN_ENROLL) {
            (Speech::Enrolment, Arc::clone(&self.enrolment))
        } else {
            (Speech::Web, Arc::clone(&self.web))
        }
    }
}

/// Looks at controllers' certificates, and says who was turned away.
#[derive(Debug)]
struct Peers {
    path: Arc<dyn ClientCertVerifier>,
    turned_away: mpsc::Sender<TurnedAway>,
}

impl ClientCertVerifier for Peers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.path.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.path.verify_client_cert(end_entity, intermediates, now).inspect_err(|error| {
            let code = match error {
                Error::InvalidCertificate(
                    CertificateError::Expired | CertificateError::ExpiredContext { .. },
                ) => LinkRefusal::Expired,
                Error::InvalidCertificate(
                    CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
                ) => LinkRefusal::NotYetValid,
                _ => LinkRefusal::Foreign,
            };
            // A full queue means that many were turned away already; those are told of.
            let _ = self
                .turned_away
                .try_send(TurnedAway { claimed: ca::claimed(end_entity), code: code.as_str() });
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.path.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.path.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.path.supported_verify_schemes()
    }
}
