//! Each rule of attribution, as a table: what stands in the register, what is asked, who is told and why.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod support;

use schakel_attribute::{Input, InputKind, Query, Scratch, Snapshot};
use schakel_model::{
    assignment::{Assignee, End},
    classification::ClassificationType,
    ids::OrganisationId,
    observation::Endpoint,
};
use support::{observation, register};

const KINDS: [InputKind; 7] = [
    InputKind::Ip,
    InputKind::Domain,
    InputKind::ReverseDns,
    InputKind::Url,
    InputKind::Email,
    InputKind::Asn,
    InputKind::Country,
];

/// `ip 192.0.2.1, domain www.example.nl, kind phishing, at 100`.
fn query(text: &str) -> Query {
    let mut query = Query { at: 1_790_000_000, ..Query::default() };
    for part in text.split(", ") {
        let (word, value) = part.split_once(' ').expect("a word and a value");
        match word {
            "kind" => query.kind = Some(value.parse().unwrap()),
            "at" => query.at = value.parse().unwrap(),
            _ => {
                let kind = KINDS.into_iter().find(|kind| kind.as_str() == word).expect("a kind of input");
                query.inputs.push(Input::read(kind, value).unwrap());
            }
        }
    }
    query
}

/// One line a candidate: `+A owner longest_prefix by ip 192.0.2.1`, `-` for those that lost.
fn check(assets: &str, asked: &str, expected: &[&str]) {
    let register = register(assets);
    let snapshot = Snapshot::build(&register);
    let found: Vec<String> = snapshot
        .explain(&query(asked))
        .iter()
        .map(|candidate| {
            assert!(candidate.why.ends_with('.') && !candidate.why.contains('\u{fffd}'), "{}", candidate.why);
            let code = &register.organisation(candidate.organisation).unwrap().code;
            let sign = if candidate.won { '+' } else { '-' };
            let (role, rule, kind) = (candidate.role, candidate.rule, candidate.input.kind().as_str());
            format!("{sign}{code} {role} {rule} by {kind} {}", candidate.input)
        })
        .collect();
    assert_eq!(found, expected, "{assets}\n{asked}");
}

#[test]
fn the_longest_prefix_wins_within_a_role() {
    let assets = "A,prefix,198.18.0.0/15,owner\nB,prefix,198.18.1.0/24,owner\nC,address,198.18.1.1,owner\n\
                  D,prefix,198.18.1.0/24,operator\n";
    check(
        assets,
        "ip 198.18.1.1",
        &[
            "+C owner longest_prefix by ip 198.18.1.1",
            "-B owner longest_prefix by ip 198.18.1.1",
            "+D operator longest_prefix by ip 198.18.1.1",
            "-A owner longest_prefix by ip 198.18.1.1",
        ],
    );
    check(assets, "ip 198.19.255.255", &["+A owner longest_prefix by ip 198.19.255.255"]);
    check(assets, "ip 198.20.0.0", &[]);
    check(assets, "ip 198.17.255.255", &[]);
    check(assets, "ip ::ffff:198.19.0.1", &["+A owner longest_prefix by ip 198.19.0.1"]);
    check(
        "A,prefix,2001:db8::/29\nB,prefix,2001:db8:1::/48\nC,prefix,2001:db8:2::/48",
        "ip 2001:db8:1::5, ip 2001:db8:2::5, ip 2001:db8:3::5",
        &[
            "+B owner longest_prefix by ip 2001:db8:1::5",
            "-A owner longest_prefix by ip 2001:db8:1::5",
            "+C owner longest_prefix by ip 2001:db8:2::5",
            "-A owner longest_prefix by ip 2001:db8:2::5",
            "+A owner longest_prefix by ip 2001:db8:3::5",
        ],
    );
    check(
        "A,prefix,198.18.1.1/32\nB,address,198.18.1.1",
        "ip 198.18.1.1",
        &["+A owner longest_prefix by ip 198.18.1.1", "+B owner longest_prefix by ip 198.18.1.1"],
    );
}

#[test]
fn names_match_at_label_borders_and_the_host_wins_over_the_domain() {
    let assets = "A,domain,example.nl\nB,hostname,www.example.nl\nC,domain,dept.example.nl\n";
    check(
        assets,
        "domain www.example.nl",
        &[
            "+B owner host_over_domain by domain www.example.nl",
            "-A owner host_over_domain by domain www.example.nl",
        ],
    );
    check(assets, "domain x.www.example.nl", &["+A owner host_over_domain by domain x.www.example.nl"]);
    check(
        assets,
        "domain A.Dept.Example.NL.",
        &[
            "+C owner host_over_domain by domain A.Dept.Example.NL.",
            "-A owner host_over_domain by domain A.Dept.Example.NL.",
        ],
    );
    for nobodys in ["badexample.nl", "example.nl.evil.example", "nl", "example", "xample.nl", ".", "😀.nl"]
    {
        check(assets, &format!("domain {nobodys}"), &[]);
    }
    check(assets, "domain example.nl:8443", &["+A owner host_over_domain by domain example.nl:8443"]);
    check(assets, "domain *.example.nl", &["+A owner host_over_domain by domain *.example.nl"]);
    check(
        "A,domain,bücher.example",
        "domain www.BÜCHER.example",
        &["+A owner host_over_domain by domain www.BÜCHER.example"],
    );
    let long = format!("{}example.nl", "a.".repeat(150));
    check(assets, &format!("domain {long}"), &[&format!("+A owner host_over_domain by domain {long}")]);
    check(assets, "domain mail@example.nl", &[]);
}

#[test]
fn an_address_in_a_name_field_is_an_address() {
    let assets = "A,prefix,198.18.0.0/15\nB,domain,example.nl";
    check(assets, "domain 198.18.0.1:80", &["+A owner longest_prefix by domain 198.18.0.1:80"]);
    check(
        assets,
        "url http://198.18.0.1:8080/x",
        &["+A owner longest_prefix by url http://198.18.0.1:8080/x"],
    );
    check(
        "A,prefix,2001:db8::/32",
        "url http://[2001:db8::1]/x",
        &["+A owner longest_prefix by url http://[2001:db8::1]/x"],
    );
}

#[test]
fn a_url_wins_over_its_host_at_path_borders() {
    let assets = "A,domain,example.nl\nB,hostname,www.example.nl\nC,url,https://www.example.nl/shop/\n\
                  D,url,https://www.example.nl/shop/cart";
    check(
        assets,
        "url http://WWW.example.nl:80/shop/cart?x=1",
        &[
            "+D owner host_over_domain by url http://WWW.example.nl:80/shop/cart?x=1",
            "-C owner host_over_domain by url http://WWW.example.nl:80/shop/cart?x=1",
            "-B owner host_over_domain by url http://WWW.example.nl:80/shop/cart?x=1",
            "-A owner host_over_domain by url http://WWW.example.nl:80/shop/cart?x=1",
        ],
    );
    for (url, winner) in [
        ("https://www.example.nl/shop", 'C'),
        ("https://www.example.nl/shop/carts", 'C'),
        ("https://www.example.nl/shopping", 'B'),
        ("https://www.example.nl/Shop", 'B'),
        ("https://www.example.nl:8443/shop", 'B'),
        ("https://www.example.nl/shop/../x", 'B'),
        ("https://evil.example.nl/www.example.nl/shop", 'A'),
    ] {
        let register = register(assets);
        let candidates = Snapshot::build(&register).explain(&query(&format!("url {url}")));
        let winners: Vec<_> = candidates.iter().filter(|candidate| candidate.won).collect();
        assert_eq!(winners.len(), 1, "{url}");
        assert_eq!(register.organisation(winners[0].organisation).unwrap().code, winner.to_string(), "{url}");
    }
    // The same host as a name is the same selector: the URL wins for both.
    check(
        "A,hostname,www.example.nl\nC,url,https://www.example.nl/shop",
        "domain www.example.nl, url https://www.example.nl/shop",
        &[
            "-A owner host_over_domain by domain www.example.nl",
            "+C owner host_over_domain by url https://www.example.nl/shop",
            "-A owner host_over_domain by url https://www.example.nl/shop",
        ],
    );
}

#[test]
fn addresses_and_names_are_asked_separately_and_both_may_win() {
    check(
        "A,prefix,198.18.0.0/24\nB,domain,example.nl\nC,domain,hoster.example",
        "ip 198.18.0.1, domain www.example.nl, reverse_dns static.hoster.example",
        &[
            "+A owner longest_prefix by ip 198.18.0.1",
            "+B owner host_over_domain by domain www.example.nl",
            "+C owner host_over_domain by reverse_dns static.hoster.example",
        ],
    );
}

#[test]
fn an_as_number_counts_only_where_nothing_nearer_does_and_a_country_last() {
    let assets = "A,asn,AS64500\nB,prefix,198.18.0.0/24\nC,country,NL\nD,asn,64500,operator\nE,asn,64501";
    check(
        assets,
        "ip 198.18.0.1, asn 64500, country nl",
        &[
            "+B owner longest_prefix by ip 198.18.0.1",
            "-A owner name_over_asn by asn AS64500",
            "+D operator name_over_asn by asn AS64500",
            "-C owner country by country NL",
        ],
    );
    check(
        assets,
        "ip 198.18.1.1, asn AS64500, asn AS64501",
        &[
            "+A owner name_over_asn by asn AS64500",
            "+D operator name_over_asn by asn AS64500",
            "+E owner name_over_asn by asn AS64501",
        ],
    );
    check(assets, "asn 64999, country NL", &["+C owner country by country NL"]);
}

#[test]
fn proven_wins_before_asserted_and_equals_win_together() {
    check(
        "A,domain,example.nl,owner,,,asserted\nB,domain,example.nl,owner,,,dns\nC,domain,example.nl,owner,,,desk",
        "domain example.nl",
        &[
            "-A owner proven by domain example.nl",
            "+B owner proven by domain example.nl",
            "+C owner proven by domain example.nl",
        ],
    );
    check(
        "A,domain,example.nl,owner,,,asserted\nB,domain,nl.example,owner,,,dns\nC,domain,example.nl",
        "domain example.nl",
        &["+A owner host_over_domain by domain example.nl", "+C owner host_over_domain by domain example.nl"],
    );
    // The more specific wins, proven or not.
    check(
        "A,prefix,198.18.0.0/24,owner,,,rdap\nB,prefix,198.18.0.0/25,owner,,,asserted",
        "ip 198.18.0.1",
        &["+B owner longest_prefix by ip 198.18.0.1", "-A owner longest_prefix by ip 198.18.0.1"],
    );
}

#[test]
fn what_did_not_hold_then_gives_way_to_the_next_less_specific() {
    let assets = "A,prefix,198.18.0.0/16\nB,prefix,198.18.1.0/24,owner,1970-01-02,1970-01-03";
    let day = 86_400;
    let then = ["+B owner longest_prefix by ip 198.18.1.1", "-A owner longest_prefix by ip 198.18.1.1"];
    let else_ = ["-B owner not_valid_then by ip 198.18.1.1", "+A owner longest_prefix by ip 198.18.1.1"];
    for (at, expected) in
        [(0, else_), (day - 1, else_), (day, then), (2 * day - 1, then), (2 * day, else_), (i64::MAX, else_)]
    {
        check(assets, &format!("ip 198.18.1.1, at {at}"), &expected);
    }
    // An address asset that did not hold leaves the AS number in.
    check(
        "A,prefix,198.18.1.0/24,owner,2030-01-01\nB,asn,64500",
        "ip 198.18.1.1, asn 64500",
        &["-A owner not_valid_then by ip 198.18.1.1", "+B owner name_over_asn by asn AS64500"],
    );
}

#[test]
fn a_hole_takes_its_organisation_out_in_its_role() {
    let assets = "A,prefix,198.18.0.0/16\nA,prefix,198.18.1.0/24,owner,,,,excluded\nB,prefix,198.18.0.0/15\n\
                  A,prefix,198.18.0.0/16,monitor\nA,asn,64500\nC,asn,64500\nA,address,198.18.1.9";
    check(
        assets,
        "ip 198.18.1.1, asn 64500",
        &[
            "-A owner excluded by ip 198.18.1.1",
            "-A owner excluded by ip 198.18.1.1",
            "+A monitor longest_prefix by ip 198.18.1.1",
            "+B owner longest_prefix by ip 198.18.1.1",
            "-A owner excluded by asn AS64500",
            "-C owner name_over_asn by asn AS64500",
        ],
    );
    // A more specific asset in the hole counts again.
    check(
        "A,prefix,198.18.0.0/16\nA,prefix,198.18.1.0/24,owner,,,,excluded\nA,address,198.18.1.9",
        "ip 198.18.1.9",
        &[
            "+A owner longest_prefix by ip 198.18.1.9",
            "-A owner excluded by ip 198.18.1.9",
            "-A owner excluded by ip 198.18.1.9",
        ],
    );
    check(
        "A,domain,example.nl\nA,domain,dept.example.nl,owner,,,,excluded\nB,country,NL\nA,country,NL",
        "domain www.dept.example.nl, country NL",
        &[
            "-A owner excluded by domain www.dept.example.nl",
            "-A owner excluded by domain www.dept.example.nl",
            "+B owner country by country NL",
            "-A owner excluded by country NL",
        ],
    );
    // A hole that did not hold then is none.
    check(
        "A,prefix,198.18.0.0/16\nA,prefix,198.18.1.0/24,owner,2030-01-01,,,excluded",
        "ip 198.18.1.1",
        &["-A owner not_valid_then by ip 198.18.1.1", "+A owner longest_prefix by ip 198.18.1.1"],
    );
}

#[test]
fn shared_hosting_says_nothing_about_names() {
    let assets = "H,address,198.18.0.1,owner,,,,shared_hosting\nH,prefix,198.18.0.0/24\nA,domain,example.nl\nB,prefix,198.18.0.0/23";
    check(
        assets,
        "ip 198.18.0.1, domain www.example.nl",
        &[
            "-H owner shared_hosting by ip 198.18.0.1",
            "-H owner shared_hosting by ip 198.18.0.1",
            "+B owner longest_prefix by ip 198.18.0.1",
            "+A owner host_over_domain by domain www.example.nl",
        ],
    );
    for without_a_name in ["ip 198.18.0.1", "ip 198.18.0.1, reverse_dns web1.hoster.example"] {
        check(
            assets,
            without_a_name,
            &[
                "+H owner longest_prefix by ip 198.18.0.1",
                "-H owner longest_prefix by ip 198.18.0.1",
                "-B owner longest_prefix by ip 198.18.0.1",
            ],
        );
    }
}

#[test]
fn phishing_and_leaks_go_by_names_when_there_is_one() {
    let assets =
        "H,prefix,198.18.0.0/24\nH,asn,64500\nA,domain,example.nl\nN,country,NL\nP,domain,hoster.example";
    check(
        assets,
        "ip 198.18.0.1, url https://www.example.nl/login, reverse_dns web1.hoster.example, asn 64500, kind phishing",
        &[
            "-H owner shared_hosting by ip 198.18.0.1",
            "+A owner host_over_domain by url https://www.example.nl/login",
            "-P owner shared_hosting by reverse_dns web1.hoster.example",
            "-H owner name_over_asn by asn AS64500",
        ],
    );
    check(
        assets,
        "ip 198.18.0.1, url http://198.18.0.1/login, kind phishing",
        &[
            "+H owner longest_prefix by ip 198.18.0.1",
            "+H owner longest_prefix by url http://198.18.0.1/login",
        ],
    );
    // Nobody's name: the country is the last that may know.
    check(
        assets,
        "ip 198.18.0.1, domain www.evil.example, country NL, kind phishing",
        &["-H owner shared_hosting by ip 198.18.0.1", "+N owner country by country NL"],
    );
}

#[test]
fn leaked_credentials_have_two_owners() {
    check(
        "E,mail_domain,employer.example\nF,domain,employer.example\nS,domain,service.example\n\
         G,domain,sub.employer.example\nO,domain,other.example",
        "email Jan@Sub.Employer.example, domain login.service.example, kind data-leak",
        &[
            "+E owner host_over_domain by email Jan@Sub.Employer.example",
            "-G owner host_over_domain by email Jan@Sub.Employer.example",
            "-F owner host_over_domain by email Jan@Sub.Employer.example",
            "+S owner host_over_domain by domain login.service.example",
        ],
    );
    // A mail domain is for accounts only.
    check("E,mail_domain,employer.example", "domain www.employer.example", &[]);
    check(
        "F,domain,employer.example",
        "email jan@employer.example",
        &["+F owner host_over_domain by email jan@employer.example"],
    );
}

#[test]
fn both_ends_are_told_apart_and_the_result_is_sorted() {
    let register =
        register("B,prefix,198.18.2.0/24\nA,prefix,198.18.1.0/24\nA,prefix,198.18.2.0/24\nB,asn,64500");
    let snapshot = Snapshot::build(&register);
    let source = Endpoint { ip: Some([198, 18, 1, 1].into()), asn: 64_500, ..Endpoint::default() };
    let target = Endpoint { ip: Some([198, 18, 2, 1].into()), ..Endpoint::default() };
    let mut scratch = Scratch::default();
    let owner = |organisation, end| Assignee {
        organisation: OrganisationId(organisation),
        role: schakel_model::asset::Role::Owner,
        end,
    };
    let both = observation(source.clone(), target);
    assert_eq!(
        snapshot.assign(&both, &mut scratch),
        [owner(1, End::Target), owner(2, End::Source), owner(2, End::Target)]
    );
    let explained = snapshot.explain(&Query::of(&both));
    assert_eq!(explained.iter().filter(|candidate| candidate.end == End::Target).count(), 2);
    // Buffers are reused, nothing of the last call stays.
    assert_eq!(snapshot.assign(&observation(Endpoint::default(), Endpoint::default()), &mut scratch), []);
    assert_eq!(
        snapshot.assign(&observation(source, Endpoint::default()), &mut scratch),
        [owner(2, End::Source)]
    );
    assert!(schakel_attribute::names_only(ClassificationType::Phishing));
}

#[test]
fn a_sentence_says_why() {
    let register = register(
        "A,prefix,198.18.0.0/16\nB,prefix,198.18.1.0/24\nC,domain,example.nl\nD,hostname,www.example.nl",
    );
    let candidates = Snapshot::build(&register).explain(&query("ip 198.18.1.1, domain www.example.nl"));
    let why: Vec<_> = candidates.iter().map(|candidate| candidate.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "The prefix 198.18.1.0/24 is the most specific that holds this address, as owner.",
            "The prefix 198.18.1.0/24 is more specific than the prefix 198.18.0.0/16, as owner.",
            "The host name www.example.nl is the most specific that matches this name, as owner.",
            "The host name www.example.nl is more specific than the domain example.nl, as owner.",
        ]
    );
}

#[test]
fn a_snapshot_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Snapshot>();
    assert_eq!(Snapshot::build(&register("A,domain,example.nl")).version().0, 1);
}

#[test]
fn an_empty_register_knows_nobody() {
    check(
        "",
        "ip 198.18.0.1, domain example.nl, url https://example.nl/, email a@example.nl, asn 1, country NL",
        &[],
    );
}

#[test]
fn typed_values_are_read_or_refused_with_a_reason() {
    for (kind, text, expected) in [
        (InputKind::Ip, "::ffff:1.2.3.4", Some("1.2.3.4")),
        (InputKind::Ip, "fe80::1%eth0", Some("fe80::1")),
        (InputKind::Ip, "1.2.3", None),
        (InputKind::Ip, "1.2.3.4/24", None),
        (InputKind::Asn, "as64496", Some("AS64496")),
        (InputKind::Asn, "0", None),
        (InputKind::Asn, "é", None),
        (InputKind::Country, "nl", Some("NL")),
        (InputKind::Country, "NLD", None),
        (InputKind::Email, "nobody", None),
    ] {
        assert_eq!(
            Input::read(kind, text).ok().map(|input| input.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }
}
