//! A small HTTP client for one hub: GET over one connection that is kept, with a token and with limits.

use crate::tls::{TlsError, Trust};
use core::time::Duration;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// A full bundle of the longest entries is 16 MiB: a minute at 2 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why something could not be had from a hub.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// Not an address that this client reaches.
    #[error(
        "`{0}` is no address of a hub; examples are `https://hub.example:8443` and, for a console on this machine, \
         `http://127.0.0.1:8080`"
    )]
    Address(String),
    /// A secret would go over a network for all to read.
    #[error("`{0}` is on another machine, and `http://` protects nothing on the way; write `https://`")]
    Unprotected(String),
    /// A CA where there is no TLS.
    #[error("`--ca` goes with an address that begins with `https://`")]
    IdleCa,
    /// Nobody there.
    #[error("no connection to `{host}`")]
    Connect {
        /// To whom.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else is there, or nobody knows.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The conversation failed.
    #[error("`{path}` could not be read from the hub")]
    Talk {
        /// What.
        path: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Too slow.
    #[error("the hub did not answer within {} s", PATIENCE.as_secs())]
    Slow,
    /// Nobody said who asks.
    #[error(
        "the hub wants to know who asks for `{0}`; give a file with the token that `lockward serve --token` \
         printed: `--token-file FILE`"
    )]
    NoToken(String),
    /// Not this hub's.
    #[error(
        "the hub does not know the token of `--token-file`; one serves until its hub stops, and \
         `lockward serve --token` prints another"
    )]
    WrongToken,
    /// Another answer.
    #[error("the hub answered {status} to `{path}`")]
    Status {
        /// To what.
        path: String,
        /// What it said.
        status: StatusCode,
    },
}

/// One hub.
pub(crate) struct Http {
    address: Address,
    trust: Option<Trust>,
    token: Option<Zeroizing<String>>,
    runtime: Runtime,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

impl Http {
    /// The hub at a URL. `ca`: the site's own, for `https://`. Nothing is sent yet.
    pub(crate) fn new(
        url: &str,
        ca: Option<&CertificateDer<'static>>,
        token: Option<Zeroizing<String>>,
    ) -> Result<Self, HttpError> {
        let shown = || url.chars().take(80).collect::<String>().escape_debug().to_string();
        let address = Address::parse(url).ok_or_else(|| HttpError::Address(shown()))?;
        let trust = match (address.tls, ca) {
            (true, Some(ca)) => Some(Trust::site(ca)?),
            (true, None) => Some(Trust::machine(address.name.clone())?),
            (false, Some(_)) => return Err(HttpError::IdleCa),
            (false, None) if !address.is_here() => return Err(HttpError::Unprotected(shown())),
            (false, None) => None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| HttpError::Connect { host: address.host.clone(), source })?;
        Ok(Self { address, trust, token, runtime, connection: None })
    }

    /// Gets a path, of at most `max` bytes.
    pub(crate) fn get(&mut self, path: &str, max: usize) -> Result<Vec<u8>, HttpError> {
        let Self { address, trust, token, runtime, connection } = self;
        let asked = async {
            let open = connection.take().filter(|c| !c.is_closed());
            let mut sender = match open {
                Some(sender) => sender,
                None => connect(address, trust.as_ref()).await?,
            };
            let bytes =
                ask(&mut sender, &address.host, token.as_ref().map(|t| t.as_str()), path, max).await?;
            *connection = Some(sender);
            Ok(bytes)
        };
        runtime.block_on(async { timeout(PATIENCE, asked).await.unwrap_or(Err(HttpError::Slow)) })
    }
}

/// Where a URL leads.
struct Address {
    tls: bool,
    /// As the URL has it.
    host: String,
    name: ServerName<'static>,
    port: u16,
}

impl Address {
    /// `http` or `https`, a name or an address, a port: nothing behind, and nobody's name and password before.
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (tls, usual) = match scheme {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let (name, port) = rest.split_once(']')?;
                // Brackets are for addresses alone (RFC 3986, section 3.2.2).
                name.parse::<std::net::Ipv6Addr>().ok()?;
                (name, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
            }
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit()).then(|| p.parse().ok()).flatten();
        let port = port.map_or(Some(usual), digits)?;
        let name = ServerName::try_from(name.to_owned()).ok()?;
        Some(Self { tls, host: host.to_owned(), name, port })
    }

    /// On this machine: what is said there goes over no network.
    fn is_here(&self) -> bool {
        match &self.name {
            ServerName::IpAddress(ip) => std::net::IpAddr::from(*ip).is_loopback(),
            ServerName::DnsName(name) => name.as_ref() == "localhost",
            _ => false,
        }
    }
}

async fn connect(address: &Address, trust: Option<&Trust>) -> Result<SendRequest<Empty<Bytes>>, HttpError> {
    let failed = |source| HttpError::Connect { host: address.host.clone(), source };
    let stream = TcpStream::connect((&*address.name.to_str(), address.port)).await.map_err(failed)?;
    match trust {
        Some(trust) => speak(trust.connect(stream, &address.host).await?).await.map_err(failed),
        None => speak(stream).await.map_err(failed),
    }
}

async fn speak<S>(stream: S) -> io::Result<SendRequest<Empty<Bytes>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // What goes wrong on it, the next request sees.
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(
    sender: &mut SendRequest<Empty<Bytes>>,
    host: &str,
    token: Option<&str>,
    path: &str,
    max: usize,
) -> Result<Vec<u8>, HttpError> {
    let talk =
        |source: Box<dyn std::error::Error + Send + Sync>| HttpError::Talk { path: path.into(), source };
    let mut request = Request::get(path).header(HOST, host);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Empty::new()).map_err(|e| talk(e.into()))?;
    sender.ready().await.map_err(|e| talk(e.into()))?;
    let answer = sender.send_request(request).await.map_err(|e| talk(e.into()))?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), max).collect().await.map_err(talk)?;
    match status {
        StatusCode::OK => Ok(body.to_bytes().to_vec()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::SEE_OTHER => match token {
            Some(_) => Err(HttpError::WrongToken),
            None => Err(HttpError::NoToken(path.into())),
        },
        status => Err(HttpError::Status { path: path.into(), status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_over_tls_or_to_this_machine_alone() {
        let own = [
            "http://127.0.0.1:8080",
            "http://[::1]:8080/",
            "http://localhost",
            "https://hub.example",
            "https://10.0.0.7:8443/",
        ];
        for good in own {
            assert!(Http::new(good, None, None).is_ok(), "{good}");
        }
        for bad in ["http://hub.example:8080", "http://127.0.0.1.example", "http://10.0.0.7"] {
            assert!(matches!(Http::new(bad, None, None), Err(HttpError::Unprotected(_))), "{bad}");
        }
    }

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        let bad = [
            "ftp://hub.example",
            "https://",
            "https://hub.example:",
            "https://hub.example:99999",
            "https://hub.example:+1",
            "https://hub.example/log",
            "https://hub.example?x",
            "https://127.0.0.1@example",
            "https://a:b@example",
            "https://[hub.example]",
            "https://[::1]8443",
            "https://::1",
            "https://hub example",
        ];
        for bad in bad {
            assert!(matches!(Http::new(bad, None, None), Err(HttpError::Address(_))), "{bad}");
        }
    }
}
