//! Lines of GPIO chips, through the Linux character device: outputs that move bolts, inputs that tell of doors.

use crate::config::{Lock, Source};
use core::time::Duration;
use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, EdgeKind, Value};
use std::io;

/// A wire that flutters is read so often and no more: the rest waits in the kernel, which lets go of the oldest.
const EVERY: Duration = Duration::from_millis(1);

/// An output line that this program holds. The kernel gives it back when the program ends, to the state that the
/// hardware then has: what the door does without power is the installer's declaration.
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
        request.request().map(|r| Some(Self(r, *line))).map_err(io::Error::other)
    }

    pub(crate) fn set(&self, active: bool) -> io::Result<()> {
        self.0.set_value(self.1, value(active)).map_err(io::Error::other)
    }
}

fn value(active: bool) -> Value {
    if active { Value::Active } else { Value::Inactive }
}

/// Watches an input line on a thread of its own; `tell` gets its state at once, and every change: true while its
/// contact is closed, `None` if it can no longer be read. What bounces is settled behind it.
pub(crate) fn watch(source: &Source, tell: impl Fn(Option<bool>) -> bool + Send + 'static) -> io::Result<()> {
    let Source::Gpio { chip, line, active_low } = source else { return Ok(()) };
    let mut request = Request::builder();
    request.on_chip(chip).with_consumer("lockward").with_line(*line).as_input();
    request.with_edge_detection(EdgeDetection::BothEdges);
    if *active_low {
        request.as_active_low();
    }
    let request = request.request().map_err(io::Error::other)?;
    tell(Some(request.value(*line).map_err(io::Error::other)? == Value::Active));
    std::thread::Builder::new().name(format!("gpio {line}")).spawn(move || {
        while let Ok(edge) = request.read_edge_event() {
            if !tell(Some(edge.kind == EdgeKind::Rising)) {
                return;
            }
            std::thread::park_timeout(EVERY);
        }
        tell(None);
    })?;
    Ok(())
}
