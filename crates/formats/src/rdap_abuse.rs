//! Whom to write to about abuse, as a registry answers about an address or a domain (RDAP: RFC 9083; jCard: RFC 7095).

use std::collections::HashSet;

use schakel_model::asset::AssetValue;
use serde_json::Value;

use crate::{
    rdap::{AnswerError, check_range, full_name},
    security_txt::plain_address,
};

/// Entities in entities: a holder, its contacts, and theirs.
const DEPTH_MAX: usize = 6;

/// Entities that are looked at in one answer: honest ones have a dozen.
const ENTITIES_MAX: usize = 500;

/// Addresses that are taken from one answer.
const ADDRESSES_MAX: usize = 5;

/// What a registry says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Abuse {
    /// The mail addresses of entities with the role `abuse`, in the order of the answer.
    pub mail: Vec<String>,
    /// The name of whoever holds the network, or registers the domain; may be empty.
    pub holder: String,
}

/// The abuse contact of an address. The answer must be about that address.
pub fn of_address(answer: &[u8], asked: &AssetValue) -> Result<Abuse, AnswerError> {
    let answer = read(answer)?;
    check_range(&answer, asked)?;
    let mut entities = Entities::default();
    entities.walk(&answer, 0, Inside::Anything);
    let holder = Some(entities.abuse.holder).filter(|name| !name.is_empty());
    let name = answer["name"].as_str().unwrap_or_default();
    Ok(Abuse { holder: holder.unwrap_or_else(|| name.chars().take(120).collect()), ..entities.abuse })
}

/// The abuse contact of the registrar of a domain. The answer must be about that domain.
pub fn of_domain(answer: &[u8], domain: &str) -> Result<Abuse, AnswerError> {
    let answer = read(answer)?;
    let about = answer["ldhName"].as_str().unwrap_or_default().trim_end_matches('.');
    if !about.eq_ignore_ascii_case(domain) {
        let about = about.chars().take(120).collect();
        return Err(AnswerError::Elsewhere { about, asked: domain.to_owned() });
    }
    let mut entities = Entities::default();
    entities.walk(&answer, 0, Inside::Registrar);
    Ok(entities.abuse)
}

fn read(answer: &[u8]) -> Result<Value, AnswerError> {
    serde_json::from_slice(answer).map_err(|error| AnswerError::Unreadable(error.to_string()))
}

/// Whose abuse contact is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Any.
    Anything,
    /// One inside a registrar; not met yet.
    Registrar,
}

#[derive(Default)]
struct Entities {
    abuse: Abuse,
    seen: usize,
    /// Handles on the way: an entity that stands in itself is not entered again.
    handles: HashSet<String>,
}

impl Entities {
    fn walk(&mut self, object: &Value, depth: usize, inside: Inside) {
        if depth == DEPTH_MAX {
            return;
        }
        for entity in object["entities"].as_array().into_iter().flatten() {
            self.seen += 1;
            if self.seen > ENTITIES_MAX {
                return;
            }
            let has = |role: &str| {
                let mut roles = entity["roles"].as_array().into_iter().flatten();
                roles.any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(role)))
            };
            let names_holder = match inside {
                Inside::Anything => has("registrant"),
                Inside::Registrar => has("registrar"),
            };
            if names_holder && self.abuse.holder.is_empty() {
                self.abuse.holder = full_name(entity).chars().take(120).collect();
            }
            let inside = if has("registrar") { Inside::Anything } else { inside };
            if inside == Inside::Anything && has("abuse") {
                self.take(entity);
            }
            let handle = entity["handle"].as_str().unwrap_or_default().to_owned();
            let is_named = !handle.is_empty();
            if is_named && !self.handles.insert(handle.clone()) {
                continue;
            }
            self.walk(entity, depth + 1, inside);
            self.handles.remove(&handle);
        }
    }

    fn take(&mut self, entity: &Value) {
        let properties = entity["vcardArray"][1].as_array().into_iter().flatten();
        let mails = properties.filter(|property| property[0].as_str() == Some("email"));
        for mail in mails.filter_map(|property| property[3].as_str()).filter_map(plain_address) {
            if self.abuse.mail.len() < ADDRESSES_MAX && !self.abuse.mail.contains(&mail) {
                self.abuse.mail.push(mail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(handle: &str, role: &str, mail: &str, inside: &str) -> String {
        format!(
            r#"{{"objectClassName":"entity","handle":"{handle}","roles":["{role}"],
               "vcardArray":["vcard",[["version",{{}},"text","4.0"],["fn",{{}},"text","Name of {handle}"],
               ["email",{{}},"text","{mail}"]]],"entities":[{inside}]}}"#
        )
    }

    fn network(entities: &str) -> String {
        format!(
            r#"{{"startAddress":"192.0.2.0","endAddress":"192.0.2.255","name":"NET","entities":[{entities}]}}"#
        )
    }

    fn asked() -> AssetValue {
        AssetValue::Address("192.0.2.7".parse().unwrap())
    }

    #[test]
    fn the_abuse_contact_stands_beside_or_inside_the_holder() {
        let inside = entity("AB1", "abuse", "Abuse@ISP.example", "");
        let beside = entity("AB2", "abuse", "second@isp.example", "");
        let holder = entity("ORG", "registrant", "boss@isp.example", &inside);
        let found = of_address(network(&format!("{holder},{beside}")).as_bytes(), &asked()).unwrap();
        assert_eq!(found.mail, ["Abuse@isp.example", "second@isp.example"]);
        assert_eq!(found.holder, "Name of ORG");
    }

    #[test]
    fn an_answer_without_an_abuse_contact_names_nobody() {
        let technical = entity("NOC", "technical", "noc@isp.example", "");
        let none = of_address(network(&technical).as_bytes(), &asked()).unwrap();
        assert_eq!(none, Abuse { mail: Vec::new(), holder: "NET".to_owned() });
        let odd = entity("AB1", "abuse", "no address", "");
        assert_eq!(of_address(network(&odd).as_bytes(), &asked()).unwrap().mail, [""; 0]);
    }

    #[test]
    fn entities_that_stand_in_themselves_end() {
        let mut round = entity("A", "abuse", "a@isp.example", "");
        for n in 0..40 {
            round = entity(if n % 2 == 0 { "B" } else { "A" }, "registrant", "x@isp.example", &round);
        }
        assert!(of_address(network(&round).as_bytes(), &asked()).unwrap().mail.is_empty());
        let wide = vec![entity("A", "abuse", "a@isp.example", ""); 5_000].join(",");
        assert_eq!(of_address(network(&wide).as_bytes(), &asked()).unwrap().mail, ["a@isp.example"]);
        let deep = "{\"entities\":[".repeat(1_000);
        assert!(of_address(deep.as_bytes(), &asked()).is_err());
    }

    #[test]
    fn of_a_domain_the_registrar_counts_and_the_domain_must_be_the_one_asked() {
        let abuse = entity("AB", "abuse", "abuse@registrar.example", "");
        let registrar = entity("REG", "registrar", "info@registrar.example", &abuse);
        let other = entity("AB9", "abuse", "own@eikendam.example", "");
        let answer = format!(r#"{{"ldhName":"EIKENDAM.example.","entities":[{other},{registrar}]}}"#);
        let found = of_domain(answer.as_bytes(), "eikendam.example").unwrap();
        assert_eq!(
            (found.mail, found.holder),
            (vec!["abuse@registrar.example".to_owned()], "Name of REG".to_owned())
        );
        assert!(matches!(of_domain(answer.as_bytes(), "other.example"), Err(AnswerError::Elsewhere { .. })));
        assert!(of_address(answer.as_bytes(), &asked()).is_err());
        for answer in ["", "null", "[]", "{\"entities\":7}", "\0"] {
            assert!(of_domain(answer.as_bytes(), "eikendam.example").is_err(), "{answer}");
        }
    }
}
