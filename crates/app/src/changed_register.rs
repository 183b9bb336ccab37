//! A register that is not applied: what stands with a change, in memory, for asking what it would do.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Context, bail, ensure};
use foldhash::fast::FixedState;
use schakel_formats::register::{AssetKey, AssetRow, RegisterFiles, read_value};
use schakel_model::{
    asset::{Asset, AssetFlags, AssetKind, AssetValue, Proof, Role},
    ids::{AssetId, ContactId, OrganisationId, RelationId},
    register::{Contact, Register},
    relation::Relation,
};

/// A small change, as it is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// `add CODE KIND VALUE [ROLE]`
    Add {
        /// The organisation's code.
        organisation: String,
        /// What it gets.
        values: Vec<AssetValue>,
        /// In which role.
        role: Role,
    },
    /// `withdraw ASSET`, by its number.
    WithdrawAsset(AssetId),
    /// `withdraw CODE KIND VALUE`
    Withdraw {
        /// The organisation's code.
        organisation: String,
        /// What it loses, in every role.
        values: Vec<AssetValue>,
    },
}

impl std::str::FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "`{text}` is no change: write `add CODE KIND VALUE ROLE`, for example `add GM0513 prefix 192.0.2.0/24 owner`, \
                 or `withdraw CODE KIND VALUE`, or `withdraw` and the number of an asset"
            )
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let values = |kind: &str, value: &str| {
            let kind = kind.parse::<AssetKind>()?;
            read_value(kind, value).map_err(|(_, problem)| problem)
        };
        match words[..] {
            ["add", organisation, kind, value] => {
                let values = values(kind, value)?;
                Ok(Self::Add { organisation: organisation.to_owned(), values, role: Role::Owner })
            }
            ["add", organisation, kind, value, role] => {
                let values = values(kind, value)?;
                Ok(Self::Add { organisation: organisation.to_owned(), values, role: role.parse()? })
            }
            ["withdraw", number] => number.parse().map(Self::WithdrawAsset).map_err(|_| wrong()),
            ["withdraw", organisation, kind, value] => {
                Ok(Self::Withdraw { organisation: organisation.to_owned(), values: values(kind, value)? })
            }
            _ => Err(wrong()),
        }
    }
}

/// Applies small changes in their order.
pub fn with_changes(standing: &Register, changes: &[Change]) -> anyhow::Result<Register> {
    let mut changed = standing.clone();
    let mut next = next_asset(standing);
    let id_of = |code: &str| {
        let known = standing.organisations.iter().find(|organisation| organisation.code == code);
        known.map(|organisation| organisation.id).with_context(|| {
            format!("there is no organisation {code}. `schakel register export DIR` writes the register")
        })
    };
    for change in changes {
        match change {
            Change::Add { organisation, values, role } => {
                let organisation = id_of(organisation)?;
                for value in values {
                    changed.assets.push(Asset {
                        id: next,
                        organisation,
                        value: value.clone(),
                        role: *role,
                        valid_from: None,
                        valid_until: None,
                        // As sure as what the desk enters.
                        proof: Proof::Desk,
                        flags: AssetFlags::default(),
                        note: String::new(),
                    });
                    next.0 += 1;
                }
            }
            Change::WithdrawAsset(id) => {
                let before = changed.assets.len();
                changed.assets.retain(|asset| asset.id != *id);
                ensure!(
                    changed.assets.len() < before,
                    "there is no asset {id}. `schakel explain` shows their numbers"
                );
            }
            Change::Withdraw { organisation, values } => {
                let id = id_of(organisation)?;
                for value in values {
                    let before = changed.assets.len();
                    changed.assets.retain(|asset| asset.organisation != id || asset.value != *value);
                    if changed.assets.len() == before {
                        bail!("{organisation} has no {} {value}", value.kind());
                    }
                }
            }
        }
    }
    Ok(changed)
}

/// The register that these files hold. What stands keeps its numbers.
pub fn of_files(standing: &Register, files: &RegisterFiles) -> Register {
    let mut ids: HashMap<&str, OrganisationId, FixedState> =
        standing.organisations.iter().map(|one| (one.code.as_str(), one.id)).collect();
    let mut next = standing.organisations.last().map_or(1, |last| last.id.0 + 1);
    for row in &files.organisations {
        ids.entry(&row.code).or_insert_with(|| {
            next += 1;
            OrganisationId(next - 1)
        });
    }
    // A row of an organisation that the file does not name cannot pass its checks.
    let id = |code: &str| ids.get(code).copied().unwrap_or_default();
    let rows = RegisterFiles::of(standing).assets;
    // Rows and assets stand in the same order; what belongs to nobody has no row.
    let owned = standing.assets.iter().filter(|asset| standing.organisation(asset.organisation).is_some());
    let known: HashMap<AssetKey<'_>, AssetId, FixedState> =
        rows.iter().map(AssetRow::key).zip(owned.map(|asset| asset.id)).collect();
    let mut next_asset = next_asset(standing);
    let mut changed = Register {
        version: standing.version,
        organisations: files.organisations.iter().map(|row| row.organisation(id(&row.code))).collect(),
        assets: Vec::with_capacity(files.assets.len()),
        contacts: (1..)
            .zip(&files.contacts)
            .map(|(n, row)| row.contact(ContactId(n), id(&row.organisation)))
            .collect(),
        relations: (1..)
            .zip(&files.relations)
            .map(|(n, row)| row.relation(RelationId(n), id(&row.from), id(&row.to)))
            .collect(),
        announced: standing.announced.clone(),
    };
    for row in &files.assets {
        let number = known.get(&row.key()).copied().unwrap_or_else(|| {
            next_asset.0 += 1;
            AssetId(next_asset.0 - 1)
        });
        changed.assets.push(row.asset(number, id(&row.organisation)));
    }
    changed.organisations.sort_by_key(|organisation| organisation.id);
    changed.assets.sort_by_key(|asset| asset.id);
    changed
        .contacts
        .sort_by_key(|contact| (contact.organisation, contact.role, contact.position, contact.id));
    changed
}

/// The assets that are in one of the registers only, or are different there.
pub fn touched<'a>(standing: &'a Register, changed: &'a Register) -> Vec<&'a Asset> {
    let (before, after) = (alike(standing), alike(changed));
    let gone = standing.assets.iter().filter(|asset| !after.contains(&looked_at(asset)));
    gone.chain(changed.assets.iter().filter(|asset| !before.contains(&looked_at(asset)))).collect()
}

/// What attribution looks at of an asset.
type LookedAt<'a> = (OrganisationId, &'a AssetValue, Role, Option<i64>, Option<i64>, bool, AssetFlags);

fn looked_at(asset: &Asset) -> LookedAt<'_> {
    let proven = asset.proof != Proof::Asserted;
    (asset.organisation, &asset.value, asset.role, asset.valid_from, asset.valid_until, proven, asset.flags)
}

fn alike(register: &Register) -> HashSet<LookedAt<'_>, FixedState> {
    register.assets.iter().map(looked_at).collect()
}

/// Do fates depend on nothing that differs? Then events whose owners are the same are told the same.
pub fn reach_alike(standing: &Register, changed: &Register) -> bool {
    let contacts = |register: &Register| -> BTreeSet<String> {
        let told = |contact: &Contact| Contact { id: ContactId(0), ..contact.clone() };
        register.contacts.iter().map(|contact| format!("{:?}", told(contact))).collect()
    };
    let relations = |register: &Register| -> BTreeSet<String> {
        let told = |relation: &Relation| Relation { id: RelationId(0), ..relation.clone() };
        register.relations.iter().map(|relation| format!("{:?}", told(relation))).collect()
    };
    contacts(standing) == contacts(changed) && relations(standing) == relations(changed)
}

fn next_asset(standing: &Register) -> AssetId {
    AssetId(standing.assets.last().map_or(1, |last| last.id.0 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> Register {
        let organisations = "id,name,kind\nA,Adorp,municipality\nB,Bdam,municipality\n";
        let assets = "organisation,kind,value,role,proof\nA,prefix,198.51.100.0/24,owner,desk\nB,domain,bdam.example,owner,\n";
        let contacts = "organisation,role,name,email\nA,acib,Ada,ada@adorp.example\n";
        let reading = schakel_formats::register::read(
            organisations.as_bytes(),
            assets.as_bytes(),
            contacts.as_bytes(),
            b"",
        );
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        of_files(&Register::default(), &reading.files)
    }

    fn values(assets: &[&Asset]) -> Vec<String> {
        assets.iter().map(|asset| format!("{} {} {}", asset.organisation, asset.value, asset.role)).collect()
    }

    fn change(text: &str) -> Change {
        text.parse().unwrap()
    }

    #[test]
    fn a_typed_change_is_applied_and_found_again() {
        let standing = standing();
        let changes = [
            change("add B prefix 198.51.100.9/25 operator"),
            change("withdraw A prefix 198.51.100.0/24"),
            change("add A domain Adorp.example."),
            change("withdraw 2"),
        ];
        let changed = with_changes(&standing, &changes).unwrap();
        assert_eq!(
            values(&touched(&standing, &changed)),
            [
                "1 198.51.100.0/24 owner",
                "2 bdam.example owner",
                "2 198.51.100.0/25 operator",
                "1 adorp.example owner"
            ]
        );
        assert!(reach_alike(&standing, &changed));
        for wrong in ["withdraw 99", "withdraw A domain bdam.example", "add C prefix 198.51.100.0/24 owner"] {
            assert!(with_changes(&standing, &[change(wrong)]).is_err(), "{wrong}");
        }
        for wrong in [
            "",
            "add",
            "add A prefix",
            "add A prefix 300.1.1.1/8",
            "add A prefix 192.0.2.0/24 boss",
            "withdraw A B",
            "move A B C D",
        ] {
            assert!(wrong.parse::<Change>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_that_say_the_same_touch_nothing_and_a_contact_changes_reach() {
        let standing = standing();
        let mut files = RegisterFiles::of(&standing);
        let same = of_files(&standing, &files);
        assert_eq!(touched(&standing, &same), Vec::<&Asset>::new());
        assert!(reach_alike(&standing, &same));
        assert_eq!(same.assets, standing.assets);
        files.contacts[0].email = "ib@adorp.example".to_owned();
        files.assets[1].note = "a remark".to_owned();
        let changed = of_files(&standing, &files);
        assert_eq!(touched(&standing, &changed), Vec::<&Asset>::new());
        assert!(!reach_alike(&standing, &changed));
        files.assets[1].proof = Proof::Dns;
        let proven = of_files(&standing, &files);
        assert_eq!(values(&touched(&standing, &proven)), ["2 bdam.example owner", "2 bdam.example owner"]);
    }
}
