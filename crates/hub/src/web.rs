//! The hub over HTTP: whether a request may be answered, and with what.

use crate::ca::HUB_NAME;
use crate::caller::{Caller, Gate, Stopped, pass};
use crate::ceremony::Party;
use crate::core::Core;
use crate::denials::{Asking, No};
use crate::origin::{Origin, PublicUrl};
use crate::routes::{API, Access, Answer, Method, ROUTES, Route};
use crate::views::{Page, Reader};
use crate::{answer, api, handout, stream, tiles};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use core::time::Duration;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use lockward_console::{ASSETS, Fault, address};
use lockward_model::ApiRefusal;
use lockward_store::HubError;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tracing::error;

/// A request's head must be here this soon.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Its body must be here this soon after.
const BODY_PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request: browsers send 1 to 2 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// Longest body: a registration with the longest attestation that authenticators send is 10 KiB.
const BODY_BYTES_MAX: usize = 64 * 1_024;

/// The hub over HTTP.
#[derive(Clone)]
pub(crate) struct Web {
    router: Router,
}

/// Where a connection comes from.
#[derive(Clone, Copy)]
struct Peer(IpAddr);

/// One request that the table has let through.
pub(crate) struct Visit {
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) from: IpAddr,
    pub(crate) caller: Caller,
    pub(crate) body: Vec<u8>,
}

impl Visit {
    /// A field of a form that was sent.
    pub(crate) fn field(&self, name: &str) -> String {
        core::str::from_utf8(&self.body).ok().and_then(|pairs| value(pairs, name)).unwrap_or_default()
    }
}

pub(crate) struct Desk {
    pub(crate) core: Arc<Core>,
    pub(crate) gate: Arc<Gate>,
    /// By which addresses browsers are to call; the last is this listener's own.
    pub(crate) parties: Vec<Party>,
    pub(crate) banner: Option<String>,
    listen: IpAddr,
    tls: bool,
}

impl Web {
    /// For one listener. `listen`: its address, by which it may be called besides the names of the loopback.
    pub(crate) fn new(
        core: Arc<Core>,
        gate: Arc<Gate>,
        banner: Option<String>,
        listen: SocketAddr,
        tls: bool,
        public: Option<&PublicUrl>,
    ) -> Self {
        let name = if tls { HUB_NAME } else { "localhost" };
        let own = Origin::new(tls, name, listen.port());
        let origins = public.map(|url| url.0.clone()).into_iter().chain([own]);
        let parties = origins.filter_map(Party::new).collect();
        let desk = Arc::new(Desk { core, gate, parties, banner, listen: listen.ip(), tls });
        let receive = |route: Option<&'static Route>| {
            let desk = Arc::clone(&desk);
            move |request: Request| async move { desk.receive(request, route).await }
        };
        let router = ROUTES.iter().fold(Router::new(), |router, route| {
            let handler = receive(Some(route));
            router.route(
                route.path,
                match route.method {
                    Method::Get => get(handler),
                    Method::Post => post(handler),
                },
            )
        });
        // A path that does not exist looks to a stranger like one that does, and so does the wrong way to ask for one.
        let router = router.fallback(receive(None)).method_not_allowed_fallback(receive(None));
        Self {
            router: router
                .layer(axum::middleware::map_response(move |r| async move { answer::sealed(r, tls) })),
        }
    }

    /// Serves one connection until it or the hub ends.
    pub(crate) async fn serve<S>(self, core: &Core, stream: S, from: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = TowerToHyperService::new(self.router);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(from));
            router.call(request)
        });
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
pub(crate) enum Trouble {
    NotFound,
    Store(HubError),
}

impl From<HubError> for Trouble {
    fn from(error: HubError) -> Self {
        Self::Store(error)
    }
}

impl Desk {
    async fn receive(self: Arc<Self>, request: Request, route: Option<&'static Route>) -> Response {
        let (mut head, body) = request.into_parts();
        if head.uri.path().starts_with(API) {
            // Its answers are JSON, whatever a browser would rather have.
            head.headers.remove(ACCEPT);
        }
        // Off the loopback TLS says whom the browser means; on it, a page elsewhere must not reach us by a name of its own.
        if !self.tls && !self.is_called(&head.headers) {
            let detail = "call the hub by localhost, by its address, or by its public name";
            return answer::problem(StatusCode::MISDIRECTED_REQUEST, ApiRefusal::OtherHost.as_str(), detail);
        }
        if let Some(place) = self.elsewhere(&head.method, &head.headers, &head.uri) {
            return answer::moved(&place);
        }
        let from = head.extensions.get().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(from)| *from);
        let method = route.map_or(Method::Get, |r| r.method);
        let secure = self.is_secure(&head.headers);
        let caller = match self.by_api_key(&head.headers, from).await {
            Some(Ok(service)) => Caller::Service(service),
            Some(Err(refused)) => return refused,
            // Who is who on a phone's pages is another session, under another name: neither stands in for the other.
            None if route.is_some_and(|r| r.access == Access::Person) => {
                self.gate.person(&self.core.office, &head.headers, secure)
            }
            None => self.gate.caller(&self.core.office, &head.headers, method, secure),
        };
        let who = Asking::of(&caller);
        let response = Arc::clone(&self).attend(head, body, from, route, caller).await;
        let no = response.extensions().get::<No>().copied();
        if let Some((who, no)) = who.zip(no) {
            self.told_no(who, no).await;
        }
        response
    }

    async fn attend(
        self: Arc<Self>,
        head: Parts,
        body: Body,
        from: IpAddr,
        route: Option<&'static Route>,
        caller: Caller,
    ) -> Response {
        let Some(route) = route else {
            return match caller {
                Caller::Nobody => answer::sign_in_first(&head.headers),
                _ if head.uri.path().starts_with(API) => api::elsewhere(head.uri.path()),
                caller => self.trouble(&head.headers, Trouble::NotFound, Some(&caller)),
            };
        };
        match pass(route, &caller, &head.headers, &self.core.office, self.tls) {
            Ok(()) => {}
            Err(Stopped::SignInFirst) => return answer::sign_in_first(&head.headers),
            Err(Stopped::TokenFirst) => return answer::token_first(),
            Err(Stopped::PhoneFirst) => return answer::phone_first(&head.headers),
            Err(Stopped::With(status, code)) => {
                return self.refused(&head.headers, status, code, Some(&caller));
            }
        }
        let whole = match route.method {
            Method::Get => Some(Vec::new()),
            Method::Post => {
                let read = timeout(BODY_PATIENCE, axum::body::to_bytes(body, BODY_BYTES_MAX)).await;
                read.ok().and_then(Result::ok).map(Vec::from)
            }
        };
        let Some(body) = whole else {
            let code = ApiRefusal::Malformed;
            return self.refused(&head.headers, StatusCode::PAYLOAD_TOO_LARGE, code, Some(&caller));
        };
        let visit = Visit { headers: head.headers, uri: head.uri, from, caller, body };
        self.answer(visit, route.answer).await
    }

    async fn answer(self: Arc<Self>, visit: Visit, what: Answer) -> Response {
        match what {
            Answer::Health => answer::text("ok\n"),
            Answer::Asset => match ASSETS.iter().find(|asset| asset.path == visit.uri.path()) {
                Some(asset) => answer::asset(asset),
                None => self.trouble(&visit.headers, Trouble::NotFound, None),
            },
            Answer::SignIn => self.sign_in_page(&visit),
            Answer::SignInStart => self.sign_in_start(&visit),
            Answer::SignInFinish => self.sign_in_finish(&visit).await,
            Answer::PasswordSignIn => self.password_sign_in(&visit).await,
            Answer::OpenIdSignIn => self.openid_sign_in(&visit).await,
            Answer::OpenIdBack => self.openid_back(&visit).await,
            Answer::OpenIdCode => self.openid_code(&visit).await,
            Answer::PasswordByLink => self.password_by_link(&visit).await,
            Answer::CodeByLink => self.code_finish(&visit, true).await,
            Answer::OpenIdByLink => self.openid_by_link(&visit).await,
            Answer::TouchPassword => self.touch_password(&visit).await,
            Answer::PasswordSet => self.password_set(visit).await,
            Answer::CodeStart => self.code_start(&visit),
            Answer::CodeFinish => self.code_finish(&visit, false).await,
            Answer::RecoveryRenew => self.recovery_renew(&visit).await,
            Answer::WayRemove => self.way_remove(&visit).await,
            Answer::OpenIdBind => self.openid_bind(&visit).await,
            Answer::SetUp => self.set_up_page(&visit),
            Answer::SetUpStart => self.set_up_start(&visit).await,
            Answer::SetUpFinish => self.set_up_finish(&visit).await,
            Answer::Enter => self.enter(&visit).await,
            Answer::SignOut => self.sign_out(&visit).await,
            Answer::TouchStart => self.touch_start(&visit),
            Answer::TouchFinish => self.touch_finish(&visit).await,
            Answer::KeyStart => self.key_start(&visit),
            Answer::KeyFinish => self.key_finish(&visit).await,
            Answer::KeyRemove => self.key_remove(&visit).await,
            Answer::OwnSessionEnd => self.session_end(&visit, true).await,
            Answer::SessionEnd => self.session_end(&visit, false).await,
            Answer::OrderStart(act) => self.order_start(&visit, act).await,
            Answer::OrderFinish => self.order_finish(&visit).await,
            Answer::My(what) => self.my(visit, what).await,
            Answer::Changes => self.changes_page(&visit, "", None),
            Answer::ChangeDraft => self.change_draft(visit).await,
            Answer::ChangeReview => self.draft_page(&visit),
            Answer::ChangeSignStart => self.change_sign_start(&visit),
            Answer::ChangeSignFinish => self.change_sign_finish(&visit).await,
            Answer::ChangeSignApart => self.change_sign_apart(&visit),
            Answer::ChangeSigned => self.change_signed(&visit).await,
            Answer::OrderSigned => self.order_signed(&visit).await,
            Answer::KeyApart => self.key_apart(&visit),
            Answer::KeyMade => self.key_made(&visit).await,
            Answer::ChangeAgain => self.change_again(visit, true).await,
            Answer::ChangeWithdraw => self.change_again(visit, false).await,
            Answer::ChangeArrival => self.arrival_page(&visit),
            Answer::Live => {
                let last = visit.headers.get("last-event-id").and_then(|v| v.to_str().ok());
                let after = last.and_then(|id| id.parse().ok());
                let after = after.or_else(|| query(&visit.uri, "after")?.parse().ok());
                let over = visit.caller.operator().map(|who| who.over.clone());
                answer::stream(stream::body(Arc::clone(&self.core), after.unwrap_or(0), visit.caller, over))
            }
            Answer::Api(what) => self.api(visit, what).await,
            Answer::Services => self.services_page(&visit, None, None).await,
            Answer::ServiceKey(deed) => self.service_key(&visit, deed).await,
            Answer::EpochKeys => match handout::epoch_keys(&self.core).await {
                Ok(lines) => answer::secret(lines),
                Err(error) => {
                    error!(%error, "no key was handed out");
                    answer::fault(&visit.headers, Fault::Failed, ApiRefusal::StoreFailed, None)
                }
            },
            what => self.look_up(visit, what).await,
        }
    }

    /// Answers that read the store: on a thread that may wait.
    async fn look_up(self: Arc<Self>, visit: Visit, what: Answer) -> Response {
        let desk = Arc::clone(&self);
        let headers = visit.headers.clone();
        let caller = visit.caller.clone();
        let found = tokio::task::spawn_blocking(move || desk.found(&visit, what)).await;
        match found {
            Ok(Ok(response)) => response,
            Ok(Err(trouble)) => self.trouble(&headers, trouble, Some(&caller)),
            Err(_) => answer::fault(&headers, Fault::Failed, ApiRefusal::Failed, None),
        }
    }

    fn found(&self, visit: &Visit, what: Answer) -> Result<Response, Trouble> {
        let office = &self.core.office;
        let (uri, path) = (&visit.uri, visit.uri.path());
        match what {
            Answer::Checkpoint(log) => return tiles::checkpoint(office, log)?.ok_or(Trouble::NotFound),
            Answer::Tile(log) => {
                let place =
                    path.strip_prefix("/log/").and_then(|p| p.split_once('/')).map(|(_, place)| place);
                return tiles::tile(office, log, place.unwrap_or_default())?.ok_or(Trouble::NotFound);
            }
            _ => {}
        }
        if matches!(what, Answer::Me) {
            return Ok(answer::page(self.me_page(visit, None)?));
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
        let reader = Reader::of(&visit.caller, office, &site);
        let page =
            Page { office, site: &site, live, whole: self.core.live.whole(), now: office.wall(), reader };
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
                let host = visit.headers.get(HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
                let scheme = if self.tls { "https" } else { "http" };
                lockward_console::log(&page.log_view(&format!("{scheme}://{host}"), banner)?)
            }
            Answer::Operators | Answer::Invite => {
                let who = visit.caller.operator();
                let invited = match (what, who) {
                    (Answer::Invite, Some(who)) => Some(self.invite(visit, who.operator, &site)?),
                    _ => None,
                };
                let sessions = self.gate.sessions.all();
                lockward_console::operators(&page.operators_view(who, &sessions, invited, banner))
            }
            _ => lockward_console::overview(&page.overview(banner)),
        };
        Ok(answer::page(html))
    }

    /// An operator's own page. `wrong`: why a password was not taken.
    pub(crate) fn me_page(&self, visit: &Visit, wrong: Option<&str>) -> Result<String, Trouble> {
        let who = visit.caller.operator().ok_or(Trouble::NotFound)?;
        let (office, site, live) = (&self.core.office, self.core.office.site(), self.core.live.now().brief());
        let reader = Reader::of(&visit.caller, office, &site);
        let whole = self.core.live.whole();
        let page = Page { office, site: &site, live: &live, whole, now: office.wall(), reader };
        let ways = page.own_ways(who.operator, self.gate.openid.as_ref().map(|provider| provider.host()))?;
        let (party, banner) = (self.party(&visit.headers), self.banner.as_deref());
        let view = page.me_view(who, &self.gate.sessions.all(), party, banner, self.proper(), ways)?;
        Ok(lockward_console::me(&view.ok_or(Trouble::NotFound)?, wrong))
    }

    pub(crate) fn trouble(&self, headers: &HeaderMap, trouble: Trouble, reader: Option<&Caller>) -> Response {
        let (fault, code) = match trouble {
            Trouble::NotFound => (Fault::NotFound, ApiRefusal::NotFound),
            Trouble::Store(error) => {
                error!(%error, "a page can not be made");
                (Fault::Failed, ApiRefusal::StoreFailed)
            }
        };
        answer::fault(headers, fault, code, reader.and_then(|caller| self.frame(caller)))
    }

    /// A refusal, as a page or as a problem.
    pub(crate) fn refused(
        &self,
        headers: &HeaderMap,
        status: StatusCode,
        code: ApiRefusal,
        reader: Option<&Caller>,
    ) -> Response {
        answer::refusal(headers, status, code, reader.and_then(|caller| self.frame(caller)))
    }

    fn frame(&self, caller: &Caller) -> Option<lockward_console::Frame> {
        if matches!(caller, Caller::Nobody) {
            return None;
        }
        let (live, site) = (self.core.live.now(), self.core.office.site());
        let office = &self.core.office;
        let (whole, now) = (self.core.live.whole(), office.wall());
        let reader = Reader::of(caller, office, &site);
        Some(Page { office, site: &site, live: &live, whole, now, reader }.frame(self.banner.as_deref()))
    }

    /// The relying party that a request calls, if its address is one at which passkeys serve.
    pub(crate) fn party(&self, headers: &HeaderMap) -> Option<&Party> {
        self.parties.iter().find(|party| party.origin.is_called(headers))
    }

    /// The address at which operators are to sign in.
    pub(crate) fn proper(&self) -> String {
        self.parties.first().map(|party| party.origin.to_string()).unwrap_or_default()
    }

    /// Whether the browser speaks TLS, with this listener or with a proxy before it.
    pub(crate) fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.tls || self.party(headers).is_some_and(|party| party.origin.is_secure())
    }

    /// Passkeys are made for names, not for numbers: a page that is asked for by a number of the loopback is shown at its name.
    fn elsewhere(&self, method: &axum::http::Method, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        let page = *method == axum::http::Method::GET && answer::wants_page(headers);
        if self.tls || !page || self.party(headers).is_some() {
            return None;
        }
        let own = &self.parties.last()?.origin;
        Some(format!("{own}{}", uri.path_and_query().map_or("/", |p| p.as_str())))
    }

    /// The loopback listener answers to the names of the loopback, to its own address, and to the public name.
    fn is_called(&self, headers: &HeaderMap) -> bool {
        if self.party(headers).is_some() {
            return true;
        }
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

/// One value of the query.
pub(crate) fn query(uri: &Uri, name: &str) -> Option<String> {
    value(uri.query()?, name)
}

/// One value of a query or a form, decoded (WHATWG URL, application/x-www-form-urlencoded).
fn value(pairs: &str, name: &str) -> Option<String> {
    let pairs = pairs.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
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
