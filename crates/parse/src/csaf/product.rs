//! The product of a document that tells a finding: the machine, and what runs on it.

use std::net::IpAddr;

use schakel_model::event::{Event, Value};
use serde_json::{Value as Json, json};

use super::take;
use crate::feeds::is_host;

/// The namespace of the URIs that say where a machine is: `tcp://192.0.2.1:443` (`udp` or, when it is not known, `ip`; an address or a host name; with
/// or without a port), and `dns:www.example.nl` for a name beside an address. It is a name; nothing needs to be found there.
pub(crate) const NAMESPACE: &str = "https://schakel.org/ns/machine";

/// Branches of a product, from the outside, and the fields that they say.
const BRANCHES: [(&str, &str); 3] =
    [("vendor", "product.vendor"), ("product_name", "product.name"), ("product_version", "product.version")];

/// The product tree, and what the machine is called in it. What it says is taken out of the event. `None`: nothing says where the machine is.
pub(super) fn tree(rest: &mut Event, id: &str) -> Option<(Json, String)> {
    let (uris, machine) = uris(rest)?;
    let mut said = Vec::new();
    for (category, field) in BRANCHES {
        if category != "product_version" || is_one_version(rest.text(field)) {
            said.extend(take(rest, field).map(|text| (category, text)));
        }
    }
    let texts: Vec<&str> = said.iter().map(|(_, text)| text.as_str()).collect();
    let name = take(rest, "product.full_name").unwrap_or_else(|| called(&texts, &machine));
    let uri = |uri: String| json!({"namespace": NAMESPACE, "uri": uri});
    let product = json!({
        "name": name,
        "product_id": id,
        "product_identification_helper": {"x_generic_uris": uris.into_iter().map(uri).collect::<Vec<_>>()},
    });
    let inmost = ("product", product);
    let (member, value) = said.into_iter().rev().fold(inmost, |(member, value), (category, text)| {
        ("branches", json!([{"category": category, "name": text, member: value}]))
    });
    let tree = match member {
        "branches" => json!({"branches": value}),
        _ => json!({"full_product_names": [value]}),
    };
    Some((tree, machine))
}

/// What a product is called of which only this much is known: its vendor, name and version, else where it is.
pub(crate) fn called(said: &[&str], machine: &str) -> String {
    if said.is_empty() { machine.to_owned() } else { said.join(" ") }
}

/// May it stand as one version? What reads like a range may not (test 6.1.31).
fn is_one_version(text: &str) -> bool {
    const WORDS: [&str; 7] = ["after", "all", "before", "earlier", "later", "prior", "versions"];
    !text.contains(['<', '>'])
        && !text.split_whitespace().any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

/// Where the machine is, as URIs and in short.
fn uris(rest: &mut Event) -> Option<(Vec<String>, String)> {
    let ip: Option<IpAddr> = rest.text("source.ip").parse().ok();
    let name = Some(rest.text("source.fqdn").to_owned()).filter(|name| is_host(name) && name.is_ascii());
    let host = match ip {
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        None => name.clone()?,
    };
    let scheme = match rest.text("protocol.transport") {
        transport @ ("tcp" | "udp") => transport.to_owned(),
        _ => "ip".to_owned(),
    };
    let port = match rest.get("source.port") {
        Some(Value::Int(port @ 1..=65_535)) => Some(*port),
        _ => None,
    };
    let said = [
        ("source.ip", ip.is_some()),
        ("source.fqdn", name.is_some()),
        ("source.port", port.is_some()),
        ("protocol.transport", scheme != "ip"),
    ];
    said.into_iter().filter(|(_, is_said)| *is_said).for_each(|(field, _)| drop(rest.remove(field)));
    let mut uris =
        vec![format!("{scheme}://{host}{}", port.map_or(String::new(), |port| format!(":{port}")))];
    uris.extend(name.filter(|_| ip.is_some()).map(|name| format!("dns:{name}")));
    Some((uris, ip.map_or(host, |ip| ip.to_string())))
}
