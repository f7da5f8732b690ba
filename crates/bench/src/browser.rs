//! A browser at the hub's pages: one TLS connection that stays open, a cookie, and what a page's script says.

use crate::hub::{HUB_NAME, connect, tls};
use crate::machine;
use crate::rounds::Failed;
use lockward_hub::Running;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What one read of an answer takes.
const READ_BYTES: usize = 16 * 1024;
/// An answer that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer, with the moments before its request was sent and after its first bytes were read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) sent: Instant,
    pub(crate) heard: Instant,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn said(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The stable code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.said().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The answer, if it is this one.
    pub(crate) fn is(self, status: u16) -> Result<Self, Failed> {
        let told = String::from_utf8_lossy(&self.body);
        if self.status == status {
            Ok(self)
        } else {
            Err(format!("the hub says {}: {told}", self.status).into())
        }
    }
}

/// The hub ends a connection on which nothing was asked for ten seconds: browsers do so sooner.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A browser.
pub(crate) struct Browser {
    tls: TlsConnector,
    hub: SocketAddr,
    stream: TlsStream<TcpStream>,
    used: Instant,
    host: String,
    cookie: String,
}

impl Browser {
    pub(crate) async fn open(hub: &Running) -> Result<Self, Failed> {
        let (tls, hub) = (tls(hub, None, None)?, hub.addr());
        let stream = connect(&tls, hub).await?;
        let host = format!("{HUB_NAME}:{}", hub.port());
        Ok(Self { tls, hub, stream, used: machine::now(), host, cookie: String::new() })
    }

    /// What a script sends.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Answer, Failed> {
        self.send(path, "application/json", &body.to_string()).await
    }

    /// What a form of one field sends.
    pub(crate) async fn form(&mut self, path: &str, field: &str, text: &str) -> Result<Answer, Failed> {
        let byte = |b: u8| match b {
            b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        };
        let text: String = text.bytes().map(byte).collect();
        self.send(path, "application/x-www-form-urlencoded", &format!("{field}={text}")).await
    }

    async fn send(&mut self, path: &str, kind: &str, body: &str) -> Result<Answer, Failed> {
        let (host, cookie, length) = (&self.host, &self.cookie, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\nsec-fetch-site: same-origin\r\n\
             content-type: {kind}\r\ncontent-length: {length}\r\ncookie: {cookie}\r\n\r\n{body}"
        );
        if self.used.elapsed() > IDLE_MAX {
            self.stream = connect(&self.tls, self.hub).await?;
        }
        let sent = machine::now();
        self.used = sent;
        self.stream.write_all(request.as_bytes()).await?;
        self.stream.flush().await?;
        let answer = timeout(PATIENCE, self.hear(sent)).await??;
        if let Some(cookie) = answer.header("set-cookie").and_then(|c| c.split(';').next()) {
            self.cookie = cookie.to_owned();
        }
        Ok(answer)
    }

    async fn hear(&mut self, sent: Instant) -> Result<Answer, Failed> {
        let (mut all, mut buffer, mut heard) = (Vec::new(), vec![0; READ_BYTES], None);
        loop {
            let read = self.stream.read(&mut buffer).await?;
            heard.get_or_insert_with(machine::now);
            if read == 0 {
                return Err("the hub has hung up on the browser".into());
            }
            all.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let Some(at) = all.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(all.get(..at).unwrap_or_default().to_vec())?;
            let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
            let (heard, body) = (heard.unwrap_or(sent), all.get(at + 4..).unwrap_or_default().to_vec());
            let answer = Answer { status, sent, heard, head, body };
            let length = answer.header("content-length").unwrap_or("0").parse::<usize>()?;
            if answer.body.len() >= length {
                return Ok(answer);
            }
        }
    }
}
