//! An independent peer: pymodbus as the boards, on a serial line (a PTY) and over TCP, in real time.
#![allow(clippy::disallowed_methods, reason = "two real processes meet here, in real time")]

use crate::rig::{ON_LOSS, config};
use lockward_inputs::Reading;
use lockward_modbus::{Block, Event, Flaw, Input, Lacking, Line, LineConfig, Output, Transport};
use lockward_model::Mono;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything that must come is waited for: the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_secs(15);

/// The interpreter that has pymodbus. There is no test without it, so it is not skipped.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("LOCKWARD_PEER_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| root.join(".venv/bin/python"));
    let asked = Command::new(&python).args(["-c", "import pymodbus, serial"]).output();
    assert!(
        asked.is_ok_and(|a| a.status.success()),
        "`{}` has no pymodbus. Run `./check` once, or: python3 -m venv .venv && .venv/bin/pip install -r \
         tests/requirements.txt. LOCKWARD_PEER_PYTHON names another interpreter.",
        python.display()
    );
    python
}

/// Boards 1 and 2 in a process of their own, and the line to them.
struct Peer {
    child: Child,
    orders: ChildStdin,
    heard: Receiver<Value>,
    port: OwnedFd,
    line: Line,
    began: Instant,
    wake: Option<Mono>,
    told: Vec<(u8, Event)>,
    written: Vec<Value>,
}

impl Peer {
    fn on(transport: Transport) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/boards.py");
        let mut command = Command::new(python());
        command.arg(script).args(["--unit", "1", "--unit", "2"]).env("PYTHONDONTWRITEBYTECODE", "1");
        let serial = (transport != Transport::Tcp).then(|| {
            let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&ours).unwrap();
            unlockpt(&ours).unwrap();
            command.arg("--serial").arg(ptsname(&ours, Vec::new()).unwrap().to_str().unwrap());
            ours
        });
        if serial.is_none() {
            command.arg("--tcp");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, heard) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if tell.send(serde_json::from_str::<Value>(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        let ready = heard.recv_timeout(PATIENCE).unwrap();
        let port = serial.unwrap_or_else(|| {
            let port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
            std::net::TcpStream::connect(("127.0.0.1", port)).unwrap().into()
        });
        let line = Line::new(LineConfig::new(transport, vec![config(1), config(2)])).unwrap();
        let (told, written) = (Vec::new(), Vec::new());
        let mut peer =
            Self { child, orders, heard, port, line, began: Instant::now(), wake: None, told, written };
        peer.give(Input::Opened);
        peer
    }

    fn now(&self) -> Mono {
        Mono(u64::try_from(self.began.elapsed().as_micros()).unwrap())
    }

    fn give(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.line.handle(self.now(), input, &mut out);
        self.wake = None;
        for output in out {
            match output {
                Output::Transmit(bytes) => assert_eq!(rustix::io::write(&self.port, &bytes), Ok(bytes.len())),
                Output::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |w| w.min(at))),
                Output::Event(unit, event) => self.told.push((unit, event)),
                Output::Reopen => panic!("one of the boards always answers"),
            }
        }
    }

    /// Lets the line live until something was told; what was told before does not count.
    fn until(&mut self, claim: &str, fits: impl Fn(&[(u8, Event)]) -> bool) {
        self.told.clear();
        let end = Instant::now() + PATIENCE;
        while !fits(&self.told) {
            assert!(Instant::now() < end, "not so: {claim}: {:?}", self.told);
            self.turn();
        }
    }

    /// Lets the line live for a while.
    fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let left = self.wake.map_or(Duration::from_millis(20), |at| at.since(self.now()));
        let left = Timespec::try_from(left.min(Duration::from_millis(20))).unwrap();
        let mut fds = [PollFd::new(&self.port, PollFlags::IN)];
        poll(&mut fds, Some(&left)).unwrap();
        let mut buffer = [0; 512];
        let n = if fds[0].revents().contains(PollFlags::IN) {
            rustix::io::read(&self.port, &mut buffer[..]).unwrap()
        } else {
            0
        };
        self.give(if n > 0 { Input::Bytes(&buffer[..n]) } else { Input::Timer });
        self.written.extend(self.heard.try_iter());
    }

    fn say(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    fn set(&mut self, unit: u8, coil: u16, on: bool) {
        self.line.set(unit, coil, on, self.now()).unwrap();
        self.give(Input::Timer);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn inputs(of: u8, active: &[usize]) -> impl Fn(&[(u8, Event)]) -> bool {
    let readings: Vec<_> = (0..8).map(|i| Reading::Level(active.contains(&i))).collect();
    move |told| told.contains(&(of, Event::Inputs(readings.clone())))
}

fn coils(of: u8, on: [bool; 8]) -> impl Fn(&[(u8, Event)]) -> bool {
    move |told| told.contains(&(of, Event::Coils(on.map(Some).to_vec())))
}

fn lost(of: u8, why: Lacking) -> impl Fn(&[(u8, Event)]) -> bool {
    move |told| {
        let all_lost = Event::Inputs(vec![Reading::Lost; 8]);
        told.contains(&(of, Event::Lost(Block::Inputs, why))) && told.contains(&(of, all_lost))
    }
}

/// Everything that a line does, on either transport.
fn lives(transport: Transport) {
    let mut peer = Peer::on(transport);
    peer.until("the outputs are as declared", coils(1, ON_LOSS));
    assert!(peer.written.iter().all(|w| w["on"] == true), "{:?}", peer.written);

    peer.say("1 input 3 1");
    peer.say("1 input 7 1");
    peer.until("inputs are seen", inputs(1, &[3, 7]));
    peer.until("of each board its own", inputs(2, &[]));
    peer.say("2 register 2 4095");
    let words = Event::Registers(vec![Some(0), Some(0), Some(4_095), Some(0)]);
    peer.until("registers are seen", |told| told.contains(&(2, words.clone())));

    peer.set(2, 4, true);
    let mut switched = ON_LOSS;
    switched[4] = true;
    peer.until("a coil is switched and read back", coils(2, switched));
    peer.run(Duration::from_millis(50));
    let wrote = |w: &Value| w["unit"] == 2 && w["coil"] == 4 && w["on"] == true;
    assert!(peer.written.iter().any(wrote), "the board says so itself");
    peer.say("2 coil 4 0");
    peer.until("what was switched by hand is found", coils(2, ON_LOSS));
    peer.until("and switched back", coils(2, switched));

    peer.say("1 refuse 4");
    peer.until("a refusal is told", lost(1, Lacking::Refused(4)));
    peer.say("1 refuse 0");
    peer.until("and its end", inputs(1, &[3, 7]));

    peer.say("1 mute 1");
    peer.until("a silent board is lost", lost(1, Lacking::Silent));
    peer.run(Duration::from_secs(1));
    let normal = |(unit, e): &(u8, Event)| {
        *unit == 1 && matches!(e, Event::Inputs(r) if r.iter().any(|r| *r != Reading::Lost))
    };
    peer.told.clear();
    peer.run(Duration::from_secs(1));
    assert!(!peer.told.iter().any(normal), "and never normal");
    assert!(inputs(2, &[])(&peer.told), "the other board is as it was");
    peer.say("1 mute 0");
    peer.until("a board comes back", inputs(1, &[3, 7]));

    peer.say("1 noise 1");
    let flaw = if transport == Transport::Tcp {
        // The count of its values, the only thing that shows.
        Flaw::Count { expected: 1, found: 0x11 }
    } else {
        Flaw::Crc
    };
    peer.until("noise is found", lost(1, Lacking::Flawed(flaw)));
    peer.say("1 noise 0");
    peer.until("and its end", inputs(1, &[3, 7]));
}

#[test]
fn pymodbus_on_a_serial_line_is_read_switched_missed_and_found_again() {
    lives(Transport::Rtu { baud: 115_200 });
}

#[test]
fn pymodbus_over_tcp_is_read_switched_missed_and_found_again() {
    lives(Transport::Tcp);
}
