//! Asks the outside world whom to write to: sites for their `security.txt`, registries for abuse contacts. Only about findings whose sources all
//! permit it, the same not twice a day, a limited number at a time; a registry that says it has had enough is left alone.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::{Duration, Instant},
};

use schakel_formats::{rdap_abuse::Abuse, rdap_bootstrap::Bootstrap, security_txt};
use schakel_lookup::{Lookup, abuse::BOOTSTRAP_FILES, dns::DnsError, https::FetchError, rdap::RdapError};
use schakel_model::{
    abuse_contact::{AbuseContact, Means},
    ids::FindingId,
};
use schakel_rules::safety_net::{is_due, is_fresh};
use schakel_store::{
    Reader, StoreError,
    abuse_contacts::{self, BootstrapFile},
};

use crate::enrichment::permissions::Permissions;

/// The bootstrap files change some times a year.
const BOOTSTRAP_SECONDS: i64 = 7 * 86_400;

/// Answers are recorded so many at a time: what is broken off loses no more.
const RECORD_EVERY: usize = 25;

/// How much is done in one go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At most so many questions.
    pub questions: usize,
    /// Nothing is begun after this time.
    pub time: Duration,
}

impl Limits {
    /// For a person who asks for it, and can break it off.
    pub const NONE: Self = Self { questions: usize::MAX, time: Duration::MAX };
    /// For the service, which comes back every hour. Registries bear some questions a second; this is one in twelve seconds.
    pub const HOURLY: Self = Self { questions: 300, time: Duration::from_secs(600) };
}

/// What came of asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Somebody is named.
    pub found: usize,
    /// Nobody is named.
    pub nobody: usize,
    /// There was no answer, or no registry to ask.
    pub silent: usize,
    /// Not asked this time.
    pub left: usize,
}

/// What an answer comes to.
enum Answer {
    Says(AbuseContact),
    Silent,
    /// The other side says that it has had enough.
    Enough(String),
}

/// Asks for each finding by its means in order, until one names somebody.
pub fn ask(
    reader: &Reader,
    lookup: &Lookup,
    wanted: &[(FindingId, Vec<(Means, String)>)],
    limits: Limits,
    now: i64,
    on_progress: &dyn Fn(usize),
) -> Result<Asked, StoreError> {
    let mut asked = Asked::default();
    if wanted.is_empty() {
        return Ok(asked);
    }
    let bootstrap = bootstrap(reader, lookup, now)?;
    let mut permissions = Permissions::default();
    let mut known: HashMap<(Means, String), AbuseContact> = HashMap::new();
    let mut enough: HashSet<String> = HashSet::new();
    let mut batch = Vec::new();
    let (started, mut done) = (Instant::now(), 0);
    for (finding, means) in wanted {
        permissions.follow(reader)?;
        if !permissions.permits(*finding) {
            continue;
        }
        for (means, subject) in means {
            let key = (*means, subject.clone());
            let stands = match known.get(&key) {
                Some(contact) => Some(contact.clone()),
                None => reader.read(|connection| abuse_contacts::get(connection, *means, subject))?,
            };
            if let Some(contact) = stands.as_ref().filter(|contact| is_fresh(contact, now)) {
                if contact.found.is_empty() {
                    continue;
                }
                break;
            }
            if !is_due(stands.as_ref(), now) {
                continue;
            }
            if done >= limits.questions || started.elapsed() >= limits.time {
                asked.left += 1;
                break;
            }
            let contact = match ask_one(lookup, &bootstrap, &enough, (*means, subject), now) {
                Answer::Says(contact) => contact,
                Answer::Silent => nobody_said(*means, subject, now, None),
                Answer::Enough(server) => {
                    tracing::warn!(server, "has had enough questions, and is asked again later");
                    enough.insert(server);
                    asked.left += 1;
                    break;
                }
            };
            match (&contact.answered_at, contact.found.is_empty()) {
                (None, _) => asked.silent += 1,
                (Some(_), true) => asked.nobody += 1,
                (Some(_), false) => asked.found += 1,
            }
            done += 1;
            on_progress(done);
            let ends = !contact.found.is_empty();
            batch.push(contact.clone());
            known.insert(key, contact);
            if batch.len() >= RECORD_EVERY {
                abuse_contacts::record(reader.data(), &batch, now)?;
                batch.clear();
            }
            if ends {
                break;
            }
        }
    }
    abuse_contacts::record(reader.data(), &batch, now)?;
    Ok(asked)
}

fn nobody_said(means: Means, subject: &str, now: i64, answered_at: Option<i64>) -> AbuseContact {
    AbuseContact {
        subject: subject.to_owned(),
        means,
        found: Vec::new(),
        holder: String::new(),
        asked_at: now,
        answered_at,
        until: None,
    }
}

fn ask_one(
    lookup: &Lookup,
    bootstrap: &Bootstrap,
    enough: &HashSet<String>,
    (means, subject): (Means, &str),
    now: i64,
) -> Answer {
    let nobody = || Answer::Says(nobody_said(means, subject, now, Some(now)));
    if means == Means::SecurityTxt {
        return match lookup.security_txt(subject) {
            Ok(file) => match security_txt::read(&file, now) {
                Ok(file) => Answer::Says(AbuseContact {
                    found: file.mail,
                    until: Some(file.expires),
                    ..nobody_said(means, subject, now, Some(now))
                }),
                Err(_) => nobody(),
            },
            Err(error) if says_nothing(&error) => nobody(),
            Err(_) => Answer::Silent,
        };
    }
    let address = subject.parse::<IpAddr>().ok();
    let server = match address {
        Some(address) => bootstrap.of_address(address),
        None => bootstrap.of_domain(subject),
    };
    let Some(server) = server else { return Answer::Silent };
    if enough.contains(server) {
        return Answer::Enough(server.to_owned());
    }
    let said = match address {
        Some(address) => lookup.abuse_of_address(server, address),
        None => lookup.abuse_of_domain(server, subject),
    };
    match said {
        Ok(Abuse { mail, holder }) => {
            Answer::Says(AbuseContact { found: mail, holder, ..nobody_said(means, subject, now, Some(now)) })
        }
        Err(RdapError::Fetch(FetchError::Status { status: 429, .. })) => Answer::Enough(server.to_owned()),
        Err(RdapError::Fetch(error)) if says_nothing(&error) => nobody(),
        Err(RdapError::Answer(_) | RdapError::Kind(_)) => nobody(),
        Err(RdapError::Fetch(_)) => Answer::Silent,
    }
}

/// Is this an answer, and one that names nobody? Others may be different tomorrow.
fn says_nothing(error: &FetchError) -> bool {
    match error {
        FetchError::Status { status, .. } => (400..500).contains(status) && *status != 429,
        FetchError::TooLarge { .. }
        | FetchError::Redirects(_)
        | FetchError::NotHttps(_)
        | FetchError::NoAddress(_)
        | FetchError::Refused { .. }
        | FetchError::Url(_) => true,
        FetchError::Dns(error) => matches!(error, DnsError::NoSuchName(_) | DnsError::Name(_)),
        FetchError::Timeout(_) | FetchError::Failed { .. } | FetchError::ClientCertificate(_) => false,
    }
}

/// The files that say which registry knows what: as they were fetched, and again after a week. When they cannot be fetched the old ones count.
fn bootstrap(reader: &Reader, lookup: &Lookup, now: i64) -> Result<Bootstrap, StoreError> {
    let stored = reader.read(abuse_contacts::bootstrap)?;
    let mut bootstrap = Bootstrap::default();
    for name in BOOTSTRAP_FILES {
        let old = stored.iter().find(|file| file.name == name);
        let is_new = |file: &BootstrapFile| {
            (file.fetched_at..file.fetched_at.saturating_add(BOOTSTRAP_SECONDS)).contains(&now)
        };
        if let Some(file) = old.filter(|file| is_new(file)) {
            // It was read before it was kept.
            let _ = bootstrap.add(&file.bytes);
            continue;
        }
        let fetched = lookup.bootstrap_file(name).map_err(|error| error.to_string());
        let added = fetched
            .and_then(|bytes| bootstrap.add(&bytes).map(|()| bytes).map_err(|error| error.to_string()));
        match added {
            Ok(bytes) => {
                let file = BootstrapFile { name: name.to_owned(), bytes, fetched_at: now };
                abuse_contacts::put_bootstrap(reader.data(), &file)?;
            }
            Err(error) => {
                tracing::warn!(file = name, error, "cannot fetch which registry to ask");
                if let Some(file) = old {
                    let _ = bootstrap.add(&file.bytes);
                }
            }
        }
    }
    Ok(bootstrap)
}
