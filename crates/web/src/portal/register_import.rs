//! `/register/import`: files of the register, or what was pasted. First what they would change is shown, then it is changed: the page between holds them,
//! and nothing else does.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use schakel_app::{
    portal::register_work::{self as changes, Imported},
    register::standing,
    register_import::Import,
    requests::AtWork,
};
use schakel_formats::register::import::{ImportError, Options, Scope};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act};
use serde::Serialize;

use super::{
    Portal,
    acting::{Went, act, ask_again},
    answer,
    forms::Form,
    plain,
    upload::{FILES_BYTES_MAX, Upload},
    visitor::Visitor,
};

/// A file as it was given.
#[derive(Clone, Serialize)]
struct Given {
    /// Empty: it was pasted.
    name: String,
    text: String,
}

impl Given {
    /// Its name; what was pasted is JSON by its first sign, else CSV.
    fn named(&self) -> String {
        match self.name.as_str() {
            "" if self.text.trim_start().starts_with(['{', '[']) => "pasted.json".to_owned(),
            "" => "pasted.csv".to_owned(),
            name => name.to_owned(),
        }
    }
}

/// The import: what was given, and what it would change.
#[derive(Clone, Serialize)]
struct ImportPage {
    files: Vec<Given>,
    scope: &'static str,
    megabytes_max: usize,
    looked: Option<Imported>,
}

impl ImportPage {
    fn shown(self, portal: &Portal, visitor: &Visitor) -> anyhow::Result<Response> {
        visitor.page(portal, StatusCode::OK, "import", self)
    }
}

/// `GET /register/import`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, _| page_of(Vec::new(), "additions").shown(portal, visitor))
        .await
}

fn page_of(files: Vec<Given>, scope: &'static str) -> ImportPage {
    ImportPage { files, scope, megabytes_max: FILES_BYTES_MAX >> 20, looked: None }
}

/// `POST /register/import`: shows what it would change; or, when that was seen, changes it.
pub async fn take(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Upload { form, files }: Upload,
) -> Response {
    let (scope, word) = match form.field("scope") {
        "organisations" => (Scope::Organisations, "organisations"),
        "whole" => (Scope::Whole, "whole"),
        _ => (Scope::Additions, "additions"),
    };
    let options = Options { scope: Some(scope), ..Options::default() };
    let names = form.all("name").chain(std::iter::repeat(""));
    let sent = form.all("text").zip(names).filter(|(text, _)| !text.trim().is_empty());
    let kept = sent.map(|(text, name)| Given { name: name.to_owned(), text: text.to_owned() }).collect();
    let (given, wrong) = match texts(files) {
        Ok(chosen) if chosen.is_empty() => (kept, None),
        Ok(chosen) => (chosen, None),
        Err(mistake) => (kept, Some(mistake)),
    };
    let wrong = wrong.or_else(|| given.is_empty().then(|| Mistake::new("text", "wrong-empty")));
    let page = page_of(given, word);
    let bytes: Vec<(String, Vec<u8>)> =
        page.files.iter().map(|one| (one.named(), one.text.clone().into_bytes())).collect();
    let again =
        |page: ImportPage| move |portal: &Portal, visitor: &Visitor, _: &Reader| page.shown(portal, visitor);
    if let Some(mistake) = wrong {
        return answer(&portal, &visitor, move |portal, visitor, reader| {
            ask_again(portal, visitor, reader, form, mistake, again(page))
        })
        .await;
    }
    if form.field("apply") == "yes" {
        let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
            if by.reason.is_empty() {
                return Err(Mistake::new("reason", "wrong-empty").into());
            }
            let store = at_work.intake.store();
            let import = Import::read_named(&bytes, &options, standing(store)?)?;
            changes::apply_import(store, by, &import)?;
            Ok(Went::on_to(Done::Imported, "/organisations"))
        };
        return act(&portal, &visitor, form, work, again(page)).await;
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let looked = portal.asking.carry_out(move |at_work| {
            let store = at_work.intake.store();
            let import = Import::read_named(&bytes, &options, standing(store)?)?;
            changes::look_at_import(store, &import)
        });
        match looked {
            Ok(Ok(looked)) => ImportPage { looked: Some(looked), ..page }.shown(portal, visitor),
            Ok(Err(error)) => {
                let mistake = unreadable(&error).unwrap_or_else(|| Mistake {
                    detail: format!("{error:#}"),
                    ..Mistake::new("text", "wrong-refused")
                });
                ask_again(portal, visitor, reader, form, mistake, again(page))
            }
            Err(_) => Ok(plain::trouble(portal, visitor)),
        }
    })
    .await
}

/// The text of each file, in UTF-8; the first that is none, or a document of another sort.
fn texts(files: Vec<(String, Vec<u8>)>) -> Result<Vec<Given>, Mistake> {
    if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > FILES_BYTES_MAX {
        let most = vec![("count", (FILES_BYTES_MAX >> 20).to_string())];
        return Err(Mistake::new("files", "upload-large").about(most));
    }
    files
        .into_iter()
        .map(|(name, bytes)| {
            let about = vec![("name", name.clone())];
            let Ok(text) = String::from_utf8(bytes) else {
                return Err(Mistake::new("files", "upload-not-text").about(about));
            };
            let is_binary = text.chars().any(|c| c.is_control() && !c.is_whitespace());
            // HTML, SVG and XML begin so, and no list does.
            if is_binary || text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('<') {
                return Err(Mistake::new("files", "upload-not-csv").about(about));
            }
            Ok(Given { name, text })
        })
        .collect()
}

/// What the files are not, as the page says it.
fn unreadable(error: &anyhow::Error) -> Option<Mistake> {
    Some(match error.downcast_ref::<ImportError>()? {
        ImportError::Unknown { name, .. } | ImportError::NoJson { name, .. } => {
            Mistake::new("files", "upload-not-csv").about(vec![("name", name.clone())])
        }
        ImportError::Mixed(_) => Mistake::new("files", "upload-mixed"),
        ImportError::NotWhole(_) => Mistake::new("scope", "upload-not-whole"),
        ImportError::Nothing | ImportError::Organisation(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_refused_by_its_name() {
        let refused = |bytes: &[u8]| {
            let wrong = texts(vec![("x".into(), bytes.to_vec())]).err()?;
            Some((wrong.key, wrong.parts[0].1.clone()))
        };
        assert_eq!(refused(b"id,name,kind\r\nGM1,Gouda,municipality\r\n"), None);
        assert_eq!(refused("\u{feff}id;name\n".as_bytes()), None);
        let named = |key| Some((key, "x".to_owned()));
        for page in ["<svg onload=alert(1)>", " \n<!DOCTYPE html>", "\u{feff}<?xml?>"] {
            assert_eq!(refused(page.as_bytes()), named("upload-not-csv"), "{page}");
        }
        assert_eq!(refused(b"PK\x03\x04\x00"), named("upload-not-csv"), "a zip of small bytes");
        assert_eq!(refused(b"name\nCaf\xe9\n"), named("upload-not-text"));
        assert_eq!(refused(&vec![b'a'; FILES_BYTES_MAX + 1]), Some(("upload-large", "4".to_owned())));
    }
}
