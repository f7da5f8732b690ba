//! HUB-BOUNDED over the real link: the whole controller as it runs dials somebody who has the site's CA, and so the hub's
//! name, and speaks the real messages over real TLS.
#![allow(clippy::disallowed_methods, reason = "real threads, in real time")]

use crate::far::signed;
use crate::house::{AUDITOR, DEVICE, DOORS, FRONT, HUB, House, OWNER, VAULT, id, key, pair};
use crate::hub::open_all;
use crate::rig::leaves_in;
use crate::wires::until;
use lockward_controller::clock::{Clock, SystemClock};
use lockward_controller::config::{Building, Config, DoorWiring};
use lockward_controller::identity::Identity;
use lockward_controller::memory::Room;
use lockward_controller::run::{Options, Running, start};
use lockward_door::State;
use lockward_model::OrderAct::{Hold, Release, Unlock};
use lockward_model::*;
use lockward_store::RealDisk;
use lockward_wire::link::{ALPN_LINK, Frames, ToController, ToHub};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PublicKeyData};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The controller's own key, in a certificate.
struct Device(PublicKey);

impl PublicKeyData for Device {
    fn der_bytes(&self) -> &[u8] {
        &self.0.0
    }
    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

/// A controller that runs, and whoever it takes for its hub.
struct Dialled {
    dir: TempDir,
    house: House,
    running: Running,
    stream: StreamOwned<ServerConnection, TcpStream>,
    frames: Frames,
    questions: u32,
}

fn hardened() -> Dialled {
    let mut house = House::furnished();
    house.change(vec![Change::RemovePolicy(id(lockward_policy::HUB_SIGNS))]);
    let dir = TempDir::new().unwrap();
    house.enrol(&RealDisk, dir.path(), Room::default(), house.entries.len());
    let server = certify(&house, dir.path());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config {
        controller: id("dock"),
        folder: dir.path().into(),
        hub: listener.local_addr().unwrap().to_string(),
        buses: vec![],
        boards: vec![],
        building: Building::default(),
        doors: DOORS.map(|name| DoorWiring::simulated(id(name))).to_vec(),
        cabins: vec![],
    };
    let running = start(config, &Options::default(), Arc::new(SystemClock::default())).unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let stream = StreamOwned::new(ServerConnection::new(server).unwrap(), socket);
    let mut dialled = Dialled { dir, house, running, stream, frames: Frames::default(), questions: 0 };
    assert!(matches!(dialled.hear(), ToHub::Hello { .. }));
    let time = SystemClock::default().now().wall;
    dialled.say(&ToController::Welcome { time, acked: 0 });
    let keys = dialled.house.keys();
    dialled.say(&ToController::Keys(keys));
    dialled
}

/// A CA, the controller's certificate in its folder, and the hub's.
fn certify(house: &House, dir: &std::path::Path) -> Arc<ServerConfig> {
    let (ca_key, hub_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = ca.self_signed(&ca_key).unwrap().der().to_vec();
    let issuer = Issuer::new(ca, &ca_key);
    let named = |name: &str| CertificateParams::new([name.to_owned()]).unwrap();
    let device = named("dock.controllers.lockward.internal").signed_by(&Device(key(DEVICE)), &issuer);
    let pkcs8 = Zeroizing::new(pair(DEVICE).to_pkcs8().unwrap().as_ref().to_vec());
    let identity = Identity {
        controller: id("dock"),
        site: house.site,
        key: pair(DEVICE),
        pkcs8,
        chain: vec![device.unwrap().der().to_vec()],
        ca: root,
    };
    identity.write(RealDisk, dir).unwrap();
    let hub = named("hub.lockward.internal").signed_by(&hub_key, &issuer).unwrap();
    let chain = vec![CertificateDer::from(hub.der().to_vec())];
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(hub_key.serialize_der()).into())
        .unwrap();
    config.alpn_protocols = vec![ALPN_LINK.to_vec()];
    Arc::new(config)
}

impl Dialled {
    fn say(&mut self, message: &ToController) {
        self.stream.write_all(&message.encode().unwrap()).unwrap();
        self.stream.flush().unwrap();
    }

    fn hear(&mut self) -> ToHub {
        loop {
            if let Some(frame) = self.frames.next_frame().unwrap() {
                return ToHub::decode(frame).unwrap();
            }
            let mut bytes = [0; 4_096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "the controller hung up");
            self.frames.push(&bytes[..count]);
        }
    }

    fn order(&mut self, door: usize, act: OrderAct) -> Order {
        self.questions += 1;
        self.say(&ToController::WantNonce { question: self.questions });
        let nonce = loop {
            match self.hear() {
                ToHub::Nonce { question, nonce } if question == self.questions => break nonce,
                _ => {}
            }
        };
        Order {
            site: self.house.site,
            controller: id("dock"),
            door: id(DOORS[door]),
            act,
            nonce: nonce.expect("a number"),
            until: SystemClock::default().now().wall + Order::LIFE_MAX,
            on_behalf: None,
            reason: None,
        }
    }

    fn hand(&mut self, envelope: Vec<u8>) -> Option<Box<str>> {
        self.questions += 1;
        self.say(&ToController::Order { question: self.questions, envelope });
        loop {
            match self.hear() {
                ToHub::Ordered { question, refused } if question == self.questions => return refused,
                _ => {}
            }
        }
    }

    fn refuses(&mut self, envelope: Vec<u8>, why: Deny) {
        assert_eq!(self.hand(envelope).as_deref(), Some(why.code()));
        assert!(self.running.doors().iter().all(|(_, state)| *state == State::Locked), "{why:?}");
    }

    fn until_it_is(&self, door: usize, state: State) {
        until("the door is as it was ordered", PATIENCE, || self.running.doors()[door].1 == state);
    }
}

#[test]
fn hub_bounded_over_real_tls_a_captured_hub_opens_nothing_and_an_operator_does() {
    let mut far = hardened();
    far.until_it_is(FRONT, State::Locked);
    let attempts = [
        (&[][..], Deny::OrderSignature),
        (&[HUB], Deny::NothingPermits),
        (&[AUDITOR, HUB], Deny::NothingPermits),
    ];
    for act in [Unlock, Hold(Order::LIFE_MAX)] {
        for (by, why) in attempts {
            let order = far.order(FRONT, act);
            far.refuses(signed(&order, by), why);
        }
        let order = far.order(FRONT, act);
        far.refuses(signed(&Order { on_behalf: Some(id("ada")), ..order }, &[HUB]), Deny::NothingPermits);
        let order = far.order(FRONT, act);
        far.refuses(signed(&Order { controller: id("other"), ..order }, &[OWNER]), Deny::OrderElsewhere);
        let order = far.order(FRONT, act);
        let past = Order { until: SystemClock::default().now().wall, ..order };
        far.refuses(signed(&past, &[OWNER]), Deny::OrderExpired);
    }
    far.refuses(b"no order".to_vec(), Deny::OrderMalformed);
    let hold = far.order(VAULT, Hold(OrderAct::HOLD_MAX));
    let hold = signed(&hold, &[OWNER]);
    assert_eq!(far.hand(hold.clone()), None, "obeyed");
    far.until_it_is(VAULT, State::Order);
    let release = far.order(VAULT, Release);
    assert_eq!(far.hand(signed(&release, &[OWNER])), None);
    far.until_it_is(VAULT, State::Locked);
    far.refuses(hold, Deny::OrderReplayed);
    let unlock = far.order(FRONT, Unlock);
    assert_eq!(far.hand(signed(&unlock, &[OWNER])), None);
    let Dialled { dir, house, running, stream, .. } = far;
    drop(stream);
    running.stop();
    let events = open_all(&house, &leaves_in(&RealDisk, dir.path(), Room::default()));
    let count = |code| events.iter().filter(|e| e.body.code() == code).count();
    assert_eq!((count(Code::OrderRefused), count(Code::OrderGiven)), (14, 3), "each is on record");
    assert_eq!(crate::explained::all_again(&house, &events), 17);
}
