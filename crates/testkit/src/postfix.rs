//! A real Postfix of its own, in a temporary folder, on a port of loopback. It takes every mail into one Maildir, or hands every mail to
//! one port of loopback, and sends nothing anywhere else: both transports that could are set to refuse.
//!
//! Needs the package `postfix` and root (Postfix changes users). Where either is missing, [`Postfix::start`] says so on stderr and
//! returns `None`, and the test skips.

use std::{
    fs, io,
    net::TcpStream,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::ports::free_port;

/// A machine under load starts Postfix in a second or two.
const START_MAX: Duration = Duration::from_secs(30);

/// The user Postfix runs as, and the group of its drop folder, as the packages make them.
const MAIL_OWNER: &str = "postfix";
const SETGID_GROUP: &str = "postdrop";

/// How Postfix hands mails over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// As to any mail server.
    Smtp,
    /// As to a store of mails.
    Lmtp,
}

/// A running Postfix. It stops when dropped.
#[derive(Debug)]
pub struct Postfix {
    folder: TempDir,
    port: u16,
}

impl Postfix {
    /// Starts one, or says why not and returns `None`.
    pub fn start() -> Option<Self> {
        Self::start_with("virtual")
    }

    /// Starts one that hands every mail to this port of loopback, and tries again each second.
    pub fn start_handing_to(protocol: Protocol, port: u16) -> Option<Self> {
        Self::start_with(&match protocol {
            Protocol::Smtp => format!("smtp:[127.0.0.1]:{port}"),
            Protocol::Lmtp => format!("lmtp:inet:127.0.0.1:{port}"),
        })
    }

    fn start_with(transport: &str) -> Option<Self> {
        match Self::try_start(transport) {
            Ok(postfix) => Some(postfix),
            Err(error) => {
                eprintln!("skipped: no Postfix here: {error}");
                None
            }
        }
    }

    fn try_start(transport: &str) -> io::Result<Self> {
        if which("postfix").is_none() {
            return Err(io::Error::other("it is not installed (Debian: apt-get install postfix)"));
        }
        let Some((uid, gid)) = user_ids(MAIL_OWNER)? else {
            return Err(io::Error::other(format!("there is no user {MAIL_OWNER}")));
        };
        let folder = tempfile::Builder::new().prefix("schakel-postfix-").tempdir()?;
        // Postfix enters as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        if folder.path().metadata()?.uid() != 0 {
            return Err(io::Error::other("it can only be started by root"));
        }
        for name in ["conf", "queue", "data", "mail"] {
            fs::create_dir(folder.path().join(name))?;
        }
        for name in ["data", "mail"] {
            chown(folder.path().join(name), Some(uid), Some(gid))?;
        }
        let port = free_port()?;
        fs::write(folder.path().join("conf/main.cf"), main_cf(folder.path(), uid, gid, transport))?;
        fs::write(folder.path().join("conf/master.cf"), master_cf(port))?;
        let postfix = Self { folder, port };
        postfix.control("start")?;
        postfix.wait_until_it_answers()?;
        Ok(postfix)
    }

    /// Its port on 127.0.0.1, without TLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it, to see how an outage is taken.
    pub fn stop(&self) -> io::Result<()> {
        self.control("stop")
    }

    /// Starts it again after [`Postfix::stop`], on the same port with the same mails.
    pub fn start_again(&self) -> io::Result<()> {
        self.control("start")?;
        self.wait_until_it_answers()
    }

    /// How many mails were delivered so far.
    pub fn delivered(&self) -> usize {
        fs::read_dir(self.inbox()).map_or(0, |entries| entries.count())
    }

    /// The mails delivered so far, each as it lies in the Maildir (line breaks are `\n`), in no order.
    pub fn mails(&self) -> io::Result<Vec<Vec<u8>>> {
        match fs::read_dir(self.inbox()) {
            Ok(entries) => entries.map(|entry| fs::read(entry?.path())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The Message-IDs of the mails delivered so far, sorted: a mail that came twice stands twice.
    pub fn message_ids(&self) -> io::Result<Vec<String>> {
        let mut ids: Vec<_> = self.mails()?.iter().map(|mail| header(mail, "message-id")).collect();
        ids.sort();
        Ok(ids)
    }

    /// Waits until this many mails were delivered; false when the time is over first.
    pub fn wait_for(&self, mails: usize, at_most: Duration) -> bool {
        let started = Instant::now();
        while self.delivered() < mails {
            if started.elapsed() > at_most {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        true
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("mail/inbox/new")
    }

    fn control(&self, command: &str) -> io::Result<()> {
        let output =
            Command::new("postfix").arg("-c").arg(self.folder.path().join("conf")).arg(command).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(io::Error::other(format!("postfix {command} failed: {said} {}", self.log())))
    }

    /// What it has logged, to say with a test that fails.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("queue/maillog")).unwrap_or_default()
    }

    fn wait_until_it_answers(&self) -> io::Result<()> {
        let started = Instant::now();
        while let Err(error) = TcpStream::connect(("127.0.0.1", self.port)) {
            if started.elapsed() > START_MAX {
                return Err(error);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("Postfix did not stop: {error}");
        }
    }
}

/// The value of a header, unfolded; empty when it is not there.
pub fn header(mail: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(mail).replace("\r\n", "\n");
    let head = text.split("\n\n").next().unwrap_or("").replace("\n ", " ").replace("\n\t", " ");
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn main_cf(folder: &Path, uid: u32, gid: u32, transport: &str) -> String {
    let folder = folder.display();
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {folder}/queue\n\
         data_directory = {folder}/data\n\
         maillog_file = {folder}/queue/maillog\n\
         maillog_file_prefixes = {folder}\n\
         mail_owner = {MAIL_OWNER}\n\
         setgid_group = {SETGID_GROUP}\n\
         myhostname = postfix.example\n\
         mydestination =\n\
         inet_interfaces = loopback-only\n\
         inet_protocols = ipv4\n\
         mynetworks = 127.0.0.0/8\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\n\
         smtpd_recipient_restrictions = permit_mynetworks, reject\n\
         smtpd_tls_security_level = none\n\
         default_transport = error:nothing leaves this machine\n\
         relay_transport = error:nothing leaves this machine\n\
         virtual_transport = {transport}\n\
         minimal_backoff_time = 1s\n\
         maximal_backoff_time = 1s\n\
         queue_run_delay = 1s\n\
         virtual_mailbox_domains = static:all\n\
         virtual_mailbox_base = {folder}/mail\n\
         virtual_mailbox_maps = static:inbox/\n\
         virtual_mailbox_limit = 0\n\
         virtual_minimum_uid = {uid}\n\
         virtual_uid_maps = static:{uid}\n\
         virtual_gid_maps = static:{gid}\n\
         message_size_limit = 50000000\n\
         in_flow_delay = 0\n\
         alias_maps =\n\
         alias_database =\n"
    )
}

/// The queue manager is woken each second: a mail that it meets while it is being deferred otherwise lies in the incoming queue until
/// the next one comes, or 300 seconds.
fn master_cf(port: u16) -> String {
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd\n\
         cleanup unix n - n - 0 cleanup\n\
         qmgr unix n - n 1 1 qmgr\n\
         rewrite unix - - n - - trivial-rewrite\n\
         bounce unix - - n - 0 bounce\n\
         defer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\n\
         verify unix - - n - 1 verify\n\
         flush unix n - n 1000? 0 flush\n\
         proxymap unix - - n - - proxymap\n\
         error unix - - n - - error\n\
         retry unix - - n - - error\n\
         virtual unix - n n - - virtual\n\
         smtp unix - - n - - smtp\n\
         lmtp unix - - n - - lmtp\n\
         anvil unix - - n - 1 anvil\n\
         postlog unix-dgram n - n - 1 postlogd\n"
    )
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Uid and gid of a user by `/etc/passwd`.
fn user_ids(name: &str) -> io::Result<Option<(u32, u32)>> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    Ok(passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    }))
}
