//! The readers: LibOSDP in a process of its own, told what to do by lines, telling what it was told by the panel.

use core::fmt::Write as _;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything that must come is waited for: LibOSDP's thread looks at its line every 20 ms, and the machine may
/// be busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The colours of a lamp, as they stand in commands (OSDP 2.2, 6.10).
pub(crate) const RED: u64 = 1;
/// See [`RED`].
pub(crate) const GREEN: u64 = 2;
/// See [`RED`].
pub(crate) const AMBER: u64 = 3;

/// The interpreter that has LibOSDP. There is no test without it, so it is not skipped.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let given = std::env::var_os("LOCKWARD_PEER_PYTHON").map(PathBuf::from);
    let python = given.unwrap_or_else(|| root.join(".venv/bin/python"));
    let asked = Command::new(&python).args(["-c", "import osdp"]).output();
    assert!(
        asked.is_ok_and(|a| a.status.success()),
        "`{}` has no LibOSDP. Run `./check` once, or: python3 -m venv .venv && .venv/bin/pip install -r \
         tests/requirements.txt. LOCKWARD_PEER_PYTHON names another interpreter.",
        python.display()
    );
    python
}

/// A line with LibOSDP readers on it.
pub(crate) struct Readers {
    child: Child,
    orders: ChildStdin,
    told: Receiver<Value>,
    log: Vec<Value>,
    /// Where in the log the last order stands: only what came after it is an answer to it.
    since: usize,
}

impl Readers {
    /// One reader for each address and key (32 hex digits, or `install`), on a line whose device is `link`.
    pub(crate) fn on(link: &Path, pds: &[(u8, &str)]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/readers.py");
        let mut command = Command::new(python());
        command.arg(script).arg("--link").arg(link).env("PYTHONDONTWRITEBYTECODE", "1");
        for (address, key) in pds {
            command.args(["--pd", &format!("{address}:{key}")]);
        }
        let mut readers = Self::spawn(command);
        readers.until("the readers are ready", |v| v["event"] == "ready");
        readers
    }

    /// A Modbus board made of pymodbus, unit 1 over TCP, and its port.
    pub(crate) fn board() -> (Self, u64) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/boards.py");
        let mut command = Command::new(python());
        command.arg(script).args(["--tcp", "--unit", "1"]).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut board = Self::spawn(command);
        let ready = board.until("the board is ready", |v| v["event"] == "ready");
        (board, ready["port"].as_u64().unwrap())
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, told) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if tell.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        Self { child, orders, told, log: Vec::new(), since: 0 }
    }

    /// Gives an order. What is waited for from here on must come after it.
    pub(crate) fn say(&mut self, order: &str) {
        while let Ok(value) = self.told.try_recv() {
            self.log.push(value);
        }
        self.since = self.log.len();
        writeln!(self.orders, "{order}").unwrap();
    }

    /// Waits until a reader has told something that fits, now or since the last order.
    pub(crate) fn until(&mut self, claim: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.within(PATIENCE, fits).unwrap_or_else(|| panic!("not so: {claim}\n{}", self.story()))
    }

    /// Waits for something that must not come.
    pub(crate) fn never(&mut self, claim: &str, for_so_long: Duration, fits: impl Fn(&Value) -> bool) {
        let found = self.within(for_so_long, fits);
        assert!(found.is_none(), "not so: {claim}: {found:?}\n{}", self.story());
    }

    /// Waits until the panel has nothing more to say but its polls.
    pub(crate) fn settle(&mut self) {
        while let Ok(value) = self.told.recv_timeout(Duration::from_millis(500)) {
            self.log.push(value);
        }
    }

    fn within(&mut self, span: Duration, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let end = Instant::now() + span;
        let mut at = self.since;
        loop {
            if let Some(value) = self.log[at..].iter().find(|v| fits(v)) {
                return Some(value.clone());
            }
            at = self.log.len();
            match self.told.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(value) => self.log.push(value),
                Err(RecvTimeoutError::Timeout) => return None,
                Err(RecvTimeoutError::Disconnected) => panic!("the readers died\n{}", self.story()),
            }
        }
    }

    fn story(&self) -> String {
        self.log.iter().enumerate().fold(String::new(), |mut story, (at, value)| {
            let mark = if at == self.since { "-- the last order --\n" } else { "" };
            writeln!(story, "{mark}{value}").unwrap();
            story
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command for this reader.
pub(crate) fn command(v: &Value, pd: u8, name: &str) -> bool {
    v["pd"] == pd && v["event"] == "command" && v["name"] == name
}

/// The panel switches the lock's output on, for a time that it names.
pub(crate) fn release(v: &Value, pd: u8) -> bool {
    command(v, pd, "Output") && v["output_no"] == 0 && v["control_code"] == 5
}

/// The panel switches the lock's output off.
pub(crate) fn lock(v: &Value, pd: u8) -> bool {
    command(v, pd, "Output") && v["output_no"] == 0 && v["control_code"] == 1
}

/// The panel lights the lamp in a colour for a moment.
pub(crate) fn flash(v: &Value, pd: u8, color: u64) -> bool {
    command(v, pd, "LED") && v["temporary"] == true && v["on_color"] == color
}

/// The panel lights the lamp in a colour for as long as nothing else is said.
pub(crate) fn rest(v: &Value, pd: u8, color: u64) -> bool {
    command(v, pd, "LED") && v["temporary"] == false && v["on_color"] == color
}

/// The panel wants so many short sounds.
pub(crate) fn sounds(v: &Value, pd: u8, count: u64) -> bool {
    command(v, pd, "Buzzer") && v["control_code"] == 2 && v["rep_count"] == count
}

/// The panel writes the board's first coil.
pub(crate) fn coil(v: &Value, on: bool) -> bool {
    v["unit"] == 1 && v["coil"] == 0 && v["on"] == on
}

/// A secure channel stands, or does not.
pub(crate) fn secure(v: &Value, pd: u8, stands: bool) -> bool {
    v["pd"] == pd && v["event"] == "link" && v["secure"] == stands
}
