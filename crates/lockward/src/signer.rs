//! `lockward signer`: the page on an operator's own machine that shows what is signed, and asks for the touch.

use crate::say::say;
use clap::Args;
use lockward_model::SIGNER_ORIGIN;
use std::io;
use std::process::ExitCode;

/// Shows on this machine what a hub sends to be signed, told from the very bytes, and asks your passkey for a touch. Run it
/// where you sit, not on the hub's machine; it keeps nothing.
#[derive(Args)]
pub(crate) struct Signer {}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SignerError {
    #[error(
        "`{SIGNER_ORIGIN}` is in use: by another signer, which will do, or by another program, which is to be stopped \
         before anything is signed"
    )]
    Busy,
    #[error("the signer can not serve `{SIGNER_ORIGIN}`")]
    Serve(#[source] io::Error),
}

/// Serves until it is told to stop.
pub(crate) fn signer(_: &Signer) -> Result<ExitCode, SignerError> {
    let runtime = tokio::runtime::Runtime::new().map_err(SignerError::Serve)?;
    let served = runtime.block_on(async {
        let ready = || {
            say(&format!(
                "The signer is at {SIGNER_ORIGIN}. At the hub, press \"Sign on my own machine\". Ctrl-C ends it."
            ));
        };
        tokio::select! {
            served = lockward_signer::serve(ready) => served,
            told = tokio::signal::ctrl_c() => told,
        }
    });
    match served {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(SignerError::Busy),
        Err(error) => Err(SignerError::Serve(error)),
    }
}
