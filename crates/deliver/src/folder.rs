//! Mails as `.eml` files in a folder: for trying things out, for the demo, and for a mail system that picks files up. Events for a program of
//! a member go the same way, as `.json`.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    channel::{Delivery, OpenError},
    outcome::{Answer, Outcome},
};

/// Writes each mail to a file named after its Message-ID, so that a mail that is sent again replaces itself.
#[derive(Debug)]
pub struct FolderChannel {
    folder: PathBuf,
    extension: &'static str,
}

impl FolderChannel {
    /// Mails into this folder, which is made when it is not there.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)
            .map_err(|source| OpenError::Folder { path: folder.to_path_buf(), source })?;
        Ok(Self { folder: folder.to_path_buf(), extension: "eml" })
    }

    /// Events for a program into this folder, which somebody else has made: one that is not there may be not mounted.
    pub fn drop(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), extension: "json" }
    }

    /// Writes a mail. When it returns [`Outcome::Accepted`], the file survives a power cut.
    pub fn deliver(&self, delivery: &Delivery<'_>) -> Outcome {
        let path = self.folder.join(format!("{}.{}", delivery.message_id.bare(), self.extension));
        match self.write(&path, delivery.bytes) {
            Ok(()) => {
                Outcome::Accepted(Answer { code: None, text: format!("written to {}", path.display()) })
            }
            Err(error) => Outcome::Temporary(Answer {
                code: None,
                text: format!("writing {}: {error}", path.display()),
            }),
        }
    }

    /// Under another name first, so that whoever watches the folder never sees half a mail.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let unfinished = path.with_extension(format!("{}.tmp", self.extension));
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.folder)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message_id::MessageId;

    fn deliver(channel: &FolderChannel, recipient: u32, bytes: &[u8]) -> Outcome {
        let message_id = MessageId::new(17, 0, recipient, "mail.example").unwrap();
        let delivery = Delivery {
            envelope_from: "desk@mail.example",
            to: "noc@x.example",
            message_id: &message_id,
            bytes,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        channel.deliver(&delivery)
    }

    #[test]
    fn a_mail_that_is_sent_again_replaces_itself() {
        let folder = tempfile::tempdir().unwrap();
        let channel = FolderChannel::open(&folder.path().join("a/b")).unwrap();
        for recipient in [1, 2, 1] {
            assert!(matches!(deliver(&channel, recipient, b"mail"), Outcome::Accepted(_)));
        }
        let mut names: Vec<_> = fs::read_dir(folder.path().join("a/b"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["17.0.1@mail.example.eml", "17.0.2@mail.example.eml"]);
        assert_eq!(fs::read(folder.path().join("a/b/17.0.1@mail.example.eml")).unwrap(), b"mail");
    }

    #[test]
    fn a_folder_that_goes_away_is_a_reason_to_try_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail");
        let channel = FolderChannel::open(&path).unwrap();
        fs::remove_dir(&path).unwrap();
        let outcome = deliver(&channel, 1, b"mail");
        assert!(
            matches!(&outcome, Outcome::Temporary(answer) if answer.text.contains("17.0.1@mail.example"))
        );
        fs::create_dir(&path).unwrap();
        assert!(matches!(deliver(&channel, 1, b"mail"), Outcome::Accepted(_)));
    }

    #[test]
    fn a_folder_that_is_a_file_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mail"), b"").unwrap();
        let error = FolderChannel::open(&folder.path().join("mail")).unwrap_err();
        assert!(error.to_string().contains("mail"), "{error}");
    }
}
