//! The controller: the real program in a process of its own, with its folder and its wires, and what it has on record.

use crate::readers::PATIENCE;
use crate::site::{self, Sealed};
use lockward_ledger::leaf_hash;
use lockward_model::{Body, Digest, Event, Outcome};
use lockward_store::{Journal, Limits, RealDisk};
use lockward_wire::event::Leaf;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// A door and its reader, which has its wires too.
pub(crate) struct Wired {
    id: &'static str,
    pub(crate) address: u8,
    keypad: bool,
    /// The reader's own key.
    pub(crate) key: &'static str,
    /// The reader inside, with its key.
    pub(crate) inside: Option<(u8, &'static str)>,
}

/// What this reader's own reports begin with when it has read a code.
pub(crate) const CODES: &str = "00cafe";

/// Opens to Ann's card.
pub(crate) const FRONT: Wired =
    Wired { id: "front", address: 0, keypad: false, key: "8f3a91c2d4e5b6071829aabbccddee01", inside: None };
/// Opens to Ann's card and PIN.
pub(crate) const CAGE: Wired =
    Wired { id: "cage", address: 1, keypad: true, key: "17c09e5ab2d4836f5e2b7791d0ac4412", inside: None };
/// The front door with a reader on each side.
pub(crate) const BOTH_SIDES: Wired = Wired { inside: Some((1, CAGE.key)), ..FRONT };

/// A controller on its folder. Killed, not stopped, when it goes: every end is a crash.
pub(crate) struct Dock {
    dir: TempDir,
    sealed: Sealed,
    child: Option<Child>,
}

impl Dock {
    /// The folder and the wires; nothing runs yet.
    pub(crate) fn wired(doors: &[Wired]) -> Self {
        let dir = TempDir::new().unwrap();
        let sealed = site::enrolled(&dir.path().join("store"));
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (mut devices, mut wires) = (String::new(), String::new());
        for Wired { id, address, keypad, key, inside } in doors {
            for (address, key) in [(*address, *key)].into_iter().chain(*inside) {
                let file = dir.path().join(format!("reader-{address}.key"));
                fs::write(&file, key).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                devices += &format!(
                    "[[bus.device]]\naddress = {address}\nkey_file = \"reader-{address}.key\"\ncodes = \"{CODES}\"\n"
                );
            }
            let at = |number, more| {
                format!("{{ osdp = {{ bus = \"a\", address = {address}, number = {number} }}{more} }}")
            };
            let (lock, contact, exit) =
                (at(0, ""), at(0, ", active = \"closed\""), at(1, ", active = \"closed\""));
            wires += &format!(
                "[[door]]\nid = \"{id}\"\nfails = \"secure\"\n\
                 reader = {{ bus = \"a\", address = {address}, keypad = {keypad} }}\n\
                 lock = {lock}\nlock_outside = \"accepted\"\ncontact = {contact}\nexit = {exit}\n"
            );
            if let Some((address, _)) = inside {
                wires += &format!("exit_reader = {{ bus = \"a\", address = {address}, keypad = false }}\n");
            }
        }
        let text = format!(
            "controller = \"dock\"\nfolder = \"store\"\nhub = \"{closed}\"\n\
             [[bus]]\nname = \"a\"\nserial = {:?}\nbaud = 115200\n{devices}\
             [building]\npower = \"none\"\nbattery = \"none\"\nfire = \"none\"\ntamper = \"none\"\n{wires}",
            dir.path().join("line")
        );
        fs::write(dir.path().join("door.toml"), text).unwrap();
        Self { dir, sealed, child: None }
    }

    /// The front door with its wires on a Modbus board, of which the bolt's are measured, instead of its reader.
    pub(crate) fn with_board(port: u64) -> Self {
        let dock = Self::wired(&[FRONT]);
        let file = dock.dir.path().join("door.toml");
        let text = fs::read_to_string(&file).unwrap();
        let (head, door) = text.split_once("lock = ").unwrap();
        assert!(door.contains("exit = "), "the last lines are the wires");
        let bolt = "register = 0, full_scale = 4095, supply = 4095, pull_up = 1000";
        let text = format!(
            "{head}lock = {{ modbus = {{ board = \"io\", coil = 0 }} }}\n\
             contact = {{ modbus = {{ board = \"io\", input = 0 }}, active = \"open\" }}\n\
             exit = {{ modbus = {{ board = \"io\", input = 1 }}, active = \"closed\" }}\n\
             bolt = {{ modbus = {{ board = \"io\", {bolt} }}, supervised = \"1k+1k\", active = \"open\" }}\n\
             [[board]]\nname = \"io\"\ntcp = \"127.0.0.1:{port}\"\nunit = 1\nwatchdog = true\n"
        );
        fs::write(&file, text).unwrap();
        dock
    }

    /// The device that the line is on.
    pub(crate) fn line(&self) -> PathBuf {
        self.dir.path().join("line")
    }

    /// Starts the program.
    pub(crate) fn start(&mut self, options: &[&str]) {
        self.kill();
        let said = fs::File::options().create(true).append(true).open(self.dir.path().join("said")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockward-controller"));
        command.arg("--config").arg(self.dir.path().join("door.toml")).args(options);
        self.child = Some(command.stdin(Stdio::null()).stderr(said).spawn().unwrap());
    }

    /// Kills it where it stands.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            assert!(child.try_wait().unwrap().is_none(), "the controller ended by itself");
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Everything that is on record at this moment, its chain checked and its bodies opened.
    pub(crate) fn records(&self) -> Vec<Event> {
        // A copy: the journal belongs to the process that writes it. A copy that was cut off amid a write ends there.
        let copy = TempDir::new().unwrap();
        let copied = copy.path().join("spool");
        copy_dir(&self.dir.path().join("store/spool"), &copied);
        let Ok((spool, _)) = Journal::open(RealDisk, &copied, Limits::SPOOL, 7) else { return Vec::new() };
        let mut prev = Digest([0; 32]);
        let mut events = Vec::new();
        for (seq, record) in (0..).zip(spool.read_from(0)) {
            let bytes = record.unwrap().bytes;
            let Ok(Leaf::Event(leaf)) = Leaf::parse(&bytes) else { panic!("record {seq} is no event") };
            assert_eq!((leaf.seq(), leaf.prev(), leaf.source()), (seq, prev, self.sealed.source));
            prev = Digest(*leaf_hash(&bytes).as_bytes());
            events.push(leaf.open(&self.sealed.key).unwrap());
        }
        events
    }

    /// What the program said in its log.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("said")).unwrap_or_default()
    }

    /// The codes of everything on record, a decision with its reason.
    pub(crate) fn told(&self) -> Vec<&'static str> {
        self.records().iter().map(|e| told(&e.body)).collect()
    }

    /// Waits until there are so many records of a code.
    pub(crate) fn until(&self, code: &str, count: usize) {
        let end = Instant::now() + PATIENCE;
        loop {
            let all = self.told();
            if all.iter().filter(|c| **c == code).count() >= count {
                return;
            }
            assert!(Instant::now() < end, "no {count} of {code} in {all:?}");
            std::thread::sleep(core::time::Duration::from_millis(50));
        }
    }

    /// How many of a code are on record now.
    pub(crate) fn count(&self, code: &str) -> usize {
        self.told().iter().filter(|c| **c == code).count()
    }
}

impl Drop for Dock {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("{}", self.said());
            eprintln!("{:?}", std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| self.told())));
        }
    }
}

fn told(body: &Body) -> &'static str {
    match body {
        Body::Access(a) => match a.outcome {
            Outcome::Denied { why, .. } => why.code(),
            Outcome::Granted { .. } => body.code().as_str(),
        },
        body => body.code().as_str(),
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry.unwrap();
        // A file that was removed meanwhile is not missed.
        let _ = fs::copy(entry.path(), to.join(entry.file_name()));
    }
}
