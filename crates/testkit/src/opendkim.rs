//! OpenDKIM as a judge of our signatures: the public keys come from a file instead of the DNS.
//!
//! Needs the package `opendkim`. Where it is missing, [`verify`] says so on stderr and returns `None`, and the test skips.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

/// What it says of a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// Did it find a good signature?
    pub is_good: bool,
    /// All that it said.
    pub said: String,
}

/// Judges a mail. `records`: names (`selector._domainkey.domain`) and texts of TXT records.
pub fn verify(folder: &Path, records: &[(String, String)], mail: &[u8]) -> Option<Judgement> {
    match try_verify(folder, records, mail) {
        Ok(judgement) => Some(judgement),
        Err(error) => {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("skipped: no OpenDKIM: {error} (Debian: apt-get install opendkim)");
            }
            None
        }
    }
}

fn try_verify(folder: &Path, records: &[(String, String)], mail: &[u8]) -> io::Result<Judgement> {
    let (keys, config, file) = (folder.join("keys"), folder.join("opendkim.conf"), folder.join("mail.eml"));
    // One line a key; a blank ends the name.
    let lines: String =
        records.iter().map(|(name, text)| format!("{name} {}\n", text.replace(' ', ""))).collect();
    fs::write(&keys, lines)?;
    fs::write(
        &config,
        format!(
            "Mode v\nTestPublicKeys {}\nAlwaysAddARHeader yes\nAuthservID judge.example\n",
            keys.display()
        ),
    )?;
    fs::write(&file, mail)?;
    let run = Command::new("/usr/sbin/opendkim")
        .arg("-x")
        .arg(&config)
        .arg("-vv")
        .arg("-t")
        .arg(&file)
        .stdin(Stdio::null())
        .output()?;
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    Ok(Judgement { is_good: said.contains("dkim=pass"), said })
}
