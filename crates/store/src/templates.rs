//! The texts of mails as the desk changed them. Nothing is overwritten: a change is a version, and the newest is in force.

use rusqlite::{Connection, Row, params};
use schakel_model::language::Language;

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// A version of one template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateVersion {
    /// Its number, from 1, over all templates.
    pub id: u32,
    /// In which language.
    pub language: Language,
    /// Which template.
    pub name: String,
    /// Since when, in seconds since 1970.
    pub at: i64,
    /// Who made it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The text; none is the built-in one again.
    pub text: Option<String>,
}

impl Store {
    /// Puts a text into force; none is the built-in one again. Gives the number of the version.
    pub fn set_template(
        &mut self,
        act: &Act<'_>,
        language: Language,
        name: &str,
        text: Option<&str>,
    ) -> Result<u32, StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO template_version (language, name, at, actor, reason, text) VALUES (?1,?2,?3,?4,?5,?6)",
                    params![language.as_str(), name, act.at, act.actor, act.reason, text],
                )
                .doing("store a template")?;
            let id = transaction.last_insert_rowid() as u32;
            let detail = match text {
                Some(text) => format!("{{\"version\":{id},\"bytes\":{}}}", text.len()),
                None => format!("{{\"version\":{id},\"built_in\":true}}"),
            };
            act.audit(transaction, Action::TemplateChanged, &format!("template:{language}/{name}"), &detail)?;
            Ok(id)
        })
    }
}

/// The versions in force, of templates that are not the built-in ones.
pub fn in_force(connection: &Connection) -> Result<Vec<TemplateVersion>, StoreError> {
    select(
        connection,
        "text IS NOT NULL AND id IN (SELECT max(id) FROM template_version GROUP BY language, name)
         ORDER BY language, name",
        [],
    )
}

/// All versions of a template, the newest first.
pub fn history(
    connection: &Connection,
    language: Language,
    name: &str,
) -> Result<Vec<TemplateVersion>, StoreError> {
    select(connection, "language = ?1 AND name = ?2 ORDER BY id DESC", params![language.as_str(), name])
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<TemplateVersion>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT id, language, name, at, actor, reason, text FROM template_version WHERE {condition}"
        ))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read templates")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TemplateVersion> {
    Ok(TemplateVersion {
        id: row.get(0)?,
        language: row.get::<_, String>(1)?.parse().unwrap_or_default(),
        name: row.get(2)?,
        at: row.get(3)?,
        actor: row.get(4)?,
        reason: row.get(5)?,
        text: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn the_newest_version_is_in_force_until_the_built_in_one_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let act = |at| Act { at, actor: "jan", reason: "clearer" };
        store.set_template(&act(1), Language::Nl, "notification.txt", Some("a")).unwrap();
        store.set_template(&act(2), Language::Nl, "notification.txt", Some("b")).unwrap();
        store.set_template(&act(3), Language::En, "notification.txt", Some("c")).unwrap();
        let texts = |store: &Store| -> Vec<_> {
            let versions = store.read(in_force).unwrap();
            versions.into_iter().map(|one| (one.language, one.text.unwrap())).collect()
        };
        assert_eq!(texts(&store), [(Language::En, "c".to_owned()), (Language::Nl, "b".to_owned())]);
        store.set_template(&act(4), Language::Nl, "notification.txt", None).unwrap();
        assert_eq!(texts(&store), [(Language::En, "c".to_owned())]);
        let history = store.read(|connection| history(connection, Language::Nl, "notification.txt")).unwrap();
        let kept: Vec<_> = history.iter().map(|one| (one.at, one.text.as_deref())).collect();
        assert_eq!(kept, [(4, None), (2, Some("b")), (1, Some("a"))]);
    }
}
