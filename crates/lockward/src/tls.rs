//! TLS to a hub: 1.3 only, under the site's own CA, or, where none is named, under those that this machine trusts.

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name that every hub's certificate bears, whatever its address: the site's CA is good for no other.
const HUB_NAME: &str = "hub.lockward.internal";

/// Why there is no secure connection. Nothing was sent on it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// Not one certificate.
    #[error("`{0}` is not one CA certificate in PEM; take `{ca}` from the hub's folder", ca = lockward_hub::CA_FILE)]
    Form(PathBuf),
    /// Another CA than the one that was given.
    #[error(
        "the CA in `--ca` does not vouch for `{0}`: that is another site's hub, or somebody stands between; \
         nothing was sent to it"
    )]
    Foreign(String),
    /// No CA that the machine trusts.
    #[error(
        "no CA that this machine trusts vouches for `{0}`; give the site's own with `--ca` (`{ca}` in the \
         hub's folder)", ca = lockward_hub::CA_FILE
    )]
    Unknown(String),
    /// For somebody else.
    #[error("`{0}` shows a certificate that is for another name; nothing was sent to it")]
    Name(String),
    /// Old.
    #[error("the certificate of `{0}` has expired; compare the clock of this machine with the hub's")]
    Expired(String),
    /// Young.
    #[error("the certificate of `{0}` is not valid yet; compare the clock of this machine with the hub's")]
    Early(String),
    /// Something else listens there.
    #[error("`{0}` does not speak TLS; look at the port (a hub's is 8443, unless `--listen` says otherwise)")]
    Plain(String),
    /// TLS itself.
    #[error("TLS can not be set up")]
    Setup(#[from] Error),
    /// Anything else.
    #[error("no secure connection to `{host}`")]
    Other {
        /// To whom.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Whom to believe that a hub is the hub.
#[derive(Clone)]
pub(crate) struct Trust {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    site: bool,
}

impl Trust {
    /// The site's own CA (DER).
    pub(crate) fn site(ca: &CertificateDer<'static>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone())?;
        let name = ServerName::try_from(HUB_NAME).map_err(|e| Error::General(e.to_string()))?;
        Ok(Self { config: config(roots)?, name, site: true })
    }

    /// The CAs of this machine, for a hub that is reached by a name which they vouch for.
    pub(crate) fn machine(name: ServerName<'static>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        // One that can not be read vouches for nobody.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Ok(Self { config: config(roots)?, name, site: false })
    }

    /// Shakes hands; `host` is who is told of in errors.
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsStream<TcpStream>, TlsError> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(self.name.clone(), stream).await.map_err(|source| self.told(host, source))
    }

    fn told(&self, host: &str, source: io::Error) -> TlsError {
        let host = host.to_owned();
        match source.get_ref().and_then(|e| e.downcast_ref::<Error>()) {
            Some(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature,
            )) if self.site => TlsError::Foreign(host),
            Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => TlsError::Unknown(host),
            Some(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => TlsError::Name(host),
            Some(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => TlsError::Expired(host),
            Some(Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) => TlsError::Early(host),
            Some(Error::InvalidMessage(_)) => TlsError::Plain(host),
            _ => TlsError::Other { host, source },
        }
    }
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The one certificate in a PEM file's text.
pub(crate) fn certificate(path: &Path, text: &[u8]) -> Result<CertificateDer<'static>, TlsError> {
    let form = || TlsError::Form(path.to_owned());
    let mut found = CertificateDer::pem_slice_iter(text);
    let first = found.next().ok_or_else(form)?.map_err(|_| form())?;
    if found.next().is_some() {
        return Err(form());
    }
    // What is no certificate is told of here rather than in a handshake.
    RootCertStore::empty().add(first.clone()).map_err(|_| form())?;
    Ok(first)
}
