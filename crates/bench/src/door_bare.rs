//! The least that keeping such lines busy takes here: a program that does nothing but write a poll's bytes and wait for a
//! reply's, a thread a line. What the whole controller takes beyond that is its own.

use crate::door_busy::Child;
use crate::machine;
use crate::rounds::{Failed, ROUNDS_MIN};
use clap::Args;
use core::time::Duration;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// A poll in the secure channel with two characters of quiet before it, and its reply.
const POLL: usize = 16;
const REPLY: usize = 14;
/// Start bit, eight data bits, stop bit.
const BITS: u64 = 10;
/// How long it runs before it is measured, and between two looks.
const SPAN: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct Options {
    terminals: Vec<PathBuf>,
}

/// Shares of a core in percent, one a round.
pub(crate) fn measure(rounds: usize, lines: usize, baud: u32) -> Result<Vec<f64>, Failed> {
    let wire = Duration::from_micros((POLL + REPLY) as u64 * BITS * 1_000_000 / u64::from(baud));
    let mut paths = Vec::new();
    for _ in 0..lines {
        let (ours, path) = terminal()?;
        paths.push(path);
        std::thread::spawn(move || answer(&ours, wire));
    }
    let mut bare = Child::start("door-bare", &paths)?;
    machine::rest(SPAN);
    let mut shares = Vec::new();
    for _ in 0..rounds.max(ROUNDS_MIN) {
        shares.push(bare.share(|| {
            machine::rest(SPAN);
            Ok(())
        })?);
    }
    bare.stop()?;
    Ok(shares)
}

fn terminal() -> Result<(OwnedFd, PathBuf), Failed> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let path = PathBuf::from(OsString::from_vec(ptsname(&ours, Vec::new())?.into_bytes()));
    Ok((ours, path))
}

/// The other end of the line: each poll is answered after the time that the bytes of both take. Ends with the line.
fn answer(ours: &OwnedFd, wire: Duration) {
    let mut bytes = [0; POLL];
    let mut heard = 0;
    while let Ok(n) = rustix::io::read(ours, &mut bytes[..]) {
        heard += n;
        if heard >= POLL {
            heard = 0;
            machine::rest(wire);
            if rustix::io::write(ours, &[0; REPLY]).is_err() {
                return;
            }
        }
    }
}

/// What the bare program does.
pub(crate) fn child(options: &Options) -> Result<(), Failed> {
    for path in &options.terminals {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let line = rustix::fs::open(path, flags, Mode::empty())?;
        let mut settings = tcgetattr(&line)?;
        settings.make_raw();
        tcsetattr(&line, OptionalActions::Now, &settings)?;
        std::thread::spawn(move || speak(&line));
    }
    crate::door_busy::tell_cpu()
}

fn speak(line: &OwnedFd) -> rustix::io::Result<()> {
    let mut bytes = [0; POLL];
    loop {
        rustix::io::write(line, &[0; POLL])?;
        let mut heard = 0;
        while heard < REPLY {
            poll(&mut [PollFd::new(line, PollFlags::IN)], None)?;
            heard += rustix::io::read(line, &mut bytes[..])?;
        }
    }
}
