//! How findings are written in the parcels of a link.

use rusqlite::{Connection, params};
use schakel_model::{
    hub::{Link, PayloadForm},
    ids::LinkId,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
};

/// How they are written on this link. A word that this program does not know is taken as the usual form, which every hub reads.
pub fn form(connection: &Connection, link: LinkId) -> Result<PayloadForm, StoreError> {
    connection
        .prepare_cached("SELECT payload FROM hub_link WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get::<_, String>(0)))
        .map(|word| word.parse().unwrap_or_default())
        .doing("read how findings are written for a hub")
}

impl Store {
    /// Writes the findings of parcels that are made from now on in this form.
    pub fn set_payload_form(
        &mut self,
        act: Act<'_>,
        link: &Link,
        form: PayloadForm,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("UPDATE hub_link SET payload = ?2 WHERE id = ?1")
                .and_then(|mut statement| statement.execute(params![link.id.0, form.as_str()]))
                .doing("note how findings are written for a hub")?;
            let subject = format!("hub:{}", link.peer);
            act.audit(transaction, Action::HubLinkChanged, &subject, &json(form.as_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data_dir::DataDir,
        hubs::tests::{ACT, linked},
    };

    #[test]
    fn each_link_has_its_form() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let (one, other) = (linked(&mut store, "a.example"), linked(&mut store, "b.example"));
        let of = |store: &Store, link: &Link| store.read(|connection| form(connection, link.id)).unwrap();
        for set in [PayloadForm::Xarf, PayloadForm::Csaf, PayloadForm::Idf] {
            store.set_payload_form(ACT, &one, set).unwrap();
            assert_eq!((of(&store, &one), of(&store, &other)), (set, PayloadForm::Idf));
        }
    }
}
