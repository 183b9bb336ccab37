//! A photo of Taranis 3: what one constituent uses. `taranis photo export` writes it as CSV (`pm/Taranis/Command/Photo.pm`,
//! EUPL): Vendor, Product, CPE, Type. It does not say whose it is, so the user must.
//!
//! A product is kept by its CPE name when it has one, else as vendor and product; the note has what people call it.

use std::sync::Arc;

use super::{
    super::{ProblemKind, RegisterFile},
    Source,
    draft::{AssetText, Draft},
    tables::{csv_columns, csv_rows, has_all},
};

const COLUMNS: [&str; 4] = ["vendor", "product", "cpe", "type"];

pub(super) fn recognises(source: &Source<'_>) -> bool {
    source.has_ending(&["csv"]) && has_all(&csv_columns(source.bytes), &COLUMNS)
}

pub(super) fn draft(sources: &[Source<'_>], organisation: Option<&Arc<str>>, draft: &mut Draft) {
    for source in sources {
        let Some(organisation) = organisation else {
            draft.file_problem(
                source.name,
                "a photo does not say whose it is; say --organisation CODE".to_owned(),
            );
            return;
        };
        for row in csv_rows(source.name, source.bytes, draft) {
            let spot = row.spot.clone();
            let [vendor, product, cpe, kind] = row.fields(COLUMNS);
            let named = format!("{vendor} {product}").trim().to_owned();
            if named.is_empty() && cpe.is_empty() {
                draft.problem(&spot, (RegisterFile::Assets, "value"), "", ProblemKind::Empty, || {
                    "the row names no product; fill in vendor and product, or the CPE".to_owned()
                });
                continue;
            }
            let kind = if kind.is_empty() { kind } else { format!(" ({kind})") };
            let note = format!("{named}{kind}").trim().to_owned();
            let value = if cpe.is_empty() { named } else { cpe };
            draft.assets.push((
                spot,
                AssetText {
                    organisation: organisation.to_string(),
                    kind: "product".to_owned(),
                    value,
                    note,
                    ..AssetText::default()
                },
            ));
        }
    }
}
