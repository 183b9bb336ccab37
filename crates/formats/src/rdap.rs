//! What a registry answers about a prefix, an address or an AS number (RDAP: RFC 9083): who holds it.

use std::net::IpAddr;

use ipnet::IpNet;
use schakel_model::asset::AssetValue;
use serde_json::Value;

/// Entities in entities: contacts of the holder, and theirs.
const DEPTH_MAX: usize = 4;

/// Who a registry says holds something.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holder {
    /// Its handle in the registry, for example `ORG-EX1-RIPE`; may be empty.
    pub handle: String,
    /// Its name; may be empty.
    pub name: String,
}

/// Why an answer says nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AnswerError {
    /// The answer.
    #[error("the registry's answer cannot be read: {0}")]
    Unreadable(String),
    /// The registry says something about another range.
    #[error("the registry's answer is about {about}, which does not hold {asked}")]
    Elsewhere {
        /// About what.
        about: String,
        /// What was asked.
        asked: String,
    },
}

/// The holders that an answer names: its entities with the role `registrant`. The answer must be about what was asked.
pub fn holders(answer: &[u8], asked: &AssetValue) -> Result<Vec<Holder>, AnswerError> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|error| AnswerError::Unreadable(error.to_string()))?;
    check_range(&answer, asked)?;
    let mut found = Vec::new();
    collect(&answer, 0, &mut found);
    Ok(found)
}

pub(crate) fn check_range(answer: &Value, asked: &AssetValue) -> Result<(), AnswerError> {
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let holds = match asked {
        AssetValue::Asn(asn) => {
            let number = |key: &str| answer[key].as_u64();
            let range = number("startAutnum").zip(number("endAutnum"));
            range.is_some_and(|(start, end)| (start..=end).contains(&u64::from(*asn)))
        }
        AssetValue::Prefix(net) => holds_net(&text("startAddress"), &text("endAddress"), *net),
        AssetValue::Address(address) => {
            holds_net(&text("startAddress"), &text("endAddress"), (*address).into())
        }
        _ => false,
    };
    if holds {
        return Ok(());
    }
    let about = ["startAddress", "endAddress", "startAutnum", "endAutnum"].map(|key| match &answer[key] {
        Value::String(text) => text.chars().take(60).collect(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    });
    let about: Vec<String> = about.into_iter().filter(|text| !text.is_empty()).collect();
    Err(AnswerError::Elsewhere { about: about.join("-"), asked: asked.to_string() })
}

fn holds_net(start: &str, end: &str, net: IpNet) -> bool {
    let (Ok(start), Ok(end)) = (start.parse::<IpAddr>(), end.parse::<IpAddr>()) else { return false };
    match (start, end, net.network(), net.broadcast()) {
        (IpAddr::V4(start), IpAddr::V4(end), IpAddr::V4(first), IpAddr::V4(last)) => {
            start <= first && last <= end
        }
        (IpAddr::V6(start), IpAddr::V6(end), IpAddr::V6(first), IpAddr::V6(last)) => {
            start <= first && last <= end
        }
        _ => false,
    }
}

fn collect(object: &Value, depth: usize, found: &mut Vec<Holder>) {
    if depth == DEPTH_MAX {
        return;
    }
    for entity in object["entities"].as_array().into_iter().flatten() {
        let roles = entity["roles"].as_array().into_iter().flatten();
        if roles.filter_map(Value::as_str).any(|role| role == "registrant") {
            let handle = entity["handle"].as_str().unwrap_or_default().to_owned();
            found.push(Holder { handle, name: full_name(entity) });
        }
        collect(entity, depth + 1, found);
    }
}

/// The name in an entity's jCard (RFC 7095): `["vcard", [["fn", {}, "text", "Name"], …]]`.
pub(crate) fn full_name(entity: &Value) -> String {
    let properties = entity["vcardArray"][1].as_array().into_iter().flatten();
    let named = properties.filter(|property| property[0].as_str() == Some("fn"));
    named.filter_map(|property| property[3].as_str()).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"handle":"192.0.2.0 - 192.0.2.255","startAddress":"192.0.2.0","endAddress":"192.0.2.255",
        "entities":[
            {"handle":"XX1-RIPE","roles":["technical"],"vcardArray":["vcard",[["fn",{},"text","NOC"]]]},
            {"handle":"ORG-EX1-RIPE","roles":["registrant"],
             "vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Gemeente Eikendam"]]],
             "entities":[{"handle":"AB1-RIPE","roles":["abuse"]}]}]}"#;

    fn net(text: &str) -> AssetValue {
        AssetValue::Prefix(text.parse().unwrap())
    }

    #[test]
    fn the_registrant_is_the_holder() {
        let found = holders(ANSWER.as_bytes(), &net("192.0.2.0/25")).unwrap();
        assert_eq!(found, [Holder { handle: "ORG-EX1-RIPE".into(), name: "Gemeente Eikendam".into() }]);
    }

    #[test]
    fn an_answer_about_something_else_proves_nothing() {
        for asked in ["192.0.2.0/23", "198.51.100.0/24", "2001:db8::/32"] {
            assert!(
                matches!(holders(ANSWER.as_bytes(), &net(asked)), Err(AnswerError::Elsewhere { .. })),
                "{asked}"
            );
        }
        let asn = br#"{"startAutnum":64496,"endAutnum":64500,"entities":[]}"#;
        assert_eq!(holders(asn, &AssetValue::Asn(64_496)).unwrap(), []);
        assert!(holders(asn, &AssetValue::Asn(64_501)).is_err());
    }

    #[test]
    fn no_answer_makes_it_stumble() {
        for answer in [
            "",
            "null",
            "[]",
            "{}",
            "{\"entities\":7}",
            "{\"startAddress\":\"x\",\"endAddress\":[]}",
            "\u{0}",
        ] {
            assert!(holders(answer.as_bytes(), &net("192.0.2.0/24")).is_err(), "{answer}");
        }
        let odd = ANSWER
            .replace("\"text\",\"Gemeente Eikendam\"", "\"text\",[\"a\"]")
            .replace("\"ORG-EX1-RIPE\"", "5");
        assert_eq!(holders(odd.as_bytes(), &net("192.0.2.0/24")).unwrap(), [Holder::default()]);
    }
}
