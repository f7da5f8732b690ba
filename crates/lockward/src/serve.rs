//! `lockward serve`: runs the hub of a site until it is told to stop.

use crate::folder::{Folder, outside_master};
use crate::say::say;
use clap::Args;
use lockward_hub::{
    CA_FILE, Hub, HubConfig, HubStartError, MasterError, OpenIdConfig, OpenIdConfigError, PublicUrl, Running,
    SystemClock,
};
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

/// Runs the hub: controllers and browsers over TLS, and a console for this machine.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    folder: Folder,
    /// Where controllers and browsers connect over TLS.
    #[arg(long, value_name = "ADDR", default_value = "[::]:8443")]
    listen: SocketAddr,
    /// Where browsers of this machine connect without TLS: a loopback address.
    #[arg(long, value_name = "ADDR")]
    console: Option<SocketAddr>,
    /// By which address people's browsers call the hub, where that is not its own: `https://`, a name, perhaps a port.
    /// Passkeys are bound to it, so choose one that lasts.
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,
    #[command(flatten)]
    openid: OpenId,
    /// Prints a token for tools, which serves until the hub stops: whoever has it reads every page, the log, and the keys
    /// that open the log's events.
    #[arg(long)]
    token: bool,
}

/// The OpenID provider by which operators may sign in, where policy lets them.
#[derive(Args)]
struct OpenId {
    /// The provider's address as it gives it itself: `https://`, or `http://` on the loopback.
    #[arg(long, value_name = "URL", requires_all = ["openid_client_id", "openid_client_secret_file"])]
    openid_issuer: Option<String>,
    /// What the provider calls this hub.
    #[arg(long, value_name = "ID", requires = "openid_issuer")]
    openid_client_id: Option<String>,
    /// A file with the secret that the provider gave this hub, on one line; its owner's alone.
    #[arg(long, value_name = "FILE", requires = "openid_issuer")]
    openid_client_secret_file: Option<PathBuf>,
    /// A value of `acr` or `amr` by which the provider proves a second factor; may be given more than once. `mfa` if it is not
    /// given.
    #[arg(long, value_name = "VALUE", requires = "openid_issuer")]
    openid_mfa: Vec<String>,
}

/// Longest file with a client secret.
const SECRET_BYTES_MAX: u64 = 4_096;

impl OpenId {
    fn read(self) -> Result<Option<OpenIdConfig>, ServeError> {
        let (Some(issuer), Some(id), Some(path)) =
            (self.openid_issuer, self.openid_client_id, self.openid_client_secret_file)
        else {
            return Ok(None);
        };
        let io = |source| ServeError::ClientSecret { path: path.clone(), source };
        let file = File::open(&path).map_err(io)?;
        if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(ServeError::Exposed { path });
        }
        let mut secret = Zeroizing::new(String::new());
        file.take(SECRET_BYTES_MAX).read_to_string(&mut secret).map_err(io)?;
        let roots = rustls_native_certs::load_native_certs().certs;
        Ok(Some(OpenIdConfig::new(&issuer, &id, secret.trim(), roots, self.openid_mfa)?))
    }
}

/// Why the hub does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// The master key in the environment.
    #[error(transparent)]
    Master(#[from] MasterError),
    /// The hub.
    #[error(transparent)]
    Start(#[from] HubStartError),
    /// The OpenID provider.
    #[error(transparent)]
    OpenId(#[from] OpenIdConfigError),
    /// The client secret can not be read.
    #[error("the OpenID client secret `{path}` can not be read")]
    ClientSecret {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others may read it.
    #[error("the OpenID client secret `{path}` may be read by others; give it mode 0600")]
    Exposed {
        /// Which file.
        path: PathBuf,
    },
    /// The operating system.
    #[error("the hub can not be run on this machine")]
    Runtime(#[from] io::Error),
}

pub(crate) fn serve(args: Serve) -> Result<ExitCode, ServeError> {
    let ca = args.folder.dir.join(CA_FILE);
    let config = HubConfig {
        master: outside_master(&args.folder.dir)?,
        dir: args.folder.dir,
        listen: args.listen,
        console: args.console,
        public: args.public_url,
        openid: args.openid.read()?,
        solver: None,
        banner: None,
        clock: Arc::new(SystemClock::default()),
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let told = Told::listen()?;
        let hub = Hub::start(config).await?;
        tell(&hub, &ca, args.token);
        told.stopped().await;
        say("Stopping.");
        hub.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn tell(hub: &Running, ca: &Path, token: bool) {
    let title = hub.office().site().founding().title.clone();
    say(&format!("Site \"{title}\": the hub listens on {}.", hub.addr()));
    say(&format!("Over TLS it is known by the site's own CA: `{}`.", ca.display()));
    // A link is one word: it stays whole, however long.
    say(&format!("Console:\n  {}", hub.sign_in_url()));
    match hub.set_up_url() {
        Some(link) if hub.can_sign_in() => say(&format!(
            "The owner whom the recovery key has made registers a passkey with this link, once, within an hour:\n  {link}"
        )),
        Some(link) => say(&format!(
            "Nobody can sign in yet. This link registers the first passkey, once, within an hour:\n  {link}"
        )),
        None if hub.can_sign_in() => {}
        None => say(
            "Nobody can sign in: no operator has a passkey, and this site does not let the hub add one. A change set \
             that is signed with an operator's key file does.",
        ),
    }
    if token {
        say(&format!("Token for tools:\n  {}", hub.token().as_str()));
    }
    say("Ctrl-C stops it.");
}

/// Ctrl-C, or what a service manager sends. Heeded from here on, also before it is waited for.
pub(crate) struct Told(Signal, Signal);

impl Told {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    pub(crate) async fn stopped(mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}
