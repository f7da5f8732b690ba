//! An OpenID provider that can be told to do everything wrong, and what the hub makes of it.

use crate::authenticator::{Authenticator, b64};
use crate::passwords::*;
use crate::rig::*;
use crate::sign_in::*;
use crate::web::{Answer, OWN, PAGE, ask, send};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use core::time::Duration;
use lockward_hub::{Clock as _, OpenIdConfig};
use lockward_model::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

struct Signer(EcdsaKeyPair, &'static str);

impl Signer {
    fn new(kid: &'static str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap(), kid)
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.1,
                "x": b64(&point[1..33]), "y": b64(&point[33..65]) })
    }

    fn sign(&self, claims: &Value) -> String {
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": self.1 });
        let said = format!("{}.{}", b64(head.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
        let signature = self.0.sign(&SystemRandom::new(), said.as_bytes()).unwrap();
        format!("{said}.{}", b64(signature.as_ref()))
    }
}

/// What the provider does with the claims that an honest one would make.
type Make = Box<dyn Fn(Value) -> String + Send>;

struct Does {
    issuer: String,
    make: Make,
    keys: Value,
    metadata: Value,
    /// Codes that were given back, and how often.
    given: HashMap<String, u32>,
    /// What was asked for with each code: nonce and challenge.
    asked: HashMap<String, (String, String)>,
    discoveries: u32,
    now: i64,
}

#[derive(Clone)]
struct Provider(Arc<Mutex<Does>>);

fn honest(signer: Arc<Signer>) -> Make {
    Box::new(move |claims| signer.sign(&claims))
}

impl Provider {
    async fn start() -> (Self, Arc<Signer>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let signer = Arc::new(Signer::new("k1"));
        let does = Does {
            issuer: issuer.clone(),
            make: honest(Arc::clone(&signer)),
            keys: json!({ "keys": [signer.jwk()] }),
            metadata: json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize?tenant=a"),
                "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
                "authorization_response_iss_parameter_supported": true,
            }),
            given: HashMap::new(),
            asked: HashMap::new(),
            discoveries: 0,
            now: 0,
        };
        let provider = Self(Arc::new(Mutex::new(does)));
        let serving = provider.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let serving = serving.clone();
                tokio::spawn(async move {
                    let mut all = Vec::new();
                    let mut buffer = [0; 8_192];
                    let request = loop {
                        let n = stream.read(&mut buffer).await.unwrap_or(0);
                        all.extend_from_slice(&buffer[..n]);
                        let text = String::from_utf8_lossy(&all).into_owned();
                        if let Some((head, body)) = text.split_once("\r\n\r\n") {
                            let length = head.to_lowercase();
                            let length = length.lines().find_map(|l| l.strip_prefix("content-length: "));
                            if body.len() >= length.map_or(0, |l| l.parse().unwrap()) {
                                break text;
                            }
                        }
                        if n == 0 {
                            return;
                        }
                    };
                    let (status, body) = serving.answer(&request);
                    let head = format!(
                        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(body.as_bytes()).await;
                });
            }
        });
        (provider, signer)
    }

    fn does(&self) -> std::sync::MutexGuard<'_, Does> {
        self.0.lock().unwrap()
    }

    fn answer(&self, request: &str) -> (u16, String) {
        let mut does = self.does();
        let path = request.split(' ').nth(1).unwrap();
        match path {
            "/.well-known/openid-configuration" => {
                does.discoveries += 1;
                (200, does.metadata.to_string())
            }
            "/keys" => (200, does.keys.to_string()),
            "/token" => {
                // RFC 6749, 4.1.2 and 10.5: with its secret, the verifier of its challenge, and each code once.
                let basic =
                    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "lockward:s3cret%2F");
                let body = request.split_once("\r\n\r\n").unwrap().1;
                let field = |name: &str| -> String {
                    let found = body.split('&').find_map(|p| p.strip_prefix(&format!("{name}=")));
                    found.unwrap_or_default().to_owned()
                };
                let code = field("code");
                let again = does.given.insert(code.clone(), 1).is_some();
                let Some((nonce, challenge)) = does.asked.get(&code).cloned() else {
                    return (400, "{}".into());
                };
                let verifier =
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, field("code_verifier").as_bytes());
                let right = request.contains(&format!("authorization: Basic {basic}"))
                    && b64(verifier.as_ref()) == challenge;
                if again || !right || field("grant_type") != "authorization_code" {
                    return (400, json!({ "error": "invalid_grant" }).to_string());
                }
                let claims = json!({
                    "iss": does.issuer, "sub": "user-1", "aud": "lockward", "nonce": nonce, "amr": ["pwd", "mfa"],
                    "iat": does.now, "exp": does.now + 300, "email": "ada@example.org",
                });
                let token = (does.make)(claims);
                (200, json!({ "id_token": token, "access_token": "a", "token_type": "Bearer" }).to_string())
            }
            _ => (404, String::new()),
        }
    }

    fn config(&self) -> OpenIdConfig {
        OpenIdConfig::new(&self.does().issuer, "lockward", "s3cret/", vec![], vec![]).unwrap()
    }

    /// Somebody signs in at the provider: what the browser comes back with.
    fn consent(&self, rig: &Rig, to: &str) -> Back {
        let of = |name: &str| {
            let found = to.split(['?', '&']).find_map(|p| p.strip_prefix(&format!("{name}=")));
            found.unwrap_or_else(|| panic!("no {name} in {to}")).to_owned()
        };
        assert_eq!(
            (&*of("response_type"), &*of("scope"), &*of("code_challenge_method")),
            ("code", "openid", "S256")
        );
        assert_eq!(of("tenant"), "a", "what the endpoint has of its own stays");
        let mut does = self.does();
        does.now = rig.clock.now().wall.0 / 1_000;
        let code = format!("code-{}", does.asked.len());
        does.asked.insert(code.clone(), (of("nonce"), of("code_challenge")));
        Back { code, state: of("state"), iss: Some(does.issuer.clone()) }
    }
}

struct Back {
    code: String,
    state: String,
    iss: Option<String>,
}

impl Back {
    fn path(&self) -> String {
        let mut fields = vec![("code", self.code.as_str()), ("state", self.state.as_str())];
        fields.extend(self.iss.as_deref().map(|iss| ("iss", iss)));
        format!("/sign-in/openid/back?{}", form(&fields))
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "=")
}

/// Where a page goes on to by itself.
fn onward(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    unescaped(between(&answer.text(), "content=\"0;url=", "\""))
}

fn attempt_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("lockward-openid=") && cookie.contains("; HttpOnly; SameSite=Lax; "),
        "{cookie}"
    );
    cookie.split(';').next().unwrap().to_owned()
}

/// Leaves for the provider: the browser's cookie, and where it goes.
async fn leave(rig: &Rig, path: &str, cookie: &str, fields: &[(&str, &str)]) -> (String, String) {
    let answer = posted(rig, path, cookie, fields).await;
    (attempt_of(&answer), onward(&answer))
}

async fn back(rig: &Rig, browser: &str, with: &Back) -> Answer {
    ask(rig, &with.path(), &[PAGE, ("cookie", browser), ("sec-fetch-site", "cross-site")]).await
}

fn not_taken(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("That sign-in was not taken"), "{}", answer.text());
    assert!(!answer.header("set-cookie").unwrap_or_default().starts_with("lockward="));
}

fn in_by(answer: &Answer) -> String {
    assert_eq!(onward(answer), "/");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("lockward=") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// A site with a provider, its policy, an owner with a passkey, and the owner's session.
async fn with_provider() -> (Rig, Provider, Arc<Signer>, Authenticator, String) {
    let (provider, signer) = Provider::start().await;
    let rig = Rig::new().await.with_openid(provider.config()).await;
    let (rig, mut key) = set_up_on(rig).await;
    rig.change(vec![may()]).unwrap();
    let cookie = in_session(&rig, &mut key).await;
    (rig, provider, signer, key, cookie)
}

async fn bind(rig: &Rig, provider: &Provider, cookie: &str) -> Answer {
    let (browser, to) = leave(rig, "/me/openid", cookie, &[]).await;
    back(rig, &browser, &provider.consent(rig, &to)).await
}

async fn bound() -> (Rig, Provider, Arc<Signer>, Authenticator, String) {
    let (rig, provider, signer, key, cookie) = with_provider().await;
    assert_eq!(onward(&bind(&rig, &provider, &cookie).await), "/me");
    (rig, provider, signer, key, cookie)
}

/// One whole attempt, with whatever the provider does.
async fn attempt(rig: &Rig, provider: &Provider) -> Answer {
    let (browser, to) = leave(rig, "/sign-in/openid", "", &[]).await;
    back(rig, &browser, &provider.consent(rig, &to)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_bound_signs_in_and_its_session_is_not_fresh() {
    let (rig, provider, _, _, owner) = bound().await;
    assert!(ask(&rig, "/sign-in", &[PAGE]).await.text().contains("Sign in at 127.0.0.1"));
    let cookie = in_by(&attempt(&rig, &provider).await);
    assert!(stands(&rig, &cookie).await);
    let answer = posted(&rig, "/me/code", &cookie, &[]).await;
    assert!(answer.text().contains("TOUCH_NEEDED"));
    let page = ask(&rig, "/me", &[PAGE, ("cookie", &owner)]).await.text();
    assert!(page.contains("user-1") && page.contains("OpenID"), "{page}");
    assert_eq!(provider.does().discoveries, 1, "what the provider says of itself is kept");
    // Taken away, it signs in no more, and what it opened has ended.
    let issuer = provider.does().issuer.clone();
    let fields = [("what", "account"), ("issuer", issuer.as_str()), ("subject", "user-1")];
    assert_eq!(posted(&rig, "/me/ways/remove", &owner, &fields).await.status, 303);
    assert!(!stands(&rig, &cookie).await);
    assert!(attempt(&rig, &provider).await.text().contains("known to its provider"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_known_by_issuer_and_subject_and_never_by_mail_or_name() {
    let (rig, provider, signer, _, _) = bound().await;
    provider.does().make = Box::new(move |mut claims| {
        claims["sub"] = json!("user-2");
        claims["name"] = json!("ada");
        claims["preferred_username"] = json!("ada");
        signer.sign(&claims)
    });
    let answer = attempt(&rig, &provider).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("to no operator here") && answer.text().contains("one-time link"));
    rig.until(|b| matches!(b, Body::Factor { fact: FactorFact::Stranger, .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_of_a_token_is_refused() {
    let (rig, provider, signer, _, _) = bound().await;
    type Spoil = fn(&mut Value);
    let flaws: [(&str, Spoil); 13] = [
        ("another audience", |c| c["aud"] = json!("another-client")),
        ("an audience among which we are, made for another", |c| {
            c["aud"] = json!(["lockward", "other"]);
            c["azp"] = json!("other");
        }),
        ("several audiences and nobody says for whom", |c| c["aud"] = json!(["lockward", "other"])),
        ("no audience", |c| c["aud"] = json!([])),
        ("another issuer", |c| c["iss"] = json!("https://evil.example")),
        ("the issuer with a slash", |c| c["iss"] = json!(format!("{}/", c["iss"].as_str().unwrap()))),
        ("expired", |c| c["exp"] = json!(c["iat"].as_i64().unwrap() - 61)),
        ("made long ago", |c| c["iat"] = json!(c["iat"].as_i64().unwrap() - 700)),
        ("made tomorrow", |c| c["iat"] = json!(c["iat"].as_i64().unwrap() + 86_400)),
        ("another's nonce", |c| c["nonce"] = json!("0".repeat(64))),
        ("no nonce", |c| _ = c.as_object_mut().unwrap().remove("nonce")),
        ("no subject", |c| c["sub"] = json!("")),
        ("no expiry", |c| _ = c.as_object_mut().unwrap().remove("exp")),
    ];
    for (flaw, spoil) in flaws {
        let signer = Arc::clone(&signer);
        provider.does().make = Box::new(move |mut claims| {
            spoil(&mut claims);
            signer.sign(&claims)
        });
        println!("{flaw}");
        not_taken(&attempt(&rig, &provider).await);
    }
    let others = Arc::new(Signer::new("k1"));
    provider.does().make = honest(others);
    not_taken(&attempt(&rig, &provider).await);
    provider.does().make = Box::new(|_| "not.a.token".into());
    not_taken(&attempt(&rig, &provider).await);
    provider.does().make = honest(signer);
    in_by(&attempt(&rig, &provider).await);
    rig.until(is(SessionFact::Refused)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_a_signature_or_signed_with_what_everybody_knows_is_refused() {
    let (rig, provider, signer, _, _) = bound().await;
    let said = |alg: &str, claims: &Value| {
        let head = json!({ "alg": alg, "typ": "JWT", "kid": "k1" });
        format!("{}.{}", b64(head.to_string().as_bytes()), b64(claims.to_string().as_bytes()))
    };
    for alg in ["none", "None", "NONE"] {
        provider.does().make = Box::new(move |claims| format!("{}.", said(alg, &claims)));
        not_taken(&attempt(&rig, &provider).await);
    }
    // The public key, and the client's own secret, as the key of an HMAC.
    let jwk = signer.jwk();
    let public = b64(signer.0.public_key().as_ref());
    for key in [public, jwk.to_string(), "s3cret/".to_owned()] {
        provider.does().make = Box::new(move |claims| {
            let said = said("HS256", &claims);
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.as_bytes());
            format!("{said}.{}", b64(aws_lc_rs::hmac::sign(&key, said.as_bytes()).as_ref()))
        });
        not_taken(&attempt(&rig, &provider).await);
    }
    // A provider whose key set holds a shared secret does not make it a public key.
    provider.does().keys =
        json!({ "keys": [signer.jwk(), { "kty": "oct", "kid": "k2", "k": b64(b"s3cret/") }] });
    rig.clock.forward(Duration::from_secs(3_600));
    provider.does().make = Box::new(move |claims| {
        let head = json!({ "alg": "HS256", "kid": "k2" });
        let said = format!("{}.{}", b64(head.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"s3cret/");
        format!("{said}.{}", b64(aws_lc_rs::hmac::sign(&key, said.as_bytes()).as_ref()))
    });
    not_taken(&attempt(&rig, &provider).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_another_state_or_to_another_browser_or_that_comes_twice_is_not_taken() {
    let (rig, provider, _, _, _) = bound().await;
    // Login CSRF: an attacker's own code in somebody else's browser.
    let (_, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let attackers = provider.consent(&rig, &to);
    not_taken(&back(&rig, "", &attackers).await);
    let (victim, _) = leave(&rig, "/sign-in/openid", "", &[]).await;
    not_taken(&back(&rig, &victim, &attackers).await);
    let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let wrong = Back { state: "0".repeat(64), ..provider.consent(&rig, &to) };
    not_taken(&back(&rig, &browser, &wrong).await);
    // A page that is loaded again, and a code that somebody has read on the way.
    let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let once = provider.consent(&rig, &to);
    in_by(&back(&rig, &browser, &once).await);
    not_taken(&back(&rig, &browser, &once).await);
    let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let replayed = Back { code: once.code.clone(), ..provider.consent(&rig, &to) };
    not_taken(&back(&rig, &browser, &replayed).await);
    // Too late.
    let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let late = provider.consent(&rig, &to);
    rig.clock.forward(Duration::from_secs(600));
    not_taken(&back(&rig, &browser, &late).await);
    // Somebody who said no.
    let (browser, _) = leave(&rig, "/sign-in/openid", "", &[]).await;
    let path = "/sign-in/openid/back?error=access_denied&state=0";
    not_taken(&ask(&rig, path, &[PAGE, ("cookie", &browser)]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_issuer_is_not_taken() {
    let (rig, provider, _, _, _) = bound().await;
    for iss in [Some("https://evil.example".to_owned()), None] {
        let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
        let mixed = Back { iss, ..provider.consent(&rig, &to) };
        not_taken(&back(&rig, &browser, &mixed).await);
        assert!(!provider.does().given.contains_key(&mixed.code), "the code went nowhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_changes_its_keys_is_understood_and_is_not_asked_for_them_by_strangers() {
    let (rig, provider, _, _, _) = bound().await;
    rig.clock.forward(Duration::from_secs(61));
    let next = Arc::new(Signer::new("k2"));
    provider.does().keys = json!({ "keys": [next.jwk()] });
    provider.does().make = honest(next);
    in_by(&attempt(&rig, &provider).await);
    // A key that nobody has is looked for once a minute at most.
    provider.does().make = honest(Arc::new(Signer::new("k3")));
    not_taken(&attempt(&rig, &provider).await);
    provider.does().keys = json!({ "keys": [] });
    not_taken(&attempt(&rig, &provider).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_provider_proves_no_second_factor_a_code_is_asked_for_and_a_wrong_one_does_not_do() {
    let (rig, provider, signer, _, owner) = bound().await;
    let (app, _) = enrolled(&rig, &owner).await;
    provider.does().make = Box::new(move |mut claims| {
        claims["amr"] = json!(["pwd"]);
        signer.sign(&claims)
    });
    let answer = attempt(&rig, &provider).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("does not prove a second factor"), "{}", answer.text());
    let half = attempt_of(&answer);
    assert!(!stands(&rig, &half).await);
    let code = async |browser: &str, code: &str| {
        send(
            &rig,
            "POST",
            "/sign-in/openid/code",
            &[OWN, PAGE, ("cookie", browser)],
            &form(&[("code", code)]),
        )
        .await
    };
    let wrong = code(&half, "000000").await;
    assert_eq!(wrong.status, 403);
    let right = app.code(&rig);
    not_taken(&code(&half, &right).await);
    let half = attempt_of(&wrong);
    let cookie = in_by(&code(&half, &right).await);
    assert!(stands(&rig, &cookie).await);
    // The code alone, or the first step alone, opens nothing.
    not_taken(&code("", &app.code(&rig)).await);
    not_taken(&code(&half, &app.code(&rig)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_binds_to_one_operator_and_only_for_whoever_began_it() {
    let (rig, provider, _, mut key, owner) = bound().await;
    let again = bind(&rig, &provider, &owner).await;
    assert!(again.status == 409 && again.text().contains("ACCOUNT_TAKEN"), "{}", again.text());
    // Whoever signs out on the way binds nothing.
    let other = in_session(&rig, &mut key).await;
    let (browser, to) = leave(&rig, "/me/openid", &other, &[]).await;
    posted(&rig, "/sign-out", &other, &[]).await;
    not_taken(&back(&rig, &browser, &provider.consent(&rig, &to)).await);
    // By a one-time link, once; and held, where it takes the place of something.
    let page = posted(&rig, "/operators/invite", &owner, &[("operator", "ada")]).await.text();
    let link = between(&page, "#key=", "<").to_owned();
    let (browser, to) = leave(&rig, "/set-up/openid", "", &[("key", &link)]).await;
    let signer = Arc::new(Signer::new("k1"));
    provider.does().keys = json!({ "keys": [signer.jwk()] });
    provider.does().make = Box::new(move |mut claims| {
        claims["sub"] = json!("user-9");
        signer.sign(&claims)
    });
    rig.clock.forward(Duration::from_secs(3_599));
    // The link has an hour, and so has what the hub knows of the provider.
    let late = back(&rig, &browser, &provider.consent(&rig, &to)).await;
    assert_eq!(late.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_policy_no_account_signs_in_and_its_sessions_end() {
    let (rig, provider, _, _, _) = bound().await;
    let cookie = in_by(&attempt(&rig, &provider).await);
    let (browser, to) = leave(&rig, "/sign-in/openid", "", &[]).await;
    rig.change(vec![Change::RemovePolicy("typing".parse().unwrap())]).unwrap();
    assert!(!stands(&rig, &cookie).await);
    not_taken(&back(&rig, &browser, &provider.consent(&rig, &to)).await);
    rig.clock.forward(Duration::from_secs(2));
    not_taken(&posted(&rig, "/sign-in/openid", "", &[]).await);
    assert!(!ask(&rig, "/sign-in", &[PAGE]).await.text().contains("/sign-in/openid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_an_answer_leads_the_browser_anywhere_else() {
    let (rig, provider, _, _, _) = bound().await;
    let (browser, to) =
        leave(&rig, "/sign-in/openid", "", &[("to", "https://evil.example"), ("next", "//evil.example")])
            .await;
    assert!(to.starts_with(&format!("{}/authorize?", provider.does().issuer)), "{to}");
    let with = provider.consent(&rig, &to);
    let path = format!("{}&next=https%3A%2F%2Fevil.example&redirect_uri=%2F%2Fevil.example", with.path());
    let answer = ask(&rig, &path, &[PAGE, ("cookie", &browser)]).await;
    assert!(!answer.text().contains("evil.example"));
    in_by(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_names_itself_otherwise_or_addresses_that_are_not_called_is_not_believed() {
    type Spoil = fn(&mut Value);
    let flaws: [(&str, Spoil); 6] = [
        ("another issuer", |m| m["issuer"] = json!("https://evil.example")),
        ("tokens in clear", |m| m["token_endpoint"] = json!("http://evil.example/token")),
        ("keys from a file", |m| m["jwks_uri"] = json!("file:///etc/passwd")),
        ("no keys", |m| _ = m.as_object_mut().unwrap().remove("jwks_uri")),
        ("plain PKCE", |m| m["code_challenge_methods_supported"] = json!(["plain"])),
        ("no document", |m| *m = json!("x".repeat(300_000))),
    ];
    for (flaw, spoil) in flaws {
        let (rig, provider, _, _, _) = with_provider().await;
        spoil(&mut provider.does().metadata);
        for _ in 0..3 {
            let answer = posted(&rig, "/sign-in/openid", "", &[]).await;
            assert_eq!(answer.status, 502, "{flaw}");
            assert!(answer.text().contains("A passkey goes on"), "{flaw}");
        }
        assert_eq!(provider.does().discoveries, 1, "asked again at once: {flaw}");
    }
}

#[test]
fn a_provider_is_called_over_tls_or_on_the_loopback() {
    let new = |issuer: &str| OpenIdConfig::new(issuer, "id", "secret", vec![], vec![]);
    for good in
        ["https://login.example", "https://login.example/realms/a", "http://localhost:9400", "http://[::1]:1"]
    {
        assert!(new(good).is_ok(), "{good}");
    }
    for wrong in [
        "",
        "login.example",
        "http://login.example",
        "ftp://login.example",
        "https://",
        "https://a@login.example",
        "https://login.example?x",
        "https://login.example#x",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
    ] {
        assert!(new(wrong).is_err(), "{wrong}");
    }
    for (id, secret) in [("", "s"), ("id", ""), ("i d", "s"), ("id", "s\nt")] {
        assert!(OpenIdConfig::new("https://login.example", id, secret, vec![], vec![]).is_err());
    }
    let config = OpenIdConfig::new("https://login.example", "id", "s3cret", vec![], vec![]).unwrap();
    assert!(!format!("{config:?}").contains("s3cret"));
}
