//! The devices' side of a line: bytes in, the time that they would take, bytes out.

use super::board::Board;
use super::reader::Face;
use crate::clock::pause;
use core::time::Duration;
use lockward_model::DoorId;
use lockward_osdp::command::PdCommand;
use lockward_osdp::pd::{Pd, PdOutput};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tracing::debug;

/// How long a quiet line waits before it looks whether it shall end.
const QUIET: Duration = Duration::from_millis(100);
/// The most that is read at once: two of the longest frames.
const READ_BYTES: usize = 3 * 1024;
/// Start bit, eight bits, stop bit.
const BITS_A_BYTE: u64 = 10;

/// Where a door's things are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Index of its reader among the devices.
    pub(super) reader: usize,
    /// Its number on the board.
    pub(super) number: u8,
}

pub(super) struct State {
    pub(super) devices: Vec<Pd>,
    pub(super) faces: Vec<Face>,
    pub(super) places: BTreeMap<DoorId, Place>,
    pub(super) board: Board,
    pub(super) plugged: bool,
    pub(super) ended: bool,
}

pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// Rings whenever a device was told something.
    pub(super) told: Condvar,
    pub(super) baud: u32,
    pub(super) began: Instant,
}

impl State {
    pub(super) fn face(&self, door: DoorId) -> Option<&Face> {
        self.faces.get(self.places.get(&door)?.reader)
    }
}

/// A stream that is read for as long as a line may be quiet.
fn patient(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(QUIET))
}

/// The devices' end of a pseudo-terminal.
pub(super) struct Terminal {
    ours: OwnedFd,
    /// Open, so that the terminal is there before the panel is, and between two of them.
    _theirs: OwnedFd,
}

impl Terminal {
    pub(super) fn open() -> io::Result<(Self, PathBuf)> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let path = PathBuf::from(OsString::from_vec(ptsname(&ours, Vec::new())?.into_bytes()));
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(&path, flags, Mode::empty())?;
        // Nothing is sent back before the panel has made it a plain line.
        let mut settings = tcgetattr(&theirs)?;
        settings.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &settings)?;
        Ok((Self { ours, _theirs: theirs }, path))
    }
}

impl Read for Terminal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let quiet = Timespec { tv_sec: 0, tv_nsec: QUIET.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&self.ours, PollFlags::IN)], Some(&quiet))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(rustix::io::read(&self.ours, buffer)?),
        }
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.ours, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One panel after the other: a line has one.
    pub(super) fn serve(&self, listener: &TcpListener) {
        while !self.state().ended {
            match listener.accept() {
                Ok((stream, _)) => {
                    if let Err(error) = patient(&stream).and_then(|()| self.attend(stream)) {
                        debug!(%error, "a panel left its line");
                    }
                }
                Err(_) => {
                    self.hear(&[], &mut Vec::new());
                    pause(QUIET / 4);
                }
            }
        }
    }

    /// The one panel that has the terminal, whenever it opens it.
    pub(super) fn serve_at(&self, terminal: Terminal) {
        if let Err(error) = self.attend(terminal) {
            debug!(%error, "the line's terminal is gone");
        }
    }

    /// Serves whoever is at the other end. A read without bytes is one that took [`QUIET`].
    fn attend(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let (mut buffer, mut out) = (vec![0; READ_BYTES], Vec::new());
        loop {
            let read = match stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => buffer.get(..n).unwrap_or_default(),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => &[],
                Err(e) => return Err(e),
            };
            if self.state().ended {
                return Ok(());
            }
            self.hear(read, &mut out);
            if read.is_empty() {
                continue;
            }
            // A command takes its time to come in, a reply to go out.
            pause(self.characters(read.len() + out.len()));
            stream.write_all(&out)?;
            out.clear();
        }
    }

    fn characters(&self, bytes: usize) -> Duration {
        Duration::from_micros(bytes as u64 * BITS_A_BYTE * 1_000_000 / u64::from(self.baud))
    }

    /// Every device hears the panel, or for how long it has been silent; at most one of them answers.
    fn hear(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut guard = self.state();
        let state = &mut *guard;
        let bytes = if state.plugged { bytes } else { &[] };
        let mut outputs = Vec::new();
        let mut told = false;
        state.board.look_at_bolts();
        for (index, pd) in state.devices.iter_mut().enumerate() {
            pd.handle(micros, bytes, &mut outputs);
            for output in outputs.drain(..) {
                match (output, state.faces.get_mut(index)) {
                    (PdOutput::Transmit(reply), _) => out.extend_from_slice(&reply),
                    (PdOutput::Command(command), Some(face)) => {
                        face.take(&command);
                        told = true;
                    }
                    (PdOutput::Command(PdCommand::Output(number, control)), None) => {
                        state.board.take(number, control);
                        told = true;
                    }
                    (PdOutput::Command(_) | PdOutput::Keyed(_), _) => {}
                }
            }
        }
        drop(guard);
        if told {
            self.told.notify_all();
        }
    }
}
