//! What all tests share: a mail, a time, keys, programs.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use jiff::Timestamp;
use schakel_seal::{
    keys::Keys,
    openpgp::{key::PublicKey, secret::SecretKey},
    random::Random,
};

/// A mail with two parts, as our own program writes it.
pub const MAIL: &str = "From: Melder <melder@example.nl>\r\n\
    To: meldpunt@cert.example\r\n\
    Subject: Open database at 192.0.2.7\r\n\
    Date: Sun, 22 Nov 2026 11:00:00 +0000\r\n\
    Message-ID: <1@example.nl>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\
    \r\n\
    --xyz\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    \r\n\
    Please look at 192.0.2.7, port 27017.\r\n\
    - not dashed \r\n\
    From here on\r\n\
    --xyz\r\n\
    Content-Type: text/csv; name=\"rows.csv\"\r\n\
    Content-Disposition: attachment; filename=\"rows.csv\"\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    aXAscG9ydAoxOTIuMC4yLjcsMjcwMTcK\r\n\
    --xyz--\r\n";

/// The sentence that must not be readable outside, and must be inside.
pub const SENTENCE: &str = "Please look at 192.0.2.7, port 27017.";

pub fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub fn random(number: u8) -> Random {
    Random::from_seed([number; 32])
}

/// A key pair, always the same for the same number.
pub fn key(number: u8, user_id: &str) -> SecretKey {
    SecretKey::generate(user_id, "2026-01-01T00:00:00Z".parse().unwrap(), None, &mut random(number)).unwrap()
}

pub fn ours() -> SecretKey {
    key(1, "Meldpunt <meldpunt@cert.example>")
}

pub fn theirs() -> SecretKey {
    key(2, "Melder <Melder@example.nl>")
}

pub fn keys(secret: &[SecretKey], public: &[PublicKey]) -> Keys {
    Keys { openpgp_secret: secret.to_vec(), openpgp_public: public.to_vec(), ..Keys::default() }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program with something to read; what it wrote to its output and to its errors.
#[track_caller]
pub fn run(program: &str, arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("LC_ALL", "C")
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    (output.status.success(), output.stdout, text(&output.stderr))
}

/// A GnuPG with keys of its own.
pub struct Gpg {
    home: tempfile::TempDir,
}

impl Gpg {
    /// `None` when it is not installed.
    pub fn new() -> Option<Self> {
        let has_gpg = Command::new("gpg").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !has_gpg {
            println!("skipped: gpg is not installed");
            return None;
        }
        let home = tempfile::Builder::new().prefix("seal").tempdir().unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        }
        // Few rounds over passphrases: they are for people who wait.
        std::fs::write(home.path().join("gpg-agent.conf"), "s2k-count 65536\n").unwrap();
        Some(Self { home })
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it and wants it to succeed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let (is_fine, out, errors) = self.try_run(arguments, input);
        assert!(is_fine, "gpg {arguments:?}: {errors}");
        out
    }

    pub fn try_run(&self, arguments: &[&str], input: &[u8]) -> (bool, Vec<u8>, String) {
        let home = self.home.path().to_str().unwrap();
        let always =
            ["--homedir", home, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""];
        let at = ["--trust-model", "always", "--faked-system-time", "20261122T115900!", "--quiet"];
        run("gpg", &[&always[..], &at[..], arguments].concat(), input)
    }

    /// A new key pair; what is made with `at` before the other arguments has that time.
    pub fn make(&self, user_id: &str, algorithm: &str, expires: &str) {
        self.run(
            &[
                "--faked-system-time",
                "20260101T000000!",
                "--quick-gen-key",
                user_id,
                algorithm,
                "default",
                expires,
            ],
            b"",
        );
    }

    pub fn public(&self, user_id: &str) -> PublicKey {
        PublicKey::read(&self.run(&["--armor", "--export", user_id], b"")).unwrap()
    }

    pub fn secret(&self, user_id: &str) -> SecretKey {
        SecretKey::read(&self.run(&["--armor", "--export-secret-keys", user_id], b""), "").unwrap()
    }

    pub fn import(&self, key: &PublicKey) {
        self.run(&["--import"], key.to_armoured().as_bytes());
    }

    pub fn import_secret(&self, key: &SecretKey) {
        self.run(&["--import"], key.to_armoured().as_bytes());
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        // Its agent stays otherwise.
        let home = self.home.path().to_str().unwrap_or_default();
        let _ = Command::new("gpgconf").args(["--homedir", home, "--kill", "all"]).status();
    }
}
