//! A small HTTP client for one hub: GET over one connection that is kept, with a token and with limits.

use core::time::Duration;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
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
        "`{0}` is no address of a console; an example is `http://127.0.0.1:8080` (to check a hub elsewhere, \
         run this on its machine, or on an export)"
    )]
    Address(String),
    /// Nobody there.
    #[error("no connection to `{host}`")]
    Connect {
        /// To whom.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
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
    /// Not allowed.
    #[error("the hub wants to know who asks for `{0}`; give the token that `lockward serve --token` printed")]
    Token(String),
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
    host: String,
    token: Option<Zeroizing<String>>,
    runtime: Runtime,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

impl Http {
    /// The hub at `http://ADDRESS`. Nothing is sent yet.
    pub(crate) fn new(url: &str, token: Option<Zeroizing<String>>) -> Result<Self, HttpError> {
        let wrong =
            || HttpError::Address(url.chars().take(80).collect::<String>().escape_debug().to_string());
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let host = rest.trim_end_matches('/');
        // A token goes to this machine only: nothing protects it on a network.
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        if !["127.0.0.1", "[::1]", "localhost"].contains(&name) {
            return Err(wrong());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| HttpError::Connect { host: host.into(), source })?;
        Ok(Self { host: host.to_owned(), token, runtime, connection: None })
    }

    /// Gets a path, of at most `max` bytes.
    pub(crate) fn get(&mut self, path: &str, max: usize) -> Result<Vec<u8>, HttpError> {
        let Self { host, token, runtime, connection } = self;
        let asked = async {
            let open = connection.take().filter(|c| !c.is_closed());
            let mut sender = match open {
                Some(sender) => sender,
                None => connect(host).await?,
            };
            let bytes = ask(&mut sender, host, token.as_ref().map(|t| t.as_str()), path, max).await?;
            *connection = Some(sender);
            Ok(bytes)
        };
        runtime.block_on(async { timeout(PATIENCE, asked).await.unwrap_or(Err(HttpError::Slow)) })
    }
}

async fn connect(host: &str) -> Result<SendRequest<Empty<Bytes>>, HttpError> {
    let failed = |source| HttpError::Connect { host: host.into(), source };
    let address = if host.contains("]:") || (!host.starts_with('[') && host.contains(':')) {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let stream = TcpStream::connect(address).await.map_err(failed)?;
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|e| failed(io::Error::other(e)))?;
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
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::SEE_OTHER => {
            Err(HttpError::Token(path.into()))
        }
        status => Err(HttpError::Status { path: path.into(), status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_this_machine_only() {
        for good in ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost"] {
            assert!(Http::new(good, None).is_ok(), "{good}");
        }
        for bad in [
            "https://127.0.0.1",
            "http://hub.example:8080",
            "http://127.0.0.1.example",
            "http://127.0.0.1@example",
        ] {
            assert!(matches!(Http::new(bad, None), Err(HttpError::Address(_))), "{bad}");
        }
    }
}
