//! The part of the register that can answer a question about some values, looked up by index: a register of millions of assets takes
//! seconds to load, and a question about one address should not.

use std::{collections::BTreeSet, net::IpAddr};

use rusqlite::{Connection, params};
use schakel_model::{
    announced::Origin, asset::AssetValue, ids::RegisterVersion, register::Register, relation::RelationKind,
};

use crate::{
    StoreError, announced,
    error::DatabaseContext,
    register_rows::{ASSET, ORGANISATION, RECORDED, RELATION, asset_of, organisation_of, relation_of},
};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Around<'a> {
    /// Assets with exactly these values.
    pub values: &'a [String],
    /// Assets whose value starts so.
    pub starts: &'a [String],
    /// Addresses: what is announced around them, and the assets of whoever announces it.
    pub addresses: &'a [IpAddr],
}

/// A chain of mergers is followed this far; files with circles are refused.
const MERGERS_MAX: usize = 100;

/// The assets around some values as recorded at a version, their organisations, what these merged into and what they supply. No contacts.
pub fn load_around(
    connection: &Connection,
    version: RegisterVersion,
    around: &Around<'_>,
) -> Result<Register, StoreError> {
    let mut register = Register { version, ..Register::default() };
    register.announced = announced::around(connection, version, around.addresses)?;
    let announcers = register.announced.prefixes.iter().map(|prefix| match &prefix.origin {
        Origin::Asn(asn) => AssetValue::Asn(*asn).to_string(),
        Origin::Handle(handle) => handle.clone(),
    });
    let values: BTreeSet<String> = announcers.chain(around.values.iter().cloned()).collect();
    assets(connection, version, &values, around.starts, &mut register).doing("look up assets")?;
    relations(connection, version, &mut register).doing("look up relations")?;
    Ok(register)
}

fn exactly() -> String {
    format!("SELECT {ASSET} WHERE value = ?2 AND {RECORDED}")
}

fn starting() -> String {
    format!("SELECT {ASSET} WHERE value >= ?2 AND value < ?3 AND {RECORDED}")
}

fn assets(
    connection: &Connection,
    version: RegisterVersion,
    values: &BTreeSet<String>,
    starts: &[String],
    register: &mut Register,
) -> rusqlite::Result<()> {
    let mut exactly = connection.prepare_cached(&exactly())?;
    for value in values {
        for asset in exactly.query_map(params![version.0, value], asset_of)? {
            register.assets.push(asset?);
        }
    }
    let mut starting = connection.prepare_cached(&starting())?;
    for start in starts {
        let end = format!("{start}{}", char::MAX);
        for asset in starting.query_map(params![version.0, start, end], asset_of)? {
            register.assets.push(asset?);
        }
    }
    register.assets.sort_unstable_by_key(|asset| asset.id);
    register.assets.dedup_by_key(|asset| asset.id);
    Ok(())
}

/// The organisations of the assets, and those that they are told through.
fn relations(
    connection: &Connection,
    version: RegisterVersion,
    register: &mut Register,
) -> rusqlite::Result<()> {
    let mut of = connection.prepare_cached(&format!(
        "SELECT {RELATION} WHERE from_organisation = ?2 AND kind IN ('merged_into', 'supplies') AND {RECORDED}"
    ))?;
    let mut organisations: BTreeSet<_> = register.assets.iter().map(|asset| asset.organisation).collect();
    let mut next: Vec<_> = organisations.iter().copied().collect();
    for _ in 0..MERGERS_MAX {
        let mut further = Vec::new();
        for organisation in next {
            for relation in of.query_map(params![version.0, organisation.0], relation_of)? {
                let relation = relation?;
                organisations.insert(relation.to);
                if relation.kind == RelationKind::MergedInto {
                    further.push(relation.to);
                }
                register.relations.push(relation);
            }
        }
        if further.is_empty() {
            break;
        }
        next = further;
    }
    register.relations.sort_unstable_by_key(|relation| relation.id);
    register.relations.dedup_by_key(|relation| relation.id);
    let mut named = connection
        .prepare_cached(&format!("SELECT {ORGANISATION} WHERE s.organisation = ?2 AND {RECORDED}"))?;
    for organisation in organisations {
        for organisation in named.query_map(params![version.0, organisation.0], organisation_of)? {
            register.organisations.push(organisation?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, data_dir::DataDir};

    #[test]
    fn assets_are_looked_up_by_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        for query in [exactly(), starting()] {
            let plan: String = store
                .read(|connection| {
                    let mut explain =
                        connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).doing("explain")?;
                    let values = ["1"; 3];
                    let values = rusqlite::params_from_iter(&values[..explain.parameter_count()]);
                    explain.query_row(values, |row| row.get(3)).doing("explain")
                })
                .unwrap();
            assert!(plan.contains("USING INDEX asset_value (value"), "{plan}");
        }
    }
}
