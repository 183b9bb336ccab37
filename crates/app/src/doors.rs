//! What all doors share: may this source report, is there room, and into the spool with it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use schakel_ingest::door::{Refusal, Spool, Upload};
use schakel_model::{
    arrival::{Envelope, Receipt},
    source::{Source, Trust},
};
use schakel_rules::spool_quota::{Used, has_room};
use schakel_store::{
    Reader, StoreError,
    data_dir::DataDir,
    sources,
    spool::{self, SpoolError, Uploading},
};

use crate::{config::DoorsConfig, uploads::Uploads};

/// A full spool is asked again after this many seconds: it empties as fast as reports are taken in, or as people decide.
const LATER_SECONDS: u32 = 60;

/// What is critical goes before the rest.
const CRITICAL: u8 = 0;
const ORDINARY: u8 = 1;

/// Where the doors find the spool, once the service has opened it.
pub type DoorSlot = OnceLock<Arc<SpoolDoor>>;

/// The spool, for doors.
pub struct SpoolDoor {
    spool: Arc<spool::Spool>,
    sources: Mutex<Reader>,
    uploads: Uploads,
    limits: DoorsConfig,
}

impl SpoolDoor {
    /// Opens the spool of a data directory that has a store. Only the process that serves may.
    pub fn open(data: &DataDir, limits: &DoorsConfig) -> Result<Self, StoreError> {
        let reader = Reader::open(data)?;
        let highest = reader.read(schakel_store::arrivals::highest)?;
        let spool = Arc::new(spool::Spool::open(data, highest)?);
        let folder = data.spool();
        let uploads = Uploads::open(&folder).map_err(|cause| StoreError::File {
            action: "open the uploads in",
            path: folder,
            cause,
        })?;
        Ok(Self { spool, sources: Mutex::new(reader), uploads, limits: limits.clone() })
    }

    /// The source that proves itself with this token; `None`: nobody does. A token that was revoked is looked up like one that never was.
    pub fn by_token(&self, token: &str) -> Result<Option<Source>, Refusal> {
        let hash = sources::token_hash(token);
        let reader = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        reader
            .read(|connection| sources::by_token(connection, &hash))
            .map_err(|error| Refusal::Trouble(error.to_string()))
    }

    /// Reports that come in by pieces.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Begins to keep a report that comes by pieces over more than one connection; gives its id. `envelope`: as far as it is known.
    pub fn begin_upload(&self, envelope: &Envelope, length: u64) -> Result<String, Refusal> {
        self.admit(envelope, length)?;
        let name = Envelope::clean_name(&envelope.name);
        let id = self.uploads.begin(&envelope.source, &name, length, envelope.received_at)?;
        id.ok_or(Refusal::Later { after_seconds: LATER_SECONDS })
    }

    /// Keeps an upload that is whole. `envelope`: without its name, which is the upload's.
    pub fn keep_upload(&self, envelope: Envelope, id: &str) -> Result<Receipt, Refusal> {
        let (name, path) =
            self.uploads.hand_over(id).ok_or_else(|| Refusal::Trouble("the upload is gone".to_owned()))?;
        let kept = self.keep_file(&Envelope { name, ..envelope }, &path);
        self.uploads.handed_over(id, kept.as_ref().ok().copied())?;
        kept
    }

    /// Keeps a file as a report; it is moved.
    pub fn keep_file(&self, envelope: &Envelope, path: &std::path::Path) -> Result<Receipt, Refusal> {
        let size = path.metadata()?.len();
        let (priority, _) = self.admit(envelope, size)?;
        self.spool.keep_file(envelope.clone(), priority, path).map_err(refusal)
    }

    /// May it come in? Gives its priority and the most bytes it may have. `size`: as far as it is known.
    fn admit(&self, envelope: &Envelope, size: u64) -> Result<(u8, u64), Refusal> {
        self.admit_as(envelope, size, false)
    }

    /// As `admit`. `is_critical`: it is, whatever its source is.
    fn admit_as(&self, envelope: &Envelope, size: u64, is_critical: bool) -> Result<(u8, u64), Refusal> {
        let trouble = |error: StoreError| Refusal::Trouble(error.to_string());
        let (mut critical, mut bytes_max) = (is_critical, self.limits.report_bytes_max);
        if !envelope.source.is_empty() {
            let reader = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            let source = reader
                .read(|connection| sources::by_code(connection, &envelope.source))
                .map_err(trouble)?
                .filter(|source| source.trust != Trust::Blocked)
                .ok_or(Refusal::Blocked)?;
            critical |= source.critical;
            bytes_max = bytes_max.min(source.bytes_max.unwrap_or(u64::MAX));
        }
        if size > bytes_max {
            return Err(Refusal::TooLarge { bytes_max });
        }
        let (total, by_source) = self.spool.used(&envelope.source).map_err(trouble)?;
        self.uploads.tidy(envelope.received_at)?;
        let coming = self.uploads.used(&envelope.source);
        let used = Used {
            total: total.saturating_add(coming.total),
            by_source: by_source.saturating_add(coming.by_source),
        };
        if !has_room(self.limits.spool_bytes_max, used, size, critical) {
            return Err(Refusal::Later { after_seconds: LATER_SECONDS });
        }
        Ok((if critical { CRITICAL } else { ORDINARY }, bytes_max))
    }
}

impl Spool for SpoolDoor {
    fn begin(&self, envelope: &Envelope) -> Result<Box<dyn Upload>, Refusal> {
        // How large it gets is not known yet; the next one finds less room.
        self.begin_sized(envelope, 1)
    }

    fn accept(&self, envelope: &Envelope, bytes: &[u8]) -> Result<Receipt, Refusal> {
        let mut upload = self.begin_sized(envelope, bytes.len() as u64)?;
        upload.write_all(bytes)?;
        upload.finish()
    }
}

impl SpoolDoor {
    /// Keeps what another hub brought, whose source is known to be it. What is critical goes first, and comes in also when the rest must wait.
    pub fn keep_from_hub(
        &self,
        envelope: &Envelope,
        bytes: &[u8],
        is_critical: bool,
    ) -> Result<Receipt, Refusal> {
        let (_, bytes_max) = self.admit_as(envelope, bytes.len() as u64, is_critical)?;
        let priority = if is_critical { CRITICAL } else { ORDINARY };
        let mut uploading = self.spool.begin(envelope.clone(), priority, bytes_max);
        uploading.push(bytes).map_err(refusal)?;
        uploading.finish().map_err(refusal)
    }

    /// Bytes of this source that are not dealt with yet.
    pub fn waiting_bytes(&self, source: &str) -> Result<u64, Refusal> {
        let used = self.spool.used(source).map_err(|error| Refusal::Trouble(error.to_string()))?;
        Ok(used.1)
    }

    /// As `begin`, when it is known how large it will be at least.
    pub fn begin_sized(&self, envelope: &Envelope, size: u64) -> Result<Box<dyn Upload>, Refusal> {
        let (priority, bytes_max) = self.admit(envelope, size)?;
        let name = Envelope::clean_name(&envelope.name);
        let envelope = Envelope { name, ..envelope.clone() };
        Ok(Box::new(Uploaded(self.spool.begin(envelope, priority, bytes_max))))
    }
}

struct Uploaded(Uploading);

impl Write for Uploaded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes).map_err(refusal)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for Uploaded {
    fn finish(self: Box<Self>) -> Result<Receipt, Refusal> {
        self.0.finish().map_err(refusal)
    }
}

fn refusal(error: SpoolError) -> Refusal {
    match error {
        SpoolError::TooLarge { bytes_max } => Refusal::TooLarge { bytes_max },
        other => Refusal::Trouble(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{arrival::Door, source::Source};
    use schakel_store::{Store, act::Act};

    use super::*;

    fn envelope(source: &str) -> Envelope {
        Envelope {
            door: Door::Api,
            source: source.into(),
            received_at: 100,
            name: "../a.json".into(),
            sender: String::new(),
            peer: None,
        }
    }

    #[test]
    fn a_flood_of_one_source_keeps_the_others_flowing() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = Store::open(&data).unwrap();
        let act = Act { at: 1, actor: "jan", reason: "" };
        for (code, trust, critical) in [
            ("flood", Trust::Automatic, false),
            ("other", Trust::Vetted, false),
            ("cert", Trust::Automatic, true),
            ("spammer", Trust::Blocked, false),
        ] {
            store.put_source(act, &Source { trust, critical, ..Source::new(code) }, "{}").unwrap();
        }
        let limits = DoorsConfig { spool_bytes_max: 1_000, report_bytes_max: 450, ..DoorsConfig::default() };
        let door = SpoolDoor::open(&data, &limits).unwrap();
        let mut flood = 0;
        while door.accept(&envelope("flood"), &[0; 100]).is_ok() {
            flood += 1;
        }
        assert_eq!(flood, 4);
        assert!(matches!(door.accept(&envelope("flood"), b"x"), Err(Refusal::Later { .. })));
        door.accept(&envelope("other"), &[0; 400]).unwrap();
        assert!(matches!(door.accept(&envelope("other"), b"x"), Err(Refusal::Later { .. })));
        door.accept(&envelope("cert"), &[0; 100]).unwrap();
        assert!(matches!(door.accept(&envelope("spammer"), b"x"), Err(Refusal::Blocked)));
        assert!(matches!(door.accept(&envelope("nobody"), b"x"), Err(Refusal::Blocked)));
        let refused = door.accept(&envelope("cert"), &[0; 451]);
        assert!(matches!(refused, Err(Refusal::TooLarge { bytes_max: 450 })));
        let desk = spool::SpoolDesk::open(&data).unwrap();
        let first = desk.next().unwrap().unwrap();
        assert_eq!((first.envelope.source.as_str(), first.envelope.name.as_str()), ("cert", "a.json"));
    }
}
