//! A real Dovecot of its own, in a temporary folder, on two ports of loopback: one with TLS, one without. It has one mailbox, that of
//! [`USER`].
//!
//! Needs the package `dovecot-imapd` and root (Dovecot changes users). Where either is missing, [`Dovecot::start`] says so on stderr and
//! returns `None`, and the test skips.

use std::{
    fs, io,
    net::TcpStream,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{ports::free_port, server_tls::ServerTls};

/// Who may log in.
pub const USER: &str = "cert";

/// With this password.
pub const PASSWORD: &str = "correct \"horse\" \\ battery";

/// A machine under load starts Dovecot in a second or two.
const START_MAX: Duration = Duration::from_secs(30);

/// Whom the mails belong to: the user that the package makes.
const MAIL_OWNER: &str = "dovecot";

/// A running Dovecot. It stops when dropped.
#[derive(Debug)]
pub struct Dovecot {
    folder: TempDir,
    ports: [u16; 2],
    owner: (u32, u32),
    delivered: AtomicU32,
}

impl Dovecot {
    /// Starts one, or says why not and returns `None`. `more`: further lines of the configuration.
    pub fn start(more: &str) -> Option<Self> {
        match Self::try_start(more) {
            Ok(dovecot) => Some(dovecot),
            Err(error) => {
                eprintln!("skipped: no Dovecot here: {error}");
                None
            }
        }
    }

    fn try_start(more: &str) -> io::Result<Self> {
        if !Path::new("/usr/sbin/dovecot").exists() {
            return Err(io::Error::other("it is not installed (Debian: apt-get install dovecot-imapd)"));
        }
        let folder = tempfile::Builder::new().prefix("schakel-dovecot-").tempdir()?;
        // Dovecot enters as other users.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        if folder.path().metadata()?.uid() != 0 {
            return Err(io::Error::other("it can only be started by root"));
        }
        let owner = owner()?;
        fs::create_dir(folder.path().join("mail"))?;
        chown(folder.path().join("mail"), Some(owner.0), Some(owner.1))?;
        let tls = ServerTls::for_localhost();
        fs::write(folder.path().join("certificate.pem"), tls.certificate_pem)?;
        fs::write(folder.path().join("key.pem"), tls.key_pem)?;
        fs::write(folder.path().join("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n"))?;
        let ports = [free_port()?, free_port()?];
        fs::write(folder.path().join("dovecot.conf"), configuration(folder.path(), ports, owner, more))?;
        let dovecot = Self { folder, ports, owner, delivered: AtomicU32::new(0) };
        dovecot.run()?;
        Ok(dovecot)
    }

    /// Its port with TLS.
    pub fn port_tls(&self) -> u16 {
        self.ports[0]
    }

    /// Its port without.
    pub fn port_plain(&self) -> u16 {
        self.ports[1]
    }

    /// The certificate to trust.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// Stops it, to see how an outage is taken.
    pub fn stop(&self) -> io::Result<()> {
        self.control(&["stop"])
    }

    /// Starts it again on the same ports with the same mails.
    pub fn run(&self) -> io::Result<()> {
        self.control(&[])?;
        let started = Instant::now();
        while let Err(error) = TcpStream::connect(("127.0.0.1", self.port_plain())) {
            if started.elapsed() > START_MAX {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Puts a mail into the inbox.
    pub fn deliver(&self, mail: &[u8]) -> io::Result<()> {
        let number = self.delivered.fetch_add(1, SeqCst);
        for part in ["", "tmp", "new", "cur"] {
            let folder = self.maildir().join(part);
            if !folder.exists() {
                fs::create_dir(&folder)?;
                chown(&folder, Some(self.owner.0), Some(self.owner.1))?;
            }
        }
        // Dovecot gives numbers in the order of these names.
        let name = format!("{number:010}.test.example");
        let draft = self.maildir().join("tmp").join(&name);
        fs::write(&draft, mail)?;
        chown(&draft, Some(self.owner.0), Some(self.owner.1))?;
        fs::rename(draft, self.maildir().join("new").join(name))
    }

    /// The mails in a folder, each with its file's name, which says its flags (`:2,S`).
    pub fn mails(&self, folder: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
        let maildir = match folder {
            "INBOX" => self.maildir(),
            folder => self.maildir().join(format!(".{folder}")),
        };
        let mut mails = Vec::new();
        for part in ["new", "cur"] {
            let entries = match fs::read_dir(maildir.join(part)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                // It may be moved in this very moment.
                let Ok(mail) = fs::read(entry.path()) else { continue };
                mails.push((entry.file_name().to_string_lossy().into_owned(), mail));
            }
        }
        mails.sort();
        Ok(mails)
    }

    fn maildir(&self) -> PathBuf {
        self.folder.path().join("mail").join(USER)
    }

    fn control(&self, arguments: &[&str]) -> io::Result<()> {
        // Into a file: the server that is started keeps this open, so a pipe would not come to its end.
        let said = self.folder.path().join("said");
        let status = Command::new("dovecot")
            .arg("-c")
            .arg(self.folder.path().join("dovecot.conf"))
            .args(arguments)
            .stdout(fs::File::create(&said)?)
            .stderr(fs::OpenOptions::new().append(true).open(&said)?)
            .status()?;
        if status.success() {
            return Ok(());
        }
        let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        let log = read(self.folder.path().join("log"));
        Err(io::Error::other(format!("dovecot {} failed: {} {log}", arguments.join(" "), read(said).trim())))
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("Dovecot did not stop: {error}");
        }
    }
}

fn configuration(folder: &Path, [tls, plain]: [u16; 2], (uid, gid): (u32, u32), more: &str) -> String {
    let folder = folder.display();
    format!(
        "base_dir = {folder}/run\n\
         state_dir = {folder}/state\n\
         log_path = {folder}/log\n\
         protocols = imap\n\
         listen = 127.0.0.1\n\
         ssl = yes\n\
         ssl_cert = <{folder}/certificate.pem\n\
         ssl_key = <{folder}/key.pem\n\
         disable_plaintext_auth = no\n\
         auth_mechanisms = plain login\n\
         first_valid_uid = 1\n\
         first_valid_gid = 1\n\
         mail_location = maildir:{folder}/mail/%u\n\
         mail_max_userip_connections = 100\n\
         passdb {{\n driver = passwd-file\n args = {folder}/users\n}}\n\
         userdb {{\n driver = static\n args = uid={uid} gid={gid} home={folder}/mail/%u\n}}\n\
         service imap-login {{\n inet_listener imap {{\n port = {plain}\n }}\n inet_listener imaps {{\n port = {tls}\n }}\n}}\n\
         service stats {{\n chroot =\n}}\n\
         {more}\n"
    )
}

/// Uid and gid by `/etc/passwd`.
fn owner() -> io::Result<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    let line = passwd.lines().find(|line| line.split(':').next() == Some(MAIL_OWNER));
    let ids = line.and_then(|line| {
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    ids.ok_or_else(|| io::Error::other(format!("there is no user {MAIL_OWNER}")))
}
