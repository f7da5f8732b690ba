//! A hub's start: a process of its own that opens its site, listens, and answers one request of a browser.

use crate::hub::start;
use crate::machine;
use crate::rounds::Failed;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Args)]
pub(crate) struct Child {
    folder: PathBuf,
}

/// Nanoseconds from a process's start to its first answer, and its resident bytes then.
pub(crate) fn first_answer(folder: &Path) -> Result<(f64, f64), Failed> {
    let before = machine::now();
    let done = Command::new(std::env::current_exe()?).arg("hub-child").arg(folder).output()?;
    let took = before.elapsed().as_nanos() as f64;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    Ok((took, String::from_utf8(done.stdout)?.trim().parse()?))
}

/// What that process does.
pub(crate) fn child(options: &Child) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let hub = start(&options.folder).await?;
        let mut stream = TcpStream::connect(hub.console().ok_or("no console")?).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if !answer.starts_with(b"HTTP/1.1 ") {
            return Err(Failed::from("the hub gives no answer"));
        }
        println!("{}", machine::resident().0);
        // How it stops is no part of how it starts.
        std::process::exit(0)
    })
}
