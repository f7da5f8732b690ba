//! A hub that runs: opened, listening, and stopped within a second.

use crate::access::{LinkUse, Secret};
use crate::ca::{CaError, HUB_NAME, HubCertificate};
use crate::ca_file;
use crate::caller::Gate;
use crate::clock::Clock;
use crate::core::Core;
use crate::follower::Follower;
use crate::gateway::{self, Door, ListenError};
use crate::links::Links;
use crate::live_view::LiveView;
use crate::office::{Office, OfficeError};
use crate::openid::OpenIdConfig;
use crate::openid_http::Provider;
use crate::orders::Orders;
use crate::origin::{Origin, PublicUrl};
use crate::own_keys::has_passkey;
use crate::recoveries::recoveries;
use crate::refusals;
use crate::sequencer::{Sequencer, StartError};
use crate::stating::Stating;
use crate::tls::Tls;
use crate::web::Web;
use core::time::Duration;
use lockward_console::address;
use lockward_model::{Operator, OperatorId};
use lockward_store::{DirLock, LockError};
use lockward_wire::MasterKey;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

/// How often the hub looks whether another process has appended to the config log. A look costs some 5 µs.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);

/// How a hub is to run.
pub struct HubConfig {
    /// The site's folder.
    pub dir: PathBuf,
    /// The master key, where it does not lie in its file.
    pub master: Option<MasterKey>,
    /// Where controllers, and browsers over TLS, are listened to. Port 0 takes any.
    pub listen: SocketAddr,
    /// Where browsers of this machine are listened to without TLS; a loopback address.
    pub console: Option<SocketAddr>,
    /// By which address people's browsers call the hub, where that is not its own: passkeys are bound to it.
    pub public: Option<PublicUrl>,
    /// By which provider operators may sign in, where policy lets them.
    pub openid: Option<OpenIdConfig>,
    /// The solver that judges the site's statements, where it is not the `cvc5` of this machine.
    pub solver: Option<OsString>,
    /// A line across the top of every page.
    pub banner: Option<String>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum HubStartError {
    /// The site's folder does not open.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// Another hub runs on it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// An address can not be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The hub's certificate can not be made.
    #[error(transparent)]
    Certificate(#[from] CaError),
    /// TLS refuses the site's CA.
    #[error("the site's CA can not be used for TLS")]
    Tls(#[from] rustls::Error),
    /// The store or a thread.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// A hub that runs.
pub struct Running {
    addr: SocketAddr,
    console: Option<SocketAddr>,
    core: Arc<Core>,
    gate: Arc<Gate>,
    public: Option<PublicUrl>,
    closing: watch::Sender<bool>,
    tasks: JoinSet<()>,
    threads: Vec<JoinHandle<()>>,
    _lock: DirLock,
}

/// The hub.
pub struct Hub;

impl Hub {
    /// Opens the site and listens. Must be called within a tokio runtime of more than one thread.
    ///
    /// # Errors
    /// [`HubStartError`]; nothing is left running.
    pub async fn start(config: HubConfig) -> Result<Running, HubStartError> {
        let HubConfig { dir, master, listen, console, public, openid, solver, banner, clock } = config;
        // A folder without a site is told of as such, before a lock is left in it.
        let office = Arc::new(Office::open(&dir, master, clock)?);
        let lock = DirLock::take(&dir)?;
        if let Err(error) = ca_file::keep(&dir, office.ca()) {
            warn!(%error, "the site's CA can not be kept as a file; no door and no record hangs on it");
        }
        let listener = gateway::bind(listen).await?;
        let plain = match console {
            Some(address) => Some(gateway::bind_loopback(address).await?),
            None => None,
        };
        let io = |address| move |source| ListenError::Io { address, source };
        let addr = listener.local_addr().map_err(io(listen))?;
        let console = plain.as_ref().map(|l| l.local_addr().map_err(io(addr))).transpose()?;

        let (turned_away, refused) = mpsc::channel(refusals::QUEUE_MAX);
        let tls = tls(&office, addr.ip(), turned_away.clone())?;
        let (closing, closed) = watch::channel(false);
        let live = Arc::new(LiveView::new());
        let follower = Follower::begin(Arc::clone(&office), Arc::clone(&live)).map_err(StartError::Store)?;
        let (sequencer, thread) = Sequencer::start(Arc::clone(&office))?;
        let links = Links::default();
        let orders = Orders::default();
        let stating = Stating::new(solver);
        let core =
            Arc::new(Core { office, sequencer, links, orders, live, stating, turned_away, closing: closed });

        let gate = Arc::new(Gate::new(openid.map(Provider::new).transpose()?));
        let web = |at, tls| {
            Web::new(Arc::clone(&core), Arc::clone(&gate), banner.clone(), at, tls, public.as_ref())
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(gateway::run(Arc::clone(&core), listener, Door::Tls(tls), web(addr, true)));
        if let (Some(listener), Some(at)) = (plain, console) {
            tasks.spawn(gateway::run(Arc::clone(&core), listener, Door::Plain, web(at, false)));
        }
        tasks.spawn(refusals::record(Arc::clone(&core), refused));
        // From now on, whenever the task itself begins: an entry in between is news too.
        let mut size = core.office.config_size();
        let at = *size.borrow_and_update();
        tasks.spawn(follow(Arc::clone(&core), size, at));
        tasks.spawn(Arc::clone(&gate).watch(Arc::clone(&core)));
        let threads = vec![thread, behind(Arc::clone(&core), follower)?];
        info!(%addr, "the hub listens");
        Ok(Running { addr, console, core, gate, public, closing, tasks, threads, _lock: lock })
    }
}

fn tls(
    office: &Office,
    ip: IpAddr,
    turned_away: mpsc::Sender<crate::tls::TurnedAway>,
) -> Result<Arc<Tls>, HubStartError> {
    // The certificate is made again while the hub runs, so its maker keeps the CA's key.
    let ca = office.keys().ca_again().map_err(OfficeError::Keys)?;
    let addresses = Some(ip).filter(|ip| !ip.is_unspecified()).into_iter().collect();
    let shown = HubCertificate::new(ca, office.ca().to_vec(), addresses, Arc::clone(office.clock()))?;
    Ok(Arc::new(Tls::new(office.ca(), &Arc::new(shown), office.clock(), turned_away)?))
}

/// Takes in what other processes append to the config log, and shows what changed.
async fn follow(core: Arc<Core>, mut size: watch::Receiver<u64>, mut at: u64) {
    core.look_after_api_keys().await;
    let mut look = tokio::time::interval(FOLLOW_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {
                let followed = core.blocking(|core| core.office.follow()).await;
                if let Some(Err(error)) = followed {
                    error!(%error, "the config log can not be followed; the last good state stays in force");
                }
                core.look_after_api_keys().await;
            }
            changed = size.changed() => {
                if changed.is_err() {
                    return;
                }
                let (from, to) = (at, *size.borrow_and_update());
                at = to;
                let seen = core.blocking(move |core| {
                    core.live.reconfigured(&core.office, from);
                    recoveries(core.office.store(), from..to, &core.office.site())
                });
                for body in seen.await.into_iter().flatten() {
                    core.sequencer.note(body).await;
                }
            }
            () = core.closed() => return,
        }
    }
}

fn behind(core: Arc<Core>, follower: Follower) -> Result<JoinHandle<()>, StartError> {
    let (runtime, size) = (tokio::runtime::Handle::current(), core.sequencer.size());
    let work = move || follower.run(&core, size, &runtime);
    Ok(std::thread::Builder::new().name("follower".into()).spawn(work)?)
}

impl Running {
    /// Where controllers, and browsers over TLS, reach it.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The site that it runs.
    #[must_use]
    pub fn office(&self) -> &Arc<Office> {
        &self.core.office
    }

    /// Where operators sign in.
    #[must_use]
    pub fn sign_in_url(&self) -> String {
        let own = match self.console {
            Some(address) => Origin::new(false, "localhost", address.port()),
            None => Origin::new(true, HUB_NAME, self.addr.port()),
        };
        self.public.as_ref().map_or(own, |url| url.0.clone()).to_string()
    }

    /// Whether any operator has a passkey.
    #[must_use]
    pub fn can_sign_in(&self) -> bool {
        has_passkey(&self.core.office.site())
    }

    /// The address of a new one-time link with which the founding operator registers the site's first passkey, or whom the
    /// recovery key has made registers theirs. `None` where somebody has one, and where the site does not take the hub's
    /// word for an operator's; a recovered one's then waits for a signature with the key file.
    #[must_use]
    pub fn set_up_url(&self) -> Option<String> {
        let (office, site) = (&self.core.office, self.core.office.site());
        let can = |id: &OperatorId| site.hub_signs_for(*id, "put-operator", office.wall());
        let founding = || site.founding().operators.iter().map(|o| o.id).find(can);
        let stands = |o: &&Operator| site.standing_operator(o.id, office.wall()).is_some();
        let operator = match site.recovered().filter(stands) {
            Some(recovered) => recovered.id,
            None => founding().filter(|_| !has_passkey(&site))?,
        };
        let what = LinkUse::Register { operator, by: operator, first: can(&operator) };
        let key = self.gate.sessions.link(what, office.now().mono);
        Some(format!("{}{}#key={}", self.sign_in_url(), address::SET_UP, key.as_str()))
    }

    /// An address that signs in the browser that opens it, once, as this operator and without a passkey: for demonstrations,
    /// whose site is nobody's. A session like that can not do what asks for a touch. Each call makes a new one.
    #[must_use]
    pub fn demo_url(&self, operator: OperatorId) -> String {
        let key = self.gate.sessions.link(LinkUse::SignIn(operator), self.core.office.now().mono);
        format!("{}/enter?key={}", self.sign_in_url(), key.as_str())
    }

    /// Where browsers of this machine reach it without TLS.
    #[must_use]
    pub fn console(&self) -> Option<SocketAddr> {
        self.console
    }

    /// A token for tools (`Authorization: Bearer …`), good until the hub stops.
    #[must_use]
    pub fn token(&self) -> Secret {
        self.gate.sessions.token()
    }

    /// Stops: takes no more, ends links, finishes what is on its way to the disk. Within a second.
    pub async fn stop(mut self) {
        self.closing.send_replace(true);
        // `refusals::record` ends with the last core, which the others hold until they end.
        while self.tasks.len() > 1 && self.tasks.join_next().await.is_some() {}
        self.tasks.shutdown().await;
        let threads = std::mem::take(&mut self.threads);
        drop(self.core);
        let _ = tokio::task::spawn_blocking(move || {
            for thread in threads {
                let _ = thread.join();
            }
        })
        .await;
    }
}
