//! The devices' side of a line: bytes in, the time that they would take, bytes out.

use super::board::Board;
use super::reader::Face;
use crate::clock::pause;
use core::time::Duration;
use lockward_model::DoorId;
use lockward_osdp::command::PdCommand;
use lockward_osdp::pd::{Pd, PdOutput};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
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

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One panel after the other: a line has one.
    pub(super) fn serve(&self, listener: &TcpListener) {
        while !self.state().ended {
            match listener.accept() {
                Ok((stream, _)) => {
                    if let Err(error) = self.attend(stream) {
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

    fn attend(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(QUIET))?;
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
