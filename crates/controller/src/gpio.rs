//! Lines of GPIO chips, through the Linux character device: outputs that move bolts, inputs that tell of doors.

use crate::config::{Bias, Lock, Source};
use core::time::Duration;
use gpiocdev::line::{EdgeDetection, EdgeKind, Value};
use gpiocdev::{Chip, Request, line};
use std::io;
use std::path::Path;
use tracing::error;

/// A wire that flutters is read so often and no more: the rest waits in the kernel, which lets go of the oldest.
const EVERY: Duration = Duration::from_millis(1);
/// A wire that says nothing is read so often: a chip that is gone does not always say so, and one behind a slow bus may
/// miss an edge.
const QUIET: Duration = Duration::from_secs(1);

/// An output line that this program holds. When it lets go, the door goes to where its installer declared that it fails
/// without power. It can not when it is killed: the kernel then sets nothing, and what the line does is up to the chip.
pub(crate) struct Output(Request, u32);

impl Output {
    /// Takes a line, and sets it before anybody can see it in another state.
    pub(crate) fn open(lock: &Lock, active: bool) -> io::Result<Option<Self>> {
        let Lock::Gpio { chip, line, active_low } = lock else { return Ok(None) };
        let mut request = Request::builder();
        request.on_chip(chip).with_consumer("lockward").with_line(*line).as_output(value(active));
        if *active_low {
            request.as_active_low();
        }
        request.request().map(|r| Some(Self(r, *line))).map_err(|e| refused(chip, *line, &e))
    }

    pub(crate) fn set(&self, active: bool) -> io::Result<()> {
        self.0.set_value(self.1, value(active)).map_err(io::Error::other)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Err(error) = self.set(false) {
            error!(line = self.1, %error, "a lock's output can not be switched off");
        }
    }
}

fn value(active: bool) -> Value {
    if active { Value::Active } else { Value::Inactive }
}

/// Watches an input line on a thread of its own; `tell` gets its state at once, and every change: true while its
/// contact is closed, `None` if it can no longer be read. What bounces is settled behind it.
pub(crate) fn watch(source: &Source, tell: impl Fn(Option<bool>) -> bool + Send + 'static) -> io::Result<()> {
    let Source::Gpio { chip, line, active_low, bias } = source else { return Ok(()) };
    let line = *line;
    let mut request = Request::builder();
    request.on_chip(chip).with_consumer("lockward").with_line(line).as_input();
    request.with_edge_detection(EdgeDetection::BothEdges);
    if *active_low {
        request.as_active_low();
    }
    if let Some(bias) = bias {
        request.with_bias(match bias {
            Bias::PullUp => line::Bias::PullUp,
            Bias::PullDown => line::Bias::PullDown,
            Bias::Disabled => line::Bias::Disabled,
        });
    }
    let request = request.request().map_err(|e| refused(chip, line, &e))?;
    let mut told = closed(&request, line).map_err(|e| refused(chip, line, &e))?;
    tell(Some(told));
    std::thread::Builder::new().name(format!("gpio {line}")).spawn(move || {
        loop {
            match next(&request, line) {
                Ok(now) if now == told => {}
                Ok(now) => {
                    told = now;
                    if !tell(Some(now)) {
                        return;
                    }
                }
                Err(error) => {
                    error!(line, %error, "an input can no longer be read");
                    tell(None);
                    return;
                }
            }
            std::thread::park_timeout(EVERY);
        }
    })?;
    Ok(())
}

/// The next edge; after a while without any, what the line says then.
///
/// It waits by polling, never in a read: some kernels (6.1) lock the whole chip for as long as a read waits, and once the
/// chip goes away every other call on it, of outputs too, then waits for ever.
fn next(request: &Request, line: u32) -> gpiocdev::Result<bool> {
    match request.wait_edge_event(QUIET) {
        Ok(true) => Ok(request.read_edge_event()?.kind == EdgeKind::Rising),
        // A signal may have ended the wait. Whether the line can be read shows here.
        Ok(false) | Err(_) => closed(request, line),
    }
}

fn closed(request: &Request, line: u32) -> gpiocdev::Result<bool> {
    Ok(request.value(line)? == Value::Active)
}

/// Why a line can not be had. What the chip tells of it says more than the kernel's refusal.
fn refused(chip: &Path, line: u32, error: &gpiocdev::Error) -> io::Error {
    let name = chip.display();
    let told = Chip::from_path(chip).and_then(|c| Ok((c.info()?.num_lines, c)));
    let why = match told.map(|(lines, chip)| (lines, chip.line_info(line))) {
        Err(error) => format!("`{name}`: {error}"),
        Ok((lines, _)) if line >= lines => {
            format!("`{name}` has {lines} lines, which count from 0; there is no line {line}")
        }
        Ok((_, Ok(info))) if info.used => {
            let holder = info.consumer;
            format!("line {line} of `{name}` is held by `{holder}`; end what holds it, or use another line")
        }
        Ok(_) => format!("line {line} of `{name}`: {error}"),
    };
    io::Error::other(why)
}
