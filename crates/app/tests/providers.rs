//! Signing in at a provider of OpenID Connect: one of our own, over TLS on loopback, that does right and then everything that is wrong.

#![allow(clippy::unwrap_used)]

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use schakel_app::{
    config::{Config, ProviderConfig},
    portal::{
        accounts::{Invite, disable, invite},
        carried::Used,
        providers::{Back, Outcome, Providers},
        sign_in,
    },
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_seal::id_token::code_challenge;
use schakel_store::{Reader, Store, act::Act, data_dir::DataDir};
use schakel_testkit::{
    https_server::{Asked, HttpsServer, answer},
    server_tls::ServerTls,
};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const ACT: Act<'static> = Act { at: NOW, actor: "test", reason: "" };

/// What the provider does with the next code.
#[derive(Default)]
struct Script {
    /// The codes that it gave: their nonce and challenge.
    codes: HashMap<String, (String, String)>,
    /// What it changes in what it says.
    change: Option<fn(&mut Value, &mut Value)>,
}

struct Place {
    folder: tempfile::TempDir,
    reader: Reader,
    providers: Providers,
    script: Arc<Mutex<Script>>,
    used: Used,
    _server: HttpsServer,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Answers as a provider does.
fn provide(script: &Mutex<Script>, issuer: &str, asked: &Asked) -> Vec<u8> {
    let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let say = |status: &str, body: Value| {
        answer(status, "Content-Type: application/json\r\n", body.to_string().as_bytes())
    };
    match asked.path.as_str() {
        "/.well-known/openid-configuration" => say(
            "200 OK",
            json!({ "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys") }),
        ),
        "/keys" => say(
            "200 OK",
            json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "1", "use": "sig", "x": encode(key.public_key()) }] }),
        ),
        "/token" => {
            let form: HashMap<String, String> =
                url::form_urlencoded::parse(&asked.body).into_owned().collect();
            let mut script = script.lock().unwrap();
            // A code is good once, and for whoever knows the verifier.
            let known = script.codes.remove(&form["code"]);
            let Some((nonce, _)) =
                known.filter(|(_, challenge)| code_challenge(&form["code_verifier"]) == *challenge)
            else {
                return say("400 Bad Request", json!({ "error": "invalid_grant" }));
            };
            assert!(asked.header("authorization").starts_with("Basic "), "{}", asked.head);
            let mut head = json!({ "alg": "EdDSA", "kid": "1" });
            let mut claims = json!({ "iss": issuer, "aud": "schakel", "sub": "u-1", "nonce": nonce, "exp": NOW + 300, "iat": NOW,
                "amr": ["mfa"], "email": "anna@cert.example" });
            if let Some(change) = script.change {
                change(&mut head, &mut claims);
            }
            let signed = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
            let signature =
                if head["alg"] == "none" { String::new() } else { encode(key.sign(signed.as_bytes())) };
            say(
                "200 OK",
                json!({ "access_token": "x", "token_type": "Bearer", "id_token": format!("{signed}.{signature}") }),
            )
        }
        _ => say("404 Not Found", json!({})),
    }
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let tls = ServerTls::for_localhost();
    let script = Arc::new(Mutex::new(Script::default()));
    let issuer = Arc::new(Mutex::new(String::new()));
    let (of_server, its_name) = (Arc::clone(&script), Arc::clone(&issuer));
    let server = HttpsServer::start_asked("127.0.0.1:0", &tls, move |asked| {
        provide(&of_server, &its_name.lock().unwrap(), asked)
    })
    .unwrap();
    let name = format!("https://{}", server.address());
    issuer.lock().unwrap().clone_from(&name);
    let (ca, secret) = (folder.path().join("ca.pem"), folder.path().join("secret"));
    std::fs::write(&ca, &tls.certificate_pem).unwrap();
    std::fs::write(&secret, "geheim\n").unwrap();
    let mut config = Config::default();
    config.portal.url = "https://portal.example".to_owned();
    config.outgoing.allow = vec!["127.0.0.0/8".to_owned()];
    config.outgoing.ca_file = ca;
    config.portal.provider = vec![ProviderConfig {
        name: "sso".into(),
        issuer: name,
        client_id: "schakel".into(),
        client_secret_file: secret,
        amr: vec!["mfa".into()],
        ..ProviderConfig::default()
    }];
    let store = Store::open(&DataDir::new(folder.path().join("data"))).unwrap();
    Place {
        reader: store.reader().unwrap(),
        providers: Providers::new(&config).unwrap(),
        script,
        used: Used::default(),
        _server: server,
        folder,
    }
}

impl Place {
    fn invited(&self, name: &str) -> String {
        let roles = &[PortalRole::Handler];
        let who = Invite { name, display_name: "", organisation: "", roles, language: Language::Nl };
        invite(&mut self.store(), &ACT, &who).unwrap()
    }

    fn store(&self) -> Store {
        Store::open(&DataDir::new(self.folder.path().join("data"))).unwrap()
    }

    /// Goes to the provider, where they sign in; what comes back, and what the browser carried.
    fn go(&self, invitation: &str) -> (Back, String) {
        let begun =
            self.providers.begin(&self.reader, NOW, "sso", ("/findings", invitation)).unwrap().unwrap();
        let url: url::Url = begun.url.parse().unwrap();
        let of: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((of["code_challenge_method"].as_str(), of["scope"].as_str()), ("S256", "openid"));
        assert_eq!(of["redirect_uri"], "https://portal.example/sign-in/back");
        let mut script = self.script.lock().unwrap();
        let code = format!("code-{}", of["state"]);
        script.codes.insert(code.clone(), (of["nonce"].clone(), of["code_challenge"].clone()));
        (Back { code, state: of["state"].clone(), ..Back::default() }, begun.carried)
    }

    fn come_back(&self, back: &Back, carried: &str) -> Outcome {
        self.providers.finish(&self.reader, NOW, (carried, &self.used), back, "Firefox").unwrap()
    }

    fn whole(&self, invitation: &str) -> Outcome {
        let (back, carried) = self.go(invitation);
        self.come_back(&back, &carried)
    }
}

#[test]
fn an_invitation_links_somebody_and_from_then_on_they_are_known() {
    let place = place();
    assert_eq!(place.whole(""), Outcome::Unknown, "nobody is let in for their mail address");
    let token = place.invited("anna");
    let Outcome::SignedIn(cookie, next) = place.whole(&token) else { panic!("not signed in") };
    let person = sign_in::person(&place.reader, NOW, &cookie).unwrap().unwrap();
    assert_eq!((person.account.name.as_str(), next.as_str()), ("anna", "/findings"));
    assert!(matches!(place.whole(""), Outcome::SignedIn(..)), "without an invitation from now on");
    assert_eq!(place.whole(&token), Outcome::Gone, "an invitation works once");
    let other = place.invited("bert");
    assert_eq!(place.whole(&other), Outcome::Gone, "an identity is one account");
    let set_up = sign_in::set_up(&place.reader, NOW, &other, ("kort", ""), Path::new("")).unwrap();
    assert_ne!(set_up, sign_in::SetUp::Gone, "and Bert's invitation is not used up by it");
    disable(&mut place.store(), &ACT, "anna").unwrap();
    assert_eq!(place.whole(""), Outcome::Unknown, "shut out here is shut out");
}

#[test]
fn what_a_provider_says_wrongly_lets_nobody_in() {
    let place = place();
    let token = place.invited("anna");
    assert!(matches!(place.whole(&token), Outcome::SignedIn(..)));
    type Change = fn(&mut Value, &mut Value);
    let cases: [(&str, Change, Outcome); 8] = [
        ("nonce", |_, claims| claims["nonce"] = "x".into(), Outcome::Failed),
        ("audience", |_, claims| claims["aud"] = "another".into(), Outcome::Failed),
        ("issuer", |_, claims| claims["iss"] = "https://evil.example".into(), Outcome::Failed),
        ("too old", |_, claims| claims["exp"] = (NOW - 61).into(), Outcome::Failed),
        ("not signed", |head, _| head["alg"] = "none".into(), Outcome::Failed),
        ("a secret for a key", |head, _| head["alg"] = "HS256".into(), Outcome::Failed),
        ("one factor", |_, claims| claims["amr"] = json!(["pwd"]), Outcome::NoSecondFactor),
        ("somebody else", |_, claims| claims["sub"] = "u-2".into(), Outcome::Unknown),
    ];
    for (why, change, expected) in cases {
        place.script.lock().unwrap().change = Some(change);
        assert_eq!(place.whole(""), expected, "{why}");
    }
    place.script.lock().unwrap().change = None;
    assert!(matches!(place.whole(""), Outcome::SignedIn(..)));
}

#[test]
fn what_comes_back_counts_for_whoever_went_and_once() {
    let place = place();
    let token = place.invited("anna");
    assert!(matches!(place.whole(&token), Outcome::SignedIn(..)));
    let (back, carried) = place.go("");
    let (other, _) = place.go("");
    assert_eq!(place.come_back(&other, &carried), Outcome::Failed, "another's code is not theirs");
    assert_eq!(place.come_back(&back, ""), Outcome::Failed, "nobody went");
    assert_eq!(place.come_back(&back, "AAAA"), Outcome::Failed);
    let refused = Back { error: "access_denied".into(), code: String::new(), ..back.clone() };
    let (_, fresh) = place.go("");
    assert_eq!(place.come_back(&refused, &fresh), Outcome::Failed);
    let mixed = Back { iss: "https://evil.example".into(), ..back.clone() };
    assert_eq!(place.come_back(&mixed, &carried), Outcome::Failed, "RFC 9207");
    let (back, carried) = place.go("");
    assert!(matches!(place.come_back(&back, &carried), Outcome::SignedIn(..)));
    assert_eq!(place.come_back(&back, &carried), Outcome::Failed, "a code that comes again");
    assert!(place.providers.begin(&place.reader, NOW, "no-such", ("/", "")).unwrap().is_none());
}
