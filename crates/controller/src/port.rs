//! Opens what lines are on, serial devices and TCP, and writes to them without waiting for ever.

use crate::config::{Parity, Port};
use core::time::Duration;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::termios::ControlModes;

/// Longest wait between two tries to open a port that failed: a person who plugs a cable in looks at the reader. No
/// longer is a TCP connection waited for.
pub(crate) const REOPEN_MAX: Duration = Duration::from_secs(2);

/// Writes all.
pub(crate) fn write_all(port: &OwnedFd, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            // A line that takes nothing for this long is broken: 1.5 KiB at 1,200 baud would take 13 s.
            Err(rustix::io::Errno::AGAIN) => {
                let patience = Timespec { tv_sec: 15, tv_nsec: 0 };
                if poll(&mut [PollFd::new(port, PollFlags::OUT)], Some(&patience))? == 0 {
                    return Err(std::io::ErrorKind::TimedOut.into());
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Opens a port; `baud` and `parity` are for serial ones.
pub(crate) fn open(port: &Port, baud: u32, parity: Parity) -> std::io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    match port {
        Port::Serial(path) => {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let fd = rustix::fs::open(path, flags, Mode::empty())?;
            let mut settings = rustix::termios::tcgetattr(&fd)?;
            settings.make_raw();
            settings.set_speed(baud)?;
            let modes = &mut settings.control_modes;
            modes.remove(ControlModes::CSTOPB);
            modes.set(ControlModes::PARENB, parity != Parity::None);
            modes.set(ControlModes::PARODD, parity == Parity::Odd);
            rustix::termios::tcsetattr(fd.as_fd(), rustix::termios::OptionalActions::Flush, &settings)?;
            Ok(fd)
        }
        Port::Tcp(address) => {
            use std::net::ToSocketAddrs;
            let target = address.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::NotFound)?;
            let stream = std::net::TcpStream::connect_timeout(&target, REOPEN_MAX)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream.into())
        }
    }
}
