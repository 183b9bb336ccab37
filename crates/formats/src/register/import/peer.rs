//! What the importers of other systems share: their organisations among ours.

use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;

use super::{
    super::{ProblemKind, RegisterFile},
    Source,
    columns::contact_roles,
    draft::{AssetText, ContactText, Draft, OrganisationText, Spot, Table},
    names::{Names, kind_by_name},
};

/// A peer's data on its way into the draft.
pub(super) struct Peer<'d> {
    pub draft: &'d mut Draft,
    names: &'d Names,
    /// The system, for codes: `contactdb-12`.
    system: &'static str,
    /// Their identifier → our code.
    codes: HashMap<String, Arc<str>, FixedState>,
    new: u64,
    /// What was left out → how often.
    left_out: Vec<(&'static str, u64)>,
}

impl<'d> Peer<'d> {
    pub fn new(system: &'static str, names: &'d Names, draft: &'d mut Draft) -> Self {
        Self { draft, names, system, codes: HashMap::default(), new: 0, left_out: Vec::new() }
    }

    /// Is exactly one organisation of ours called so?
    pub fn knows(&self, name: &str) -> bool {
        self.names.find_name(name).is_some()
    }

    /// An organisation of theirs: the one of ours with its name, if exactly one has it, else a new one.
    pub fn organisation(&mut self, spot: &Spot, id: &str, name: &str, parent: &str) -> Arc<str> {
        let code = self.names.find_name(name).unwrap_or_else(|| {
            let code: Arc<str> = format!("{}-{id}", self.system).into();
            if !self.names.has_code(&code) {
                self.new += 1;
            }
            let parent = self.codes.get(parent).map(ToString::to_string).unwrap_or_default();
            self.draft.organisations.push((
                spot.clone(),
                OrganisationText {
                    code: code.to_string(),
                    name: name.to_owned(),
                    kind: if self.names.has_code(&code) {
                        String::new()
                    } else {
                        kind_by_name(name).to_string()
                    },
                    parent,
                    language: String::new(),
                },
            ));
            code
        });
        self.codes.insert(id.to_owned(), Arc::clone(&code));
        code
    }

    /// Another identifier of an organisation of theirs: the number that it has in their database.
    pub fn alias(&mut self, number: &str, id: &str) {
        if let Some(code) = self.codes.get(id).map(Arc::clone) {
            self.codes.insert(format!("#{number}"), code);
        }
    }

    /// The code of an organisation of theirs, if there is one with this identifier; else a problem.
    pub fn find(&mut self, spot: &Spot, file: RegisterFile, id: &str) -> Option<Arc<str>> {
        let code = self.codes.get(id).map(Arc::clone);
        if code.is_none() {
            self.draft.problem(spot, (file, "organisation"), id, ProblemKind::UnknownOrganisation, || {
                format!("no organisation of the file has the identifier `{id}`; give the file with its organisations too")
            });
        }
        code
    }

    pub fn asset(&mut self, spot: &Spot, organisation: &Arc<str>, kind: &str, value: &str, note: &str) {
        if value.is_empty() {
            return;
        }
        self.draft.assets.push((
            spot.clone(),
            AssetText {
                organisation: organisation.to_string(),
                kind: kind.to_owned(),
                value: value.to_owned(),
                note: note.to_owned(),
                ..AssetText::default()
            },
        ));
    }

    /// A contact for each of its roles, of which it may have none, and for each of its mail addresses.
    pub fn contact(&mut self, spot: &Spot, organisation: &Arc<str>, roles: &[String], contact: &ContactText) {
        for role in roles {
            for email in contact.email.split([',', ';', ' ', '\n']).filter(|email| !email.is_empty()) {
                self.draft.contacts.push((
                    spot.clone(),
                    ContactText {
                        organisation: organisation.to_string(),
                        role: role.clone(),
                        name: contact.name.clone(),
                        email: email.to_owned(),
                        phone: contact.phone.clone(),
                        ..ContactText::default()
                    },
                ));
            }
        }
    }

    /// Our words for roles of theirs. One we do not know becomes the general contact, who is told nothing confidential.
    pub fn roles(&mut self, spot: &Spot, text: &str) -> Vec<String> {
        let mut roles = Vec::new();
        for word in text.split([';', ',']).map(str::trim).filter(|word| !word.is_empty()) {
            match contact_roles(word) {
                Ok(known) => roles.extend(known.into_iter().map(|role| role.to_string())),
                Err(_) => {
                    roles.push("acib".to_owned());
                    self.draft.problem(spot, (RegisterFile::Contacts, "role"), word, ProblemKind::NotTaken, || {
                        format!("the role `{word}` is not known; the contact is taken as acib, who hears nothing confidential")
                    });
                }
            }
        }
        roles.sort_unstable();
        roles.dedup();
        roles
    }

    /// Counts something that has no place in the register.
    pub fn leave_out(&mut self, what: &'static str) {
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count += 1,
            None => self.left_out.push((what, 1)),
        }
    }

    /// Says what was left out, and what a person should look at.
    pub fn finish(self, sources: &[Source<'_>]) {
        let table =
            self.draft.table(Table::Lines(sources.first().map_or("", |source| source.name).to_owned()));
        let spot = Spot { table, row: 0, cells: None };
        for (what, count) in self.left_out {
            self.draft.problem(&spot, (RegisterFile::Organisations, ""), "", ProblemKind::NotTaken, || {
                format!("not taken: {count} {what}")
            });
        }
        if self.new > 0 {
            let new = self.new;
            self.draft.problem(
                &spot,
                (RegisterFile::Organisations, "kind"),
                "",
                ProblemKind::Normalised,
                || format!("the kinds of {new} new organisations are guessed from their names; look at them"),
            );
        }
    }
}
