//! What readers of XML share.

use quick_xml::{XmlVersion, events::BytesStart};

/// An attribute by its name without prefix; `None` when it is not there or cannot be read.
pub fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}
