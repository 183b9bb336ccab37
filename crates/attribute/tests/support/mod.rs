//! Registers and observations for tests.

#![allow(dead_code)] // Each test binary uses its own part.

use std::borrow::Cow;

use schakel_formats::register::{RegisterFiles, read};
use schakel_model::{
    classification::ClassificationType,
    ids::{AssetId, OrganisationId, RegisterVersion},
    observation::{Endpoint, Identity, Observation, ObservedAt, Polarity, Transport},
    register::{Organisation, Register},
    severity::Severity,
};

/// A register from lines of `organisation,kind,value,role,valid_from,valid_until,proof,flags`, which may end early.
/// Assets are numbered from 1 in their order, organisations in the order in which they first appear.
pub fn register(assets: &str) -> Register {
    let header = "organisation,kind,value,role,valid_from,valid_until,proof,flags";
    let mut codes: Vec<&str> = Vec::new();
    for code in
        assets.lines().filter_map(|line| line.trim().split(',').next()).filter(|code| !code.is_empty())
    {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    let organisations: String = codes.iter().map(|code| format!("{code},{code},municipality\n")).collect();
    let reading = read(
        format!("id,name,kind\n{organisations}").as_bytes(),
        format!("{header}\n{assets}").as_bytes(),
        b"organisation,role,email\n",
        b"",
    );
    assert_eq!(reading.errors, 0, "{:?}", reading.problems);
    numbered(&reading.files)
}

/// Gives rows their numbers.
pub fn numbered(files: &RegisterFiles) -> Register {
    let organisations: Vec<Organisation> =
        files.organisations.iter().zip(1..).map(|(row, id)| row.organisation(OrganisationId(id))).collect();
    let assets = files
        .assets
        .iter()
        .zip(1..)
        .map(|(row, id)| {
            let owner = organisations
                .iter()
                .find(|organisation| *organisation.code == *row.organisation)
                .expect("every row names an organisation");
            row.asset(AssetId(id), owner.id)
        })
        .collect();
    Register { version: RegisterVersion(1), organisations, assets, ..Register::default() }
}

/// An observation with nothing but its ends.
pub fn observation<'a>(source: Endpoint<'a>, target: Endpoint<'a>) -> Observation<'a> {
    Observation {
        observed_at: ObservedAt(1_790_000_000),
        source,
        target,
        transport: Transport::Tcp,
        classification: ClassificationType::VulnerableSystem,
        identifier: Cow::Borrowed(""),
        malware: Cow::Borrowed(""),
        severity: Severity::Low,
        polarity: Polarity::Seen,
        identity: Identity::SERVICE,
    }
}
