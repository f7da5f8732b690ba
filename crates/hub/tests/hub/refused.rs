//! Certificates that do not let a peer in, each named in the log.

use crate::device::*;
use crate::elsewhere::{Gate, denied};
use crate::rig::*;
use core::time::Duration;
use lockward_hub::controller_name;
use lockward_model::*;
use lockward_wire::link::{ALPN_LINK, ToHub};

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_ca_is_refused_and_named() {
    let rig = Rig::new().await;
    let mut device = Device::enrolled(&rig, "gate-1", 7).await;
    let pkcs8 = key(7).to_pkcs8v1().unwrap();
    let pkcs8 = rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &rcgen::PKCS_ED25519).unwrap();
    let params = rcgen::CertificateParams::new([controller_name(device.id)]).unwrap();
    device.chain = vec![params.self_signed(&pair).unwrap().der().to_vec()];
    // In TLS 1.3 the client's handshake is done before its certificate is looked at.
    if let Ok(mut wire) = device.wire().await {
        wire.say(&device.hello(0)).await;
        assert_eq!(wire.bye().await, "no bye");
    }
    assert_eq!(rig.until_refused("TLS_FOREIGN").await, Some(device.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_refused_and_named() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    rig.clock.forward(lockward_hub::CONTROLLER_LIFE + Duration::from_secs(60));
    if let Ok(mut wire) = device.wire().await {
        wire.say(&device.hello(0)).await;
        assert_eq!(wire.bye().await, "no bye");
    }
    assert_eq!(rig.until_refused("TLS_EXPIRED").await, Some(device.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_without_a_certificate_is_refused_and_recorded() {
    let rig = Rig::new().await;
    let ca = rig.hub().office().store().setting("ca").unwrap().unwrap();
    if let Ok(mut wire) = Wire::connect(rig.hub().addr(), &rig.clock, &ca, ALPN_LINK, None).await {
        assert_eq!(wire.bye().await, "no bye");
    }
    assert_eq!(rig.until_refused("TLS_NO_CERTIFICATE").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_controller_is_cut_off_at_once_and_refused_after() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let mut linked = device.link(0).await;
    rig.change(vec![Change::RevokeController(device.id)]).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(linked.wire.bye().await, "CONTROLLER_REVOKED");
    assert!(begun.elapsed() < Duration::from_secs(1));
    let mut wire = device.wire().await.unwrap();
    wire.say(&device.hello(0)).await;
    assert_eq!(wire.bye().await, "CONTROLLER_REVOKED");
    assert_eq!(rig.until_refused("CONTROLLER_REVOKED").await, Some(device.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_news_for_it_all_the_time_then_a_revoked_controller_is_cut_off_at_once_all_the_same() {
    let rig = Rig::new().await;
    let mut one = Gate::enrolled(&rig, "gate-1", 7).await;
    let mut two = Gate::enrolled(&rig, "gate-2", 8).await;
    let id = two.device.id;
    let guess = || ("door-1", denied(None, Deny::UnknownCredential, PinFact::NotAsked));
    let news = async {
        loop {
            one.tell(vec![guess()]).await;
        }
    };
    let cut = async {
        two.wire.facts_until(|f| matches!(f, lockward_wire::link::Elsewhere::Guessed { .. })).await;
        rig.change(vec![Change::RevokeController(id)]).unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(two.wire.bye().await, "CONTROLLER_REVOKED");
        begun.elapsed()
    };
    tokio::select! {
        () = news => unreachable!(),
        took = cut => assert!(took < Duration::from_secs(1), "{took:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_another_name_than_its_certificate_is_refused_and_named() {
    let rig = Rig::new().await;
    let first = Device::enrolled(&rig, "gate-1", 7).await;
    let mut second = Device::enrolled(&rig, "gate-2", 8).await;
    second.id = first.id;
    let mut wire = second.wire().await.unwrap();
    wire.say(&second.hello(0)).await;
    assert_eq!(wire.bye().await, "CONTROLLER_MISMATCH");
    assert_eq!(rig.until_refused("CONTROLLER_MISMATCH").await, Some("gate-2".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_before_a_word_was_not_turned_away() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    // A controller that is stopped between two words, or whose network goes.
    for _ in 0..8 {
        drop(device.wire().await.unwrap());
    }
    // What is recorded after that shows that they were dealt with.
    let mut other = Device::enrolled(&rig, "gate-2", 8).await;
    other.id = device.id;
    let mut wire = other.wire().await.unwrap();
    wire.say(&other.hello(0)).await;
    assert_eq!(rig.until_refused("CONTROLLER_MISMATCH").await, Some("gate-2".parse().unwrap()));
    let refusals = rig.events().into_iter().filter(|e| matches!(e.body, Body::LinkRefused { .. }));
    assert_eq!(refusals.count(), 1);
}

/// A certificate as whoever has stolen the CA's key makes it.
fn stolen(rig: &Rig, id: &str, seed: u8) -> Vec<u8> {
    use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair};
    let master = lockward_hub::master_key(&rig.dir, None).unwrap();
    let wrapped = rig.hub().office().store().key("ca").unwrap().unwrap();
    let seed_of_ca = lockward_wire::seal::unwrap(&wrapped, "ca", &master).unwrap();
    let ca = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&*seed_of_ca).unwrap();
    let pair = |pair: &aws_lc_rs::signature::Ed25519KeyPair| {
        let pkcs8 = pair.to_pkcs8v1().unwrap();
        let pkcs8 = rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
        KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &rcgen::PKCS_ED25519).unwrap()
    };
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("Lockward site CA {}", &public(&ca).to_string()[..16]));
    let mut above = CertificateParams::default();
    above.distinguished_name = name;
    let mut params = CertificateParams::new([controller_name(id.parse().unwrap())]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.signed_by(&pair(&key(seed)), &Issuer::new(above, pair(&ca))).unwrap().der().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_stolen_ca_then_only_bound_keys_of_known_controllers_are_let_in() {
    let rig = Rig::new().await;
    let mut device = Device::enrolled(&rig, "gate-1", 7).await;
    device.chain = vec![stolen(&rig, "gate-1", 7)];
    device.link(0).await;
    device.pair = key(8);
    for (id, code) in
        [("gate-1", "KEY_NOT_BOUND"), ("gate-2", "KEY_NOT_BOUND"), ("gate-9", "CONTROLLER_UNKNOWN")]
    {
        device.chain = vec![stolen(&rig, id, 8)];
        let mut wire = device.wire().await.unwrap();
        assert_eq!(wire.bye().await, code, "{id}");
        rig.until(|b| *b == Body::LinkRefused { claimed: Some(id.parse().unwrap()), code: code.into() })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_of_another_site_or_another_configuration_is_refused() {
    let rig = Rig::new().await;
    let device = Device::enrolled(&rig, "gate-1", 7).await;
    let ToHub::Hello { controller, version, next_seq, oldest_unacked, time, .. } = device.hello(0) else {
        unreachable!()
    };
    let hello = |site, config, event_size| {
        let version = version.clone();
        ToHub::Hello { controller, site, version, config, next_seq, oldest_unacked, event_size, time }
    };
    let forked = ConfigRef { size: 2, root: Digest([5; 32]) };
    let ahead = ConfigRef { size: 99, root: Digest([5; 32]) };
    for (message, code) in [
        (hello(SiteId([1; 32]), None, 0), "SITE_OTHER"),
        (hello(rig.site, Some(forked), 0), "CONFIG_FORKED"),
        (hello(rig.site, Some(ahead), 0), "CONFIG_FORKED"),
        (hello(rig.site, None, 1_000), "LOG_SHRUNK"),
        (ToHub::Ping, "HELLO_MISSING"),
    ] {
        let mut wire = device.wire().await.unwrap();
        wire.say(&message).await;
        assert_eq!(wire.bye().await, code);
        assert_eq!(rig.until_refused(code).await, Some(device.id));
    }
}
