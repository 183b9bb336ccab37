//! The part of the register that answers one question, instead of all of it: the same answer, in milliseconds.

use schakel_attribute::{Query, Wanted};
use schakel_model::{ids::RegisterVersion, register::Register};
use schakel_store::{
    Reader, StoreError,
    register_around::{Around, load_around},
};

/// The register as recorded at a version, as far as this question meets it: assets, their organisations, and how these hear of it. An
/// explanation from it is the same as from the whole register. It holds no contacts.
pub fn narrow(reader: &Reader, version: RegisterVersion, query: &Query) -> Result<Register, StoreError> {
    let ends = [&query.inputs, &query.target].map(|inputs| Wanted::of(inputs));
    let values = ends.iter().flat_map(|end| end.values.iter().cloned()).collect::<Vec<_>>();
    let starts = ends.iter().flat_map(|end| end.url_starts.iter().cloned()).collect::<Vec<_>>();
    let addresses = ends.iter().flat_map(|end| end.addresses.iter().copied()).collect::<Vec<_>>();
    let around = Around { values: &values, starts: &starts, addresses: &addresses };
    reader.read(|connection| load_around(connection, version, &around))
}

#[cfg(test)]
mod tests {
    use schakel_attribute::{Input, InputKind, Snapshot};
    use schakel_formats::register::{AssetRow, read};
    use schakel_model::{
        announced::{AnnouncedPrefix, Origin},
        asset::Asset,
        ids::{AssetId, OrganisationId},
        language::Language,
        register::{Organisation, OrganisationKind},
    };
    use schakel_rules::merger::Successors;
    use schakel_store::{
        Store,
        announced::Import,
        data_dir::DataDir,
        register::{self, RegisterChange},
    };

    use super::*;

    const ASSETS: &str = "organisation,kind,value,role,valid_from,valid_until,proof,flags
A,prefix,192.0.2.0/24
A,prefix,192.0.2.128/25,owner,,,,excluded
A,prefix,2001:db8::/32
A,asn,AS64496
A,domain,example.nl
A,mail_domain,mail.example.nl,owner,2020-01-01,2021-01-01
B,address,192.0.2.1,supplier,,,dns
B,prefix,192.0.0.0/16
B,hostname,www.example.nl
B,url,https://www.example.nl./shop
B,url,http://[::ffff:192.0.2.9]/x
B,url,gopher://EXAMPLE.nl/x
B,ripe_handle,ORG-EX1-RIPE
B,country,NL
C,url,http://www.example.nlx/shop
C,url,https://bücher.example:8443/
C,domain,bücher.example
C,asn,AS64499
C,prefix,198.51.100.0/24
";

    fn change() -> RegisterChange {
        let reading = read(
            b"id,name,kind\nA,A,municipality\nB,B,supplier\nC,C,municipality\n",
            ASSETS.as_bytes(),
            b"organisation,role,email\n",
            b"from,kind,to,mandate,valid_from\nB,supplies,A,copied,\nC,merged_into,A,,2026-01-01\n",
        );
        assert_eq!(reading.errors, 0, "{:?}", reading.problems);
        let asset = |row: &AssetRow| Asset {
            note: String::new(),
            ..row.asset(AssetId::default(), OrganisationId::default())
        };
        let organisation = |code: &str| Organisation {
            id: OrganisationId(0),
            code: code.to_owned(),
            name: code.to_owned(),
            kind: OrganisationKind::Municipality,
            parent: None,
            language: Language::Nl,
        };
        let relation = |row: &schakel_formats::register::RelationRow| schakel_model::relation::Relation {
            id: Default::default(),
            from: OrganisationId(0),
            kind: row.kind,
            to: OrganisationId(0),
            mandate: row.mandate,
            scan_consent: false,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            note: String::new(),
        };
        let files = reading.files;
        RegisterChange {
            organisations: ["A", "B", "C"].map(organisation).to_vec(),
            assets: files.assets.iter().map(|row| (row.organisation.to_string(), asset(row))).collect(),
            relations: files
                .relations
                .iter()
                .map(|row| (row.from.to_string(), row.to.to_string(), relation(row)))
                .collect(),
            ..RegisterChange::default()
        }
    }

    fn asked() -> Vec<Query> {
        let questions: [&[(InputKind, &str)]; 14] = [
            &[(InputKind::Ip, "192.0.2.1")],
            &[(InputKind::Ip, "192.0.2.200"), (InputKind::Country, "NL")],
            &[(InputKind::Ip, "::ffff:192.0.2.1")],
            &[(InputKind::Ip, "2001:db8::1")],
            &[(InputKind::Ip, "203.0.113.1")],
            &[(InputKind::Ip, "203.0.113.129"), (InputKind::Asn, "AS64499")],
            &[(InputKind::Ip, "8.8.8.8")],
            &[(InputKind::Domain, "WWW.Example.nl.")],
            &[(InputKind::Domain, "a.b.example.nl"), (InputKind::Ip, "198.51.100.1")],
            &[(InputKind::Email, "jan@x.mail.example.nl")],
            &[(InputKind::Url, "http://www.example.nl/shop/1")],
            &[(InputKind::Url, "http://192.0.2.9/x/y")],
            &[(InputKind::Url, "gopher://example.nl/x/y")],
            &[(InputKind::Url, "https://bücher.example:8443/a")],
        ];
        let input = |&(kind, text): &(InputKind, &str)| Input::read(kind, text).unwrap();
        questions
            .iter()
            .flat_map(|question| {
                let inputs: Vec<Input> = question.iter().map(input).collect();
                [1_600_000_000, 1_795_000_000].map(|at| Query {
                    inputs: inputs.clone(),
                    at,
                    ..Query::default()
                })
            })
            .collect()
    }

    #[test]
    fn the_answer_is_that_of_the_whole_register_at_every_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.change_register(100, "test", "", &change()).unwrap();
        let table = [("203.0.113.0/24", 64_496), ("203.0.113.128/25", 64_500), ("198.0.0.0/8", 64_499)];
        let mut prefixes: Vec<AnnouncedPrefix> = table
            .iter()
            .map(|(net, asn)| AnnouncedPrefix {
                net: net.parse().unwrap(),
                origin: Origin::Asn(*asn),
                country: None,
            })
            .collect();
        let handle = Origin::Handle("ORG-EX1-RIPE".to_owned());
        prefixes.push(AnnouncedPrefix {
            net: "203.0.0.0/16".parse().unwrap(),
            origin: handle,
            country: None,
        });
        let import =
            Import { at: 200, actor: "test", reason: "", source: "t", as_of: 200, prefixes: &prefixes };
        store.import_announced(&import).unwrap();
        let withdrawn =
            RegisterChange { withdrawn_assets: vec![AssetId(1), AssetId(4)], ..Default::default() };
        store.change_register(300, "test", "", &withdrawn).unwrap();

        let reader = store.reader().unwrap();
        let mut found = 0;
        for version in (0..=3).map(RegisterVersion) {
            let whole = reader.read(|connection| register::load(connection, version)).unwrap();
            let snapshot = Snapshot::build(&whole);
            for query in asked() {
                let narrowed = narrow(&reader, version, &query).unwrap();
                let candidates = snapshot.explain(&query);
                assert_eq!(Snapshot::build(&narrowed).explain(&query), candidates, "{query:?}");
                found += candidates.len();
                for candidate in &candidates {
                    let id = candidate.organisation;
                    assert_eq!(narrowed.organisation(id), whole.organisation(id));
                    let place = |register: &Register| Successors::of(&register.relations).at(id, query.at);
                    assert_eq!(place(&narrowed), place(&whole));
                    assert!(narrowed.organisation(place(&whole)).is_some());
                }
            }
        }
        assert!(found > 100, "{found} candidates");
    }
}
