//! The hub over HTTP: whether a request may be answered, and with what.

use crate::access::Sessions;
use crate::core::Core;
use crate::routes::{Access, Answer, ROUTES};
use crate::views::Page;
use crate::{answer, handout, stream, tiles};
use axum::Router;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use core::time::Duration;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use lockward_console::{ASSETS, Fault, address};
use lockward_model::ApiRefusal;
use lockward_store::HubError;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::error;

/// A request's head must be here this soon.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request: browsers send 1 to 2 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// The session's cookie over TLS: the prefix binds it to this host and to TLS (RFC 6265bis, section 4.1.3).
const COOKIE_TLS: &str = "__Host-lockward";
/// The same on the loopback, where the prefix would be refused.
const COOKIE_PLAIN: &str = "lockward";

/// The hub over HTTP.
#[derive(Clone)]
pub(crate) struct Web {
    router: Router,
}

struct Desk {
    core: Arc<Core>,
    sessions: Arc<Sessions>,
    banner: Option<String>,
    listen: IpAddr,
    tls: bool,
}

impl Web {
    /// For one listener. `listen`: its address, by which it may be called besides the names of the loopback.
    pub(crate) fn new(
        core: Arc<Core>,
        sessions: Arc<Sessions>,
        banner: Option<String>,
        listen: IpAddr,
        tls: bool,
    ) -> Self {
        let desk = Arc::new(Desk { core, sessions, banner, listen, tls });
        let at = |access, what| {
            let desk = Arc::clone(&desk);
            get(move |request: Request| async move { desk.receive(request, access, what).await })
        };
        let router =
            ROUTES.iter().fold(Router::new(), |router, r| router.route(r.path, at(r.access, Some(r.answer))));
        // A path that does not exist looks to a stranger like one that does.
        let router = router.fallback(at(Access::Session, None));
        Self {
            router: router
                .layer(axum::middleware::map_response(move |r| async move { answer::sealed(r, tls) })),
        }
    }

    /// Serves one connection until it or the hub ends.
    pub(crate) async fn serve<S>(self, core: &Core, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = TowerToHyperService::new(self.router);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = core::pin::pin!(connection);
        tokio::select! {
            // A browser that went away half-way is no news.
            _ = &mut connection => return,
            () = core.closed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

/// What went wrong with a page.
enum Trouble {
    NotFound,
    Store(HubError),
}

impl From<HubError> for Trouble {
    fn from(error: HubError) -> Self {
        Self::Store(error)
    }
}

impl Desk {
    async fn receive(self: Arc<Self>, request: Request, access: Access, what: Option<Answer>) -> Response {
        let (head, _) = request.into_parts();
        // Off the loopback TLS says whom the browser means; on it, a page elsewhere must not reach us by a name of its own.
        if !self.tls && !self.is_called(&head.headers) {
            let detail = "call the hub by localhost or by its address";
            return answer::problem(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost.as_str(), detail);
        }
        match access {
            Access::Session if !self.is_signed_in(&head.headers) => {
                return answer::sign_in_first(&head.headers);
            }
            Access::Token if !self.brings_token(&head.headers) => return answer::token_first(),
            Access::Anyone | Access::Session | Access::Token => {}
        }
        match what {
            Some(Answer::Health) => answer::text("ok\n"),
            Some(Answer::Asset) => match ASSETS.iter().find(|asset| asset.path == head.uri.path()) {
                Some(asset) => answer::asset(asset),
                None => answer::fault(&head.headers, Fault::NotFound, ApiRefusal::NotFound.as_str(), None),
            },
            Some(Answer::SignIn) => {
                answer::page(lockward_console::sign_in(query(&head.uri, "expired").is_some()))
            }
            Some(Answer::Enter) => self.enter(&head.uri),
            Some(Answer::Live) => {
                let last = head.headers.get("last-event-id").and_then(|v| v.to_str().ok());
                let after =
                    last.and_then(|id| id.parse().ok()).or_else(|| query(&head.uri, "after")?.parse().ok());
                answer::stream(stream::body(Arc::clone(&self.core), after.unwrap_or(0)))
            }
            Some(Answer::EpochKeys) => match handout::epoch_keys(&self.core).await {
                Ok(lines) => answer::secret(lines),
                Err(error) => {
                    error!(%error, "no key was handed out");
                    answer::fault(&head.headers, Fault::Failed, ApiRefusal::StoreFailed.as_str(), None)
                }
            },
            Some(what) => self.look_up(head.headers, head.uri, what, access).await,
            None => self.trouble(&head.headers, Trouble::NotFound, true),
        }
    }

    /// Answers that read the store: on a thread that may wait.
    async fn look_up(
        self: Arc<Self>,
        headers: HeaderMap,
        uri: Uri,
        what: Answer,
        access: Access,
    ) -> Response {
        let desk = Arc::clone(&self);
        let host = headers.get(HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost").to_owned();
        let found = tokio::task::spawn_blocking(move || desk.found(&uri, &host, what)).await;
        match found {
            Ok(Ok(response)) => response,
            Ok(Err(trouble)) => self.trouble(&headers, trouble, access == Access::Session),
            Err(_) => answer::fault(&headers, Fault::Failed, ApiRefusal::Failed.as_str(), None),
        }
    }

    fn found(&self, uri: &Uri, host: &str, what: Answer) -> Result<Response, Trouble> {
        let office = &self.core.office;
        let path = uri.path();
        match what {
            Answer::Checkpoint(log) => return tiles::checkpoint(office, log)?.ok_or(Trouble::NotFound),
            Answer::Tile(log) => {
                let place =
                    path.strip_prefix("/log/").and_then(|p| p.split_once('/')).map(|(_, place)| place);
                return tiles::tile(office, log, place.unwrap_or_default())?.ok_or(Trouble::NotFound);
            }
            _ => {}
        }
        // A list of everybody opens a name for each: what goes on at the doors does not wait for that.
        let (brief, now);
        let live = if matches!(what, Answer::Muster | Answer::Alarms | Answer::Zones) {
            brief = self.core.live.now().brief();
            &brief
        } else {
            now = self.core.live.now();
            &*now
        };
        let (site, banner) = (office.site(), self.banner.as_deref());
        let page = Page { office, site: &site, live, whole: self.core.live.whole(), now: office.wall() };
        let html = match what {
            Answer::Door => {
                let id = path.strip_prefix(address::DOORS).and_then(|id| id.parse().ok());
                let view = page.door_view(id.ok_or(Trouble::NotFound)?, banner)?;
                lockward_console::door(&view.ok_or(Trouble::NotFound)?)
            }
            Answer::Person => {
                let id = path.strip_prefix(address::PERSON).and_then(|id| id.parse().ok());
                let view = page.person_view(id.ok_or(Trouble::NotFound)?, banner)?;
                lockward_console::person(&view.ok_or(Trouble::NotFound)?)
            }
            Answer::People => {
                let from = query(uri, "from").and_then(|id| id.parse().ok());
                let wanted = query(uri, "q").unwrap_or_default();
                lockward_console::people(&page.people_view(&wanted, from, banner)?)
            }
            Answer::Alarms => lockward_console::alarms(&page.alarms_view(banner)),
            Answer::Muster => lockward_console::muster(&page.muster_view(banner)),
            Answer::Zones => lockward_console::zones(&page.zones_view(banner)),
            Answer::Log => {
                let scheme = if self.tls { "https" } else { "http" };
                lockward_console::log(&page.log_view(&format!("{scheme}://{host}"), banner)?)
            }
            _ => lockward_console::overview(&page.overview(banner)),
        };
        Ok(answer::page(html))
    }

    fn trouble(&self, headers: &HeaderMap, trouble: Trouble, signed_in: bool) -> Response {
        let (fault, code) = match trouble {
            Trouble::NotFound => (Fault::NotFound, ApiRefusal::NotFound.as_str()),
            Trouble::Store(error) => {
                error!(%error, "a page can not be made");
                (Fault::Failed, ApiRefusal::StoreFailed.as_str())
            }
        };
        let frame = signed_in.then(|| {
            let (live, site) = (self.core.live.now(), self.core.office.site());
            let office = &self.core.office;
            Page { office, site: &site, live: &live, whole: self.core.live.whole(), now: office.wall() }
                .frame(self.banner.as_deref())
        });
        answer::fault(headers, fault, code, frame)
    }

    fn enter(&self, uri: &Uri) -> Response {
        let key = query(uri, "key").unwrap_or_default();
        let Some(session) = self.sessions.enter(&key, self.core.office.now().mono) else {
            return answer::see("/sign-in?expired=1");
        };
        let (name, secure) = if self.tls { (COOKIE_TLS, "; Secure") } else { (COOKIE_PLAIN, "") };
        let cookie =
            format!("{name}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200{secure}", session.as_str());
        let mut response = answer::see(address::OVERVIEW);
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            response.headers_mut().insert(SET_COOKIE, value);
        }
        response
    }

    fn is_signed_in(&self, headers: &HeaderMap) -> bool {
        let now = self.core.office.now().mono;
        let name = if self.tls { COOKIE_TLS } else { COOKIE_PLAIN };
        let cookies = headers.get_all(COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = cookies.flat_map(|c| c.split(';')).filter_map(|pair| pair.trim().split_once('='));
        if pairs.any(|(n, value)| n == name && self.sessions.knows_session(value, now)) {
            return true;
        }
        self.brings_token(headers)
    }

    fn brings_token(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
        bearer
            .and_then(|v| v.strip_prefix("Bearer "))
            .is_some_and(|t| self.sessions.knows_token(t.trim(), self.core.office.now().mono))
    }

    /// The loopback listener answers to the names of the loopback, and to its own address.
    fn is_called(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(HOST).and_then(|v| v.to_str().ok()) else { return false };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|ip| ip == self.listen || ip.is_loopback())
    }
}

/// One value of the query, decoded (WHATWG URL, application/x-www-form-urlencoded).
fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.filter(|(n, _)| *n == name).map(|(_, value)| value).next()?;
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: Option<u8>| char::from(b?).to_digit(16);
                u8::try_from(digit(rest.next())? << 4 | digit(rest.next())?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_or_refused() {
        let uri: Uri = "/people?q=M%C3%BCller+%2B&from=p-1&bad=%zz&cut=%4".parse().unwrap();
        assert_eq!(query(&uri, "q").unwrap(), "Müller +");
        assert_eq!(query(&uri, "from").unwrap(), "p-1");
        assert_eq!((query(&uri, "bad"), query(&uri, "cut"), query(&uri, "none")), (None, None, None));
    }
}
