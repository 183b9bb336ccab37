//! Copyright notices: the XML of the Automated Copyright Notice System (ACNS 2.0, <http://www.acns.net>) in a text or a file.

use std::collections::HashMap;

use quick_xml::{Reader, events::Event as Xml};
use schakel_model::classification::ClassificationType as Kind;

use super::{Letter, When, moments};
use crate::feeds::draft::{Draft, End};

const START: &str = "<Infringement";
const END: &str = "</Infringement>";

/// Notices in one mail. They come one by one.
const NOTICES_MAX: usize = 100;

/// Elements inside elements. A notice has four levels.
const DEPTH_MAX: usize = 16;

/// Where a notice says something, and the field it goes to.
const KEPT: [(&str, &str); 8] = [
    ("Case/ID", "extra.case_id"),
    ("Case/Severity", "extra.case_severity"),
    ("Complainant/Entity", "extra.complainant"),
    ("Source/DNS_Name", "source.reverse_dns"),
    ("Content/Item/Title", "event_description.text"),
    ("Content/Item/FileName", "extra.file_name"),
    ("Content/Item/Hash", "extra.file_hash"),
    ("Content/Item/FileSize", "extra.file_size"),
];

/// One event for each notice. The same notice often stands in the text and in a file.
pub(super) fn read(letter: &Letter<'_>) -> Vec<Draft> {
    let texts = letter.mail.texts.iter().map(|text| text.text.as_str()).chain(letter.attached());
    let mut notices: Vec<HashMap<String, String>> = Vec::new();
    for text in texts {
        let mut rest = text;
        while notices.len() < NOTICES_MAX
            && let Some(start) = rest.find(START)
            && let Some(length) = rest[start..].find(END)
        {
            let end = start + length + END.len();
            if let Some(notice) = values(&rest[start..end])
                && !notices.contains(&notice)
            {
                notices.push(notice);
            }
            rest = &rest[end..];
        }
    }
    notices.iter().filter_map(|notice| event(letter, notice)).collect()
}

fn event(letter: &Letter<'_>, notice: &HashMap<String, String>) -> Option<Draft> {
    let said = |path: &str| notice.get(path).map(String::as_str).unwrap_or_default();
    let mut draft = letter.draft("acns");
    if !super::arf::is_address(said("Source/IP_Address")) {
        return None;
    }
    draft.machine(End::Source, said("Source/IP_Address"));
    draft.port(End::Source, said("Source/Port").parse().unwrap_or(0));
    let time = [said("Source/TimeStamp"), said("Content/Item/TimeStamp")]
        .into_iter()
        .find_map(|text| moments::first(text, 0));
    letter.seen(&mut draft, time.map_or(When::OfTheMail, |moment| When::Said(moment.seconds)));
    draft.kind(Kind::Copyright);
    draft.text("protocol.application", &said("Source/Type").to_lowercase());
    for (path, field) in KEPT {
        draft.text(field, said(path));
    }
    Some(draft)
}

/// The first text at each path below the outermost element; none when it is no XML. Entities other than the five of XML, and
/// whatever a document type declares, are not followed.
fn values(xml: &str) -> Option<HashMap<String, String>> {
    let mut reader = Reader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let mut found: HashMap<String, String> = HashMap::new();
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Xml::Start(element) => {
                if path.len() >= DEPTH_MAX {
                    return None;
                }
                path.push(element.local_name().as_ref().to_owned());
                text.clear();
            }
            Xml::End(_) => {
                if path.len() > 1 && !text.trim().is_empty() {
                    found.entry(path[1..].join("/")).or_insert_with(|| text.trim().to_owned());
                }
                text.clear();
                path.pop()?;
                if path.is_empty() {
                    return Some(found);
                }
            }
            Xml::Text(piece) => text.push_str(piece.as_ref()),
            Xml::CData(piece) => text.push_str(piece.as_ref()),
            Xml::GeneralRef(name) => text.push(match name.as_ref() {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                _ => name.resolve_char_ref().ok()??,
            }),
            Xml::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_way() {
        let xml = "<Infringement xmlns=\"x\"><Case><ID>1</ID><ID>2</ID></Case><Source><IP_Address> 192.0.2.1 </IP_Address>\
                   <Name>a &amp; b &#233;</Name><Empty/></Source></Infringement>";
        let found = values(xml).unwrap();
        assert_eq!(found["Case/ID"], "1");
        assert_eq!(found["Source/IP_Address"], "192.0.2.1");
        assert_eq!(found["Source/Name"], "a & b é");
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn bombs_and_broken_xml_give_nothing() {
        let deep = format!("<Infringement>{}</Infringement>", "<a>".repeat(10_000));
        for xml in [
            "<Infringement><a>&lol9;</a></Infringement>",
            "<Infringement><a></b></Infringement>",
            "<Infringement>",
            deep.as_str(),
        ] {
            assert_eq!(values(xml), None, "{}", &xml[..30.min(xml.len())]);
        }
    }
}
