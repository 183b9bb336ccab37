//! What other systems have: IntelMQ's contact database, tuency, AbuseIO, Taranis. The files are our own, small.
#![allow(clippy::unwrap_used)]

use schakel_formats::register::{
    RegisterFiles,
    import::{Format, Import, Options, Scope, Source, import},
    read, write,
};

fn standing() -> RegisterFiles {
    let reading = read(
        b"id,name,kind\nGM1,Nieuwstad,municipality\n",
        b"organisation,kind,value,proof\nGM1,prefix,192.0.2.0/25,dns\nGM1,product,Example Oud,\n",
        b"organisation,role,email\n",
        b"",
    );
    assert_eq!(reading.errors, 0);
    reading.files
}

fn import_all(files: &[(&str, &str)], options: &Options) -> Import {
    let sources: Vec<_> = files.iter().map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    import(&sources, options, &standing()).unwrap()
}

/// The rows of each file, without its header.
fn rows(import: &Import) -> [Vec<String>; 3] {
    let written = write(&import.reading.files);
    [written.organisations, written.assets, written.contacts]
        .map(|bytes| String::from_utf8(bytes).unwrap().lines().skip(1).map(str::to_owned).collect())
}

fn problems(import: &Import) -> Vec<String> {
    let all = import.reading.problems.iter().filter(|problem| problem.kind.as_str() != "special_range");
    all.map(|problem| format!("{} {} {}", problem.place, problem.kind.as_str(), problem.message)).collect()
}

const CONTACTDB_ORGANISATIONS: [&str; 3] = [
    "GM1,Nieuwstad,municipality,,nl",
    "contactdb-2,Gemeente Elders,municipality,,nl",
    "contactdb-auto-2,Ver Weg BV,authority,,nl",
];

const CONTACTDB_ASSETS: [&str; 7] = [
    "GM1,prefix,192.0.2.0/25,owner,,,dns,,",
    "GM1,product,Example Oud,owner,,,asserted,,",
    "GM1,ripe_handle,ORG-NS1-RIPE,owner,,,asserted,,",
    "contactdb-2,asn,AS64500,owner,,,asserted,,",
    "contactdb-2,prefix,198.51.100.0/24,owner,,,asserted,,kantoor",
    "contactdb-auto-2,prefix,203.0.113.0/24,owner,,,asserted,,",
    "contactdb-2,domain,elders.example,owner,,,asserted,,",
];

#[test]
fn a_contact_database_of_intelmq_is_read_from_its_tables() {
    let import = import_all(
        &[
            (
                "organisation.csv",
                "organisation_id,name,sector_id,comment,ripe_org_hdl,ti_handle,first_handle\n1,Nieuwstad,,,org-ns1-ripe,,\n2,Gemeente Elders,\\N,,,,\n",
            ),
            (
                "organisation_automatic.csv",
                "organisation_automatic_id,name,ripe_org_hdl,import_source,import_time\n2,Ver Weg BV,,ripe,2026-01-01\n",
            ),
            (
                "contact.csv",
                "contact_id,firstname,lastname,tel,openpgp_fpr,email,comment,organisation_id\n1,An,Vries,0182,,abuse@nieuwstad.example,,1\n2,,,,ABCD,soc@elders.example,,2\n3,,,,,uit@elders.example,,2\n4,,,,,x@y.example,,77\n",
            ),
            ("network.csv", "network_id,address,comment\n1,192.0.2.0/25,\n2,198.51.100.0/24,kantoor\n"),
            (
                "network_automatic.csv",
                "network_automatic_id,address,comment,import_source\n1,203.0.113.0/24,,ripe\n",
            ),
            ("organisation_to_network.csv", "organisation_id,network_id\n1,1\n2,2\n2,9\n"),
            (
                "organisation_to_network_automatic.csv",
                "organisation_automatic_id,network_automatic_id,import_source\n2,1,ripe\n",
            ),
            ("fqdn.csv", "fqdn_id,fqdn,comment\n1,elders.example,\n"),
            ("organisation_to_fqdn.csv", "organisation_id,fqdn_id\n2,1\n"),
            ("organisation_to_asn.csv", "organisation_id,asn\n2,64500\n"),
            ("email_status.csv", "email,enabled,added\nUIT@elders.example,f,2026-01-01\n"),
        ],
        &Options::default(),
    );
    assert_eq!((import.format, import.scope), (Format::ContactDb, Scope::Additions));
    let [organisations, assets, contacts] = rows(&import);
    assert_eq!(organisations, CONTACTDB_ORGANISATIONS);
    assert_eq!(assets, CONTACTDB_ASSETS);
    assert_eq!(
        contacts,
        [
            "GM1,findings,An Vries,abuse@nieuwstad.example,0182,nl,AMBER,0,,",
            "contactdb-2,findings,,soc@elders.example,,nl,AMBER,0,,",
        ]
    );
    assert_eq!(
        problems(&import),
        [
            "contact.csv:5 unknown_organisation no organisation of the file has the identifier `77`; give the file with its organisations too",
            "organisation.csv not_taken not taken: 1 fingerprints of OpenPGP keys",
            "organisation.csv not_taken not taken: 1 contacts whose mail address is switched off",
            "organisation.csv not_taken not taken: 1 links to networks or names that are not in the files",
            "organisation.csv normalised the kinds of 2 new organisations are guessed from their names; look at them",
            "organisation.csv:2 normalised `org-ns1-ripe` is kept as ORG-NS1-RIPE",
            "organisation.csv no_contact 1 organisations have no contact yet; what concerns them cannot be told",
        ]
    );
}

#[test]
fn a_contact_database_of_intelmq_is_read_from_json() {
    let tables = r#"{"organisation": [{"organisation_id": 1, "name": "Nieuwstad", "ripe_org_hdl": "ORG-NS1-RIPE"},
          {"organisation_id": 2, "name": "Gemeente Elders"}],
        "organisation_automatic": [{"organisation_automatic_id": 2, "name": "Ver Weg BV"}],
        "network": [{"network_id": 1, "address": "198.51.100.0/24", "comment": "kantoor"}],
        "organisation_to_network": [{"organisation_id": 2, "network_id": 1}],
        "network_automatic": [{"network_automatic_id": 1, "address": "203.0.113.0/24"}],
        "organisation_to_network_automatic": [{"organisation_automatic_id": 2, "network_automatic_id": 1}],
        "fqdn": [{"fqdn_id": 5, "fqdn": "elders.example"}], "organisation_to_fqdn": [{"organisation_id": 2, "fqdn_id": 5}],
        "organisation_to_asn": [{"organisation_id": 2, "asn": 64500}]}"#;
    let import = import_all(&[("contactdb.json", tables)], &Options::default());
    assert_eq!(import.format, Format::ContactDb);
    let [organisations, assets, _] = rows(&import);
    assert_eq!(
        (organisations, assets),
        (CONTACTDB_ORGANISATIONS.map(str::to_owned).into(), CONTACTDB_ASSETS.map(str::to_owned).into())
    );
    // As fody shows them.
    let nested = r#"[{"organisation_id": 2, "name": "Gemeente Elders", "ripe_org_hdl": "",
        "contacts": [{"firstname": "Bo", "lastname": "", "email": "bo@elders.example", "tel": ""}],
        "asns": [{"asn": 64500}], "networks": [{"address": "198.51.100.0/24", "comment": ""}],
        "fqdns": [{"fqdn": "elders.example"}], "national_certs": [{"country_code": "nl"}]}]"#;
    let import = import_all(&[("fody.json", nested)], &Options::default());
    let [organisations, assets, contacts] = rows(&import);
    assert_eq!(organisations[1..], CONTACTDB_ORGANISATIONS[1..2]);
    assert_eq!(
        assets[2..],
        [
            "contactdb-2,asn,AS64500,owner,,,asserted,,",
            "contactdb-2,country,NL,owner,,,asserted,,",
            "contactdb-2,prefix,198.51.100.0/24,owner,,,asserted,,",
            "contactdb-2,domain,elders.example,owner,,,asserted,,",
        ]
    );
    assert_eq!(contacts, ["contactdb-2,findings,Bo,bo@elders.example,,nl,AMBER,0,,"]);
}

#[test]
fn an_export_of_tuency_is_read() {
    let json = r#"{"organisations": [{"id": "a1", "name": "Nieuwstad", "contacts": [
            {"name": "An", "email": "an@nieuwstad.example", "roles": ["CISO", "24/7"]},
            {"first_name": "Bo", "last_name": "Abt", "email": "bo@nieuwstad.example", "role": "Sector lead", "tel": "1"}],
          "asns": [64500, {"asn": "AS64501", "status": "pending"}], "networks": ["198.51.100.0/24"],
          "children": [{"id": "b2", "name": "Dienst Werk en Inkomen", "contacts": [],
            "netobjects": [{"type": "ripe_handle", "value": "ORG-XY1-RIPE"}, {"type": "fqdn", "value": "nl"}, {"type": "cloud"}]}]}]}"#;
    let import = import_all(&[("tuency.json", json)], &Options::default());
    assert_eq!(import.format, Format::Tuency);
    let [organisations, assets, contacts] = rows(&import);
    assert_eq!(organisations[1..], ["tuency-b2,Dienst Werk en Inkomen,social_service,GM1,nl"]);
    assert_eq!(
        assets[2..],
        [
            "GM1,asn,AS64500,owner,,,asserted,,",
            "GM1,prefix,198.51.100.0/24,owner,,,asserted,,",
            "tuency-b2,ripe_handle,ORG-XY1-RIPE,owner,,,asserted,,",
        ]
    );
    assert_eq!(
        contacts,
        [
            "GM1,ciso,An,an@nieuwstad.example,,nl,AMBER,0,,",
            "GM1,duty,An,an@nieuwstad.example,,nl,AMBER,0,,",
            "GM1,acib,Bo Abt,bo@nieuwstad.example,1,nl,AMBER,0,,",
        ]
    );
    assert_eq!(
        problems(&import),
        [
            "tuency.json organisations[0].contacts[1] not_taken the role `Sector lead` is not known; the contact is taken as acib, who hears nothing confidential",
            "tuency.json organisations[0].children[0].netobjects[2] not_taken the type `cloud` of the netobject is not known; it is left out",
            "tuency.json not_taken not taken: 1 claims that were not approved",
            "tuency.json normalised the kinds of 1 new organisations are guessed from their names; look at them",
            "tuency.json organisations[0].children[0].netobjects[1] public_suffix `nl` is a public suffix, under which everybody gets names; write the domain that is theirs",
            "tuency.json no_contact 1 organisations have no contact yet; what concerns them cannot be told",
        ]
    );
}

/// Each record of an export lacks something, or has it in another shape; what can be used is, and the rest is named.
#[test]
fn an_export_of_tuency_is_read_leniently_record_by_record() {
    let json = r#"{"exported_at": "2026-11-22", "version": {"major": 7}, "organisations": [
        {"id": "x0", "name": null, "contacts": null, "networks": ["192.0.2.0/24"]},
        {"id": 1, "name": "Nieuwstad", "parent": null, "created": [{"by": {}}], "tags": null, "rules": null,
          "contacts": {"name": "An", "email": "an@nieuwstad.example", "phone": 31201234567, "roles": [{"id": 3, "name": "CISO"}]},
          "asns": "64500", "networks": null, "fqdns": [{"fqdn": "nieuwstad.example", "Comment": "x"}, null, {"fqdn": null}]},
        {"id": "2", "name": "Dienst Werk en Inkomen", "parent_id": "1", "contacts": [null, "an@x.example", {"email": ["a@dwi.example", "b@dwi.example"], "role": null}, {}],
          "netobjects": [{"type": "ASN", "value": "64501"}, {"type": "Autonomous System", "asn": 64502, "approved": false},
                         {"type": "NETWORK", "address": "198.51.100.1/24"}, {"type": "network", "address": "198.51.100.300/24"}, {"type": null, "value": "z"}, 5]},
        "no organisation", null, 7, [],
        {"name": "Zonder Nummer", "networks": ["203.0.113.0/24"], "children": [{"id": 4, "name": "Kind BV", "asns": [64503]}]},
        {"id": 5, "name": "Laatste BV", "parent": {"id": 2, "name": "Dienst"}, "asns": ["AS64504", "AS-FIVE", -1, 1e30]},
        {"id": 5, "name": "Nog Een", "asns": []}]}"#;
    let import = import_all(&[("tuency.json", json)], &Options::default());
    assert_eq!(import.format, Format::Tuency);
    let [organisations, assets, contacts] = rows(&import);
    assert_eq!(
        organisations[1..],
        [
            "tuency-2,Dienst Werk en Inkomen,social_service,GM1,nl",
            "tuency-4,Kind BV,authority,,nl",
            "tuency-5,Laatste BV,authority,tuency-2,nl",
        ]
    );
    assert_eq!(
        assets[2..],
        [
            "GM1,asn,AS64500,owner,,,asserted,,",
            "GM1,domain,nieuwstad.example,owner,,,asserted,,",
            "tuency-2,asn,AS64501,owner,,,asserted,,",
            "tuency-2,prefix,198.51.100.0/24,owner,,,asserted,,",
            "tuency-4,asn,AS64503,owner,,,asserted,,",
            "tuency-5,asn,AS64504,owner,,,asserted,,",
        ]
    );
    assert_eq!(
        contacts,
        [
            "GM1,ciso,An,an@nieuwstad.example,31201234567,nl,AMBER,0,,",
            "tuency-2,acib,,a@dwi.example,,nl,AMBER,0,,",
            "tuency-2,acib,,b@dwi.example,,nl,AMBER,0,,",
        ]
    );
    let told = problems(&import);
    let told: Vec<&str> = told.iter().filter_map(|told| told.strip_prefix("tuency.json ")).collect();
    assert_eq!(told.len(), 22, "{told:#?}");
    for expected in [
        "organisations[0] empty the organisation has no name; neither it nor what is its own can be taken",
        "organisations[1].fqdns[1] empty the netobject has no value that can be read",
        "organisations[1].fqdns[2] empty the netobject has no value that can be read",
        "organisations[2].contacts[0] bad_value an object with names and values must stand here",
        "organisations[2].contacts[1] bad_value an object with names and values must stand here",
        "organisations[2].netobjects[2] normalised `198.51.100.1/24` is kept as 198.51.100.0/24",
        "organisations[2].netobjects[3] bad_value `198.51.100.300/24` is no prefix; write one such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.0-192.0.2.9",
        "organisations[2].netobjects[4] not_taken the type `` of the netobject is not known; it is left out",
        "organisations[2].netobjects[5] not_taken the type `` of the netobject is not known; it is left out",
        "organisations[3] bad_value an object with names and values must stand here",
        "organisations[6] bad_value an object with names and values must stand here",
        "organisations[7] empty the organisation has no id; neither it nor what is its own can be taken",
        "organisations[8].asns[1] bad_value `AS-FIVE` is no AS number; write one such as AS64496 or 64496",
        "organisations[8].asns[2] bad_value `-1` is no AS number; write one such as AS64496 or 64496",
        "organisations[9] duplicate another organisation has this id, on tuency.json organisations[8]; take one of the two out",
        "not_taken not taken: 1 contacts without a mail address",
        "not_taken not taken: 1 claims that were not approved",
    ] {
        assert!(told.contains(&expected), "{expected}: {told:#?}");
    }
    assert_eq!(told.iter().filter(|told| told.starts_with("organisations[8].asns")).count(), 3);
}

#[test]
fn abuseio_is_read_as_its_pages_export_it() {
    // A space before each quote, and the values of a netblock in another order than its header.
    let import = import_all(
        &[
            (
                "Contacts.csv",
                "\"Reference\", \"name\", \"Status\", \"E-Mail address\", \"RPC address\", \"Notifications\"\n\"K1\", \"Nieuwstad\", \"Enabled\", \"abuse@nieuwstad.example,soc@nieuwstad.example\", \"\", \"Automatic\"\n\"K2\", \"Elders BV\", \"Disabled\", \"x@elders.example\", \"\", \"Manual\"\n",
            ),
            (
                "Netblocks.csv",
                "\"Contact\", \"Status\", \"First IP\", \"Last IP\"\n\"Nieuwstad (K1)\", \"198.51.100.0\", \"198.51.100.127\", \"Enabled\"\n\"Elders BV (K2)\", \"2001:db8::\", \"2001:db8::ffff\", \"Enabled\"\n\"Nieuwstad (K1)\", \"203.0.113.0\", \"203.0.113.9\", \"Disabled\"\n\"Weg (K9)\", \"203.0.113.0\", \"203.0.113.9\", \"Enabled\"\n",
            ),
            (
                "Domains.csv",
                "\"Contact\",\"Domain name\",\"Status\"\n\"Nieuwstad (K1)\",\"nieuwstad.example\",\"Enabled\"\n",
            ),
        ],
        &Options::default(),
    );
    assert_eq!(import.format, Format::AbuseIo);
    let [organisations, assets, contacts] = rows(&import);
    assert_eq!(organisations[1..], ["abuseio-K2,Elders BV,authority,,nl"]);
    assert_eq!(
        assets[2..],
        [
            "GM1,prefix,198.51.100.0/25,owner,,,asserted,,",
            "abuseio-K2,prefix,2001:db8::/112,owner,,,asserted,,",
            "GM1,domain,nieuwstad.example,owner,,,asserted,,",
        ]
    );
    assert_eq!(
        contacts,
        [
            "GM1,findings,Nieuwstad,abuse@nieuwstad.example,,nl,AMBER,0,,",
            "GM1,findings,Nieuwstad,soc@nieuwstad.example,,nl,AMBER,0,,",
        ]
    );
    let told = problems(&import);
    assert!(told[0].starts_with("Netblocks.csv:5 unknown_organisation"), "{told:?}");
    assert_eq!(
        told[1..3],
        [
            "Contacts.csv not_taken not taken: 1 contacts that are switched off",
            "Contacts.csv not_taken not taken: 1 netblocks and domains that are switched off",
        ]
    );
}

#[test]
fn the_tables_of_abuseio_are_read() {
    let json = r#"{"contacts": [{"id": 7, "reference": "K7", "name": "Nieuwstad", "email": "a@nieuwstad.example", "enabled": 1}],
        "netblocks": [{"id": 1, "contact_id": 7, "first_ip": "198.51.100.0", "last_ip": "198.51.100.255", "description": "wifi", "enabled": 1},
                      {"id": 2, "contact_id": 7, "first_ip": "\u0001\u0002", "last_ip": "", "enabled": 1}],
        "domains": [{"id": 1, "contact_id": 7, "name": "nieuwstad.example", "enabled": 0}]}"#;
    let import = import_all(&[("abuseio.json", json)], &Options::default());
    let [_, assets, _] = rows(&import);
    assert_eq!(assets[2..], ["GM1,prefix,198.51.100.0/24,owner,,,asserted,,wifi"]);
    assert!(
        problems(&import)[0].starts_with("abuseio.json netblocks[1] bad_value"),
        "{:?}",
        problems(&import)
    );
}

#[test]
fn a_photo_of_taranis_is_read_for_an_organisation() {
    let photo = "Vendor,Product,CPE,Type\nExample,Shop,cpe:/a:example:shop:1.0,Applicatie\nAcme,Router 5,,Hardware\n,,,Hardware\n";
    let nobody = import_all(&[("photo.csv", photo)], &Options::default());
    assert_eq!((nobody.format, nobody.reading.errors), (Format::Taranis, 1));
    let options = Options {
        organisation: Some("nieuwstad".to_owned()),
        scope: Some(Scope::Organisations),
        ..Options::default()
    };
    let import = import_all(&[("photo.csv", photo)], &options);
    let [_, assets, _] = rows(&import);
    // The photo is all there is of the products; the prefix stays.
    assert_eq!(
        assets,
        [
            "GM1,prefix,192.0.2.0/25,owner,,,dns,,",
            "GM1,product,cpe:/a:example:shop:1.0,owner,,,asserted,,Example Shop (Applicatie)",
            "GM1,product,Acme Router 5,owner,,,asserted,,Acme Router 5 (Hardware)",
        ]
    );
    assert_eq!(import.reading.errors, 1);
}

#[test]
fn files_of_two_systems_are_not_mixed() {
    let sources = [
        Source { name: "photo.csv", bytes: b"Vendor,Product,CPE,Type\n" },
        Source { name: "Domains.csv", bytes: b"Contact,Domain name,Status\n" },
    ];
    let error = import(&sources, &Options::default(), &standing()).unwrap_err().to_string();
    assert!(error.contains("a photo of Taranis 3") && error.contains("AbuseIO"), "{error}");
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(*format));
    }
    assert!("excel".parse::<Format>().unwrap_err().contains("use register, json, roo"));
}
