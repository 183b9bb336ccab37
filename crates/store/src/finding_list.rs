//! Findings that meet conditions, the newest first, a page at a time.

use std::{fmt::Write, net::IpAddr};

use ipnet::IpNet;
use rusqlite::{Connection, types::Value};
use schakel_model::{
    answer::RecipientState,
    ids::{FindingId, KindId, OrganisationId, UserId},
};

use crate::{
    StoreError,
    error::DatabaseContext,
    findings::{COLUMNS_OF, Finding, from_row},
    search::phrase,
};

/// Findings that are looked at for one page: rare conditions would else read them all. A page that stops here may be empty and yet have a next.
const LOOKED_AT_MAX: u32 = 100_000;

/// What was said of fewer findings than this is looked up by itself.
const SAID_MAX: i64 = 20_000;

/// Conditions; all of them hold.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Conditions {
    /// One of these was told.
    pub told: Option<Vec<OrganisationId>>,
    /// Whoever was told says one of these; empty: anything, or nobody was told.
    pub states: Vec<RecipientState>,
    /// It is open, or closed, at whoever was told.
    pub open: Option<bool>,
    /// It is of one of these kinds.
    pub kinds: Option<Vec<KindId>>,
    /// Its address lies here.
    pub network: Option<IpNet>,
    /// Its name is this or ends in it, at a dot.
    pub name: Option<String>,
    /// It was first observed at this time or later, in seconds since 1970.
    pub first_seen_from: Option<i64>,
    /// It was first observed before this time.
    pub first_seen_until: Option<i64>,
    /// Somebody works on it.
    pub handler: Option<UserId>,
    /// Nobody does.
    pub unhandled: bool,
    /// It is not snoozed beyond this time, in seconds since 1970.
    pub awake_at: Option<i64>,
    /// Its address is this.
    pub address: Option<IpAddr>,
    /// Not this one.
    pub not: Option<FindingId>,
    /// Each of these occurs somewhere in it.
    pub terms: Vec<Term>,
    /// Findings below this number are in the index of words ([`crate::Reader::indexed_upto`]); others are looked at one by one.
    pub indexed: u32,
}

/// A word that is searched for; it occurs in one of these places.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Term {
    /// Kinds that it occurs in.
    pub kinds: Vec<KindId>,
    /// Organisations in whose name it occurs, and that were told.
    pub told: Vec<OrganisationId>,
    /// Its network, when it is one.
    pub network: Option<IpNet>,
    /// The finding that it names.
    pub finding: Option<FindingId>,
    /// Itself, in small letters: in what the source said of the finding, or in a note about it.
    pub text: String,
}

/// Of what is in the index, the newest this many are asked first: words that are frequent fill a page from them.
const NEWEST: u32 = 100_000;

/// How words are looked for in a stretch of findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Words {
    /// In each finding of it.
    Looked,
    /// By the index.
    Indexed,
}

/// A page of findings.
#[derive(Clone, PartialEq, Debug)]
pub struct FindingPage {
    /// They.
    pub findings: Vec<Finding>,
    /// The next page holds those before this one; none: this was the last.
    pub next: Option<FindingId>,
}

/// The newest findings that meet the conditions, before this one.
pub fn page(
    connection: &Connection,
    conditions: &Conditions,
    before: Option<FindingId>,
    limit: usize,
) -> Result<FindingPage, StoreError> {
    let end = match before {
        Some(before) => before.0,
        None => crate::findings::count(connection)?,
    };
    let said = said_by(connection, conditions)?;
    // Those of a few organisations, of one person, or of which few say this are found by themselves.
    let few = conditions.told.is_some() || conditions.handler.is_some() || said == Said::ByFew;
    let looked_from = if few { 0 } else { end.saturating_sub(LOOKED_AT_MAX) };
    let (begin, stretches) = match conditions.by_words() {
        false => (looked_from, vec![(looked_from, end, Words::Looked)]),
        true => stretches(conditions.indexed, looked_from, end),
    };
    let mut findings: Vec<Finding> = Vec::new();
    for (begin, end, words) in stretches {
        if findings.len() > limit {
            break;
        }
        let (condition, arguments) = condition(conditions, said, (begin, end, words));
        let sql = format!(
            "SELECT {COLUMNS_OF} FROM finding f WHERE f.id >= {begin} AND f.id < {end}{condition} ORDER BY f.id DESC LIMIT {}",
            limit.saturating_add(1) - findings.len()
        );
        let found: Vec<Finding> = connection
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                statement.query_map(rusqlite::params_from_iter(arguments), from_row)?.collect()
            })
            .doing("list findings")?;
        findings.extend(found);
    }
    let next = if findings.len() > limit {
        findings.truncate(limit);
        findings.last().map(|last| last.id)
    } else {
        (begin > 0).then_some(FindingId(begin))
    };
    Ok(FindingPage { findings, next })
}

impl Conditions {
    /// Is the index of words there, and asked?
    fn by_words(&self) -> bool {
        let words = !self.terms.is_empty() || self.name.is_some() || self.address.is_some();
        // A network of several addresses is no word.
        let broad = |term: &Term| {
            term.network.is_some_and(|network| network.prefix_len() != network.max_prefix_len())
        };
        self.indexed > 0 && words && !self.terms.iter().any(broad)
    }
}

/// Where a page that goes by words is looked for, the newest first, and where that begins.
fn stretches(indexed: u32, looked_from: u32, end: u32) -> (u32, Vec<(u32, u32, Words)>) {
    let indexed = indexed.min(end);
    let mut stretches = Vec::new();
    if indexed < end {
        let begin = indexed.max(looked_from);
        stretches.push((begin, end, Words::Looked));
        if begin > indexed {
            // So much is not in the index yet that this page ends in it.
            return (begin, stretches);
        }
    }
    let newest = indexed.saturating_sub(NEWEST);
    stretches.extend([(newest, indexed, Words::Indexed), (0, newest, Words::Indexed)]);
    stretches.retain(|(begin, end, _)| begin < end);
    (0, stretches)
}

/// Numbers stand in the text, so that indexes with conditions count; what may hold anything is an argument.
fn condition(
    conditions: &Conditions,
    said: Said,
    (begin, end, words): (u32, u32, Words),
) -> (String, Vec<Value>) {
    let mut sql = String::new();
    let mut arguments = Vec::new();
    let mut told = String::new();
    if !conditions.states.is_empty() {
        let _ =
            write!(told, " AND u.state IN ({})", list(conditions.states.iter().map(|state| *state as u32)));
    }
    if let Some(open) = conditions.open {
        told += if open { " AND u.closed_at IS NULL" } else { " AND u.closed_at IS NOT NULL" };
    }
    match &conditions.told {
        Some(organisations) => {
            let organisations = list(organisations.iter().map(|one| one.0));
            let _ = write!(
                sql,
                " AND f.id IN (SELECT u.finding FROM follow_up u WHERE u.organisation IN ({organisations}){told})"
            );
        }
        None if told.is_empty() => {}
        None if said == Said::ByFew => {
            let _ = write!(
                sql,
                " AND f.id IN (SELECT u.finding FROM follow_up u WHERE u.state <> {}{told})",
                RecipientState::Told as u32
            );
        }
        None => {
            let _ = write!(sql, " AND EXISTS (SELECT 1 FROM follow_up u WHERE u.finding = f.id{told})");
        }
    }
    if let Some(kinds) = &conditions.kinds {
        let _ = write!(sql, " AND f.kind IN ({})", list(kinds.iter().map(|kind| kind.0)));
    }
    if let Some(network) = &conditions.network {
        let (first, last) = (bytes(network.network()), bytes(network.broadcast()));
        let _ = write!(sql, " AND length(f.ip) = {} AND f.ip >= ? AND f.ip <= ?", first.len());
        arguments.extend([Value::Blob(first), Value::Blob(last)]);
    }
    if let Some(name) = &conditions.name {
        // Not LIKE: what was typed may hold its signs.
        sql += " AND (f.name = ? OR substr(f.name, -length(?)) = ?)";
        let suffix = format!(".{name}");
        arguments.extend([Value::Text(name.clone()), Value::Text(suffix.clone()), Value::Text(suffix)]);
        if words == Words::Indexed {
            indexed(&mut sql, &mut arguments, name, (begin, end));
        }
    }
    if let Some(handler) = conditions.handler {
        let _ = write!(
            sql,
            " AND f.id IN (SELECT w.finding FROM finding_work w WHERE w.handler = {})",
            handler.0
        );
    }
    if conditions.unhandled {
        sql +=
            " AND NOT EXISTS (SELECT 1 FROM finding_work w WHERE w.finding = f.id AND w.handler IS NOT NULL)";
    }
    if let Some(at) = conditions.awake_at {
        let _ = write!(
            sql,
            " AND NOT EXISTS (SELECT 1 FROM finding_work w WHERE w.finding = f.id AND w.snoozed_until > {at})"
        );
    }
    if let Some(address) = conditions.address {
        sql += " AND f.ip = ?";
        arguments.push(Value::Blob(bytes(address)));
        if words == Words::Indexed {
            indexed(&mut sql, &mut arguments, &address.to_string(), (begin, end));
        }
    }
    if let Some(not) = conditions.not {
        let _ = write!(sql, " AND f.id <> {}", not.0);
    }
    for one in &conditions.terms {
        match words {
            Words::Looked => term(&mut sql, &mut arguments, one),
            Words::Indexed => indexed_term(&mut sql, &mut arguments, one, (begin, end)),
        }
    }
    if let Some(from) = conditions.first_seen_from {
        let _ = write!(sql, " AND f.first_seen >= {from}");
    }
    if let Some(until) = conditions.first_seen_until {
        let _ = write!(sql, " AND f.first_seen < {until}");
    }
    (sql, arguments)
}

/// Only findings in whose text these words occur.
fn indexed(sql: &mut String, arguments: &mut Vec<Value>, words: &str, (begin, end): (u32, u32)) {
    let _ = write!(
        sql,
        " AND f.id IN (SELECT rowid FROM search.finding_text WHERE finding_text MATCH ? AND rowid >= {begin} AND rowid < {end})"
    );
    arguments.push(Value::Text(phrase(words)));
}

/// The same places as [`term`], each by an index: kinds and addresses are words of the text.
fn indexed_term(sql: &mut String, arguments: &mut Vec<Value>, term: &Term, (begin, end): (u32, u32)) {
    let _ = write!(
        sql,
        " AND (f.id IN (SELECT rowid FROM search.finding_text WHERE finding_text MATCH ? AND rowid >= {begin} AND rowid < {end}
          UNION ALL SELECT n.finding FROM finding_note n WHERE instr(lower(n.text), ?) > 0"
    );
    arguments.extend([Value::Text(phrase(&term.text)), Value::Text(term.text.clone())]);
    if !term.told.is_empty() {
        let told = list(term.told.iter().map(|one| one.0));
        let _ = write!(
            sql,
            " UNION ALL SELECT u.finding FROM follow_up u WHERE u.organisation IN ({told}) AND u.finding >= {begin} AND u.finding < {end}"
        );
    }
    if let Some(finding) = term.finding {
        let _ = write!(sql, " UNION ALL SELECT {}", finding.0);
    }
    sql.push_str("))");
}

/// Places that are never true by themselves are left out, so that a word that occurs nowhere else is looked for in names and notes only.
fn term(sql: &mut String, arguments: &mut Vec<Value>, term: &Term) {
    sql.push_str(" AND (f.id IN (SELECT n.finding FROM finding_note n WHERE instr(lower(n.text), ?) > 0) OR instr(f.name, ?) > 0");
    arguments.extend([Value::Text(term.text.clone()), Value::Text(term.text.clone())]);
    if !term.kinds.is_empty() {
        let _ = write!(sql, " OR f.kind IN ({})", list(term.kinds.iter().map(|kind| kind.0)));
    }
    if !term.told.is_empty() {
        let told = list(term.told.iter().map(|one| one.0));
        let _ = write!(
            sql,
            " OR EXISTS (SELECT 1 FROM follow_up u WHERE u.finding = f.id AND u.organisation IN ({told}))"
        );
    }
    if let Some(network) = &term.network {
        let (first, last) = (bytes(network.network()), bytes(network.broadcast()));
        let _ = write!(sql, " OR (length(f.ip) = {} AND f.ip >= ? AND f.ip <= ?)", first.len());
        arguments.extend([Value::Blob(first), Value::Blob(last)]);
    }
    if let Some(finding) = term.finding {
        let _ = write!(sql, " OR f.id = {}", finding.0);
    }
    sql.push(')');
}

/// Of how many findings what is asked for was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    /// Of few: they are listed by it.
    ByFew,
    /// Of many, so that one is soon met; or nothing that was said is asked for.
    ByMany,
}

fn said_by(connection: &Connection, conditions: &Conditions) -> Result<Said, StoreError> {
    if conditions.states.is_empty() || conditions.states.contains(&RecipientState::Told) {
        return Ok(Said::ByMany);
    }
    let states = list(conditions.states.iter().map(|state| *state as u32));
    let count: i64 = connection
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM follow_up WHERE state <> {} AND state IN ({states}) LIMIT {SAID_MAX})",
            RecipientState::Told as u32
        ))
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .doing("list findings")?;
    Ok(if count < SAID_MAX { Said::ByFew } else { Said::ByMany })
}

fn list(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        ids::{EventId, NotificationId, ReportId},
        observation::{ObservedAt, Transport},
        severity::Severity,
    };

    use super::*;
    use crate::{
        Store,
        data_dir::DataDir,
        findings::{NewFinding, insert},
        follow_ups::{Holds, Tells, tell},
    };

    fn finding(nth: u32, ip: Option<&str>, name: Option<&str>) -> NewFinding {
        NewFinding {
            event: EventId { report: ReportId(1), row: nth },
            kind: KindId(nth % 2),
            first_seen: ObservedAt(nth * 10),
            transport: Transport::Tcp,
            port: 443,
            ip: ip.map(|ip| ip.parse().unwrap()),
            name: name.map(str::to_owned),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store
            .write(|transaction| {
                let findings = [
                    finding(0, Some("192.0.2.1"), None),
                    finding(1, Some("192.0.3.1"), Some("a.example.nl")),
                    finding(2, Some("2001:db8::1"), Some("example.nl")),
                    finding(3, None, Some("notexample.nl")),
                ];
                insert(transaction, FindingId(0), &findings)?;
                let tells = [1, 2].map(|finding| Tells {
                    finding: FindingId(finding),
                    severity: Severity::High,
                    compromised: false,
                    deadline: None,
                    same_case: true,
                    cves: Vec::new(),
                });
                tell(transaction, OrganisationId(7), (NotificationId(1), Holds::Assignments), 5, &tells)
            })
            .unwrap();
        (folder, store)
    }

    fn found(store: &Store, conditions: &Conditions) -> Vec<u32> {
        let page = store.read(|connection| page(connection, conditions, None, 10)).unwrap();
        page.findings.iter().map(|finding| finding.id.0).collect()
    }

    #[test]
    fn conditions_combine() {
        let (_folder, store) = store();
        let all = Conditions::default();
        assert_eq!(found(&store, &all), [3, 2, 1, 0]);
        let told = Conditions { told: Some(vec![OrganisationId(7)]), ..all.clone() };
        assert_eq!(found(&store, &told), [2, 1]);
        assert_eq!(found(&store, &Conditions { told: Some(Vec::new()), ..all.clone() }), [0; 0]);
        let name = Conditions { name: Some("example.nl".into()), ..all.clone() };
        assert_eq!(found(&store, &name), [2, 1], "at a dot only");
        let both = Conditions { kinds: Some(vec![KindId(1)]), ..name };
        assert_eq!(found(&store, &both), [1]);
        let network = |text: &str| Conditions { network: Some(text.parse().unwrap()), ..all.clone() };
        assert_eq!(found(&store, &network("192.0.2.0/23")), [1, 0]);
        assert_eq!(found(&store, &network("2001:db8::/32")), [2]);
        assert_eq!(found(&store, &Conditions { open: Some(true), ..all.clone() }), [2, 1]);
        assert_eq!(found(&store, &Conditions { open: Some(false), ..all.clone() }), [0; 0]);
        let state = Conditions { states: vec![RecipientState::Fixed], ..told };
        assert_eq!(found(&store, &state), [0; 0]);
        let at = |address: &str| Conditions { address: Some(address.parse().unwrap()), ..all.clone() };
        assert_eq!(found(&store, &at("192.0.2.1")), [0]);
        let others = Conditions { not: Some(FindingId(2)), ..all.clone() };
        assert_eq!(found(&store, &others), [3, 1, 0]);
        let seen = Conditions { first_seen_from: Some(10), first_seen_until: Some(30), ..all };
        assert_eq!(found(&store, &seen), [2, 1]);
        let quote = Conditions { name: Some("' OR 1=1 --%".into()), ..Conditions::default() };
        assert_eq!(found(&store, &quote), [0; 0]);
    }

    #[test]
    fn lists_are_read_by_index() {
        let (_folder, store) = store();
        let plan = |conditions: &Conditions, said: Said| {
            let (condition, arguments) = condition(conditions, said, (0, 9, Words::Looked));
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT {COLUMNS_OF} FROM finding f WHERE f.id >= 0 AND f.id < 9{condition} ORDER BY f.id DESC LIMIT 9"
            );
            let plan: Vec<String> = store
                .read(|connection| {
                    connection
                        .prepare(&sql)
                        .and_then(|mut statement| {
                            statement
                                .query_map(rusqlite::params_from_iter(arguments), |row| row.get(3))?
                                .collect()
                        })
                        .doing("explain")
                })
                .unwrap();
            plan.join("; ")
        };
        let all = Conditions::default;
        let said = vec![RecipientState::Fixed];
        for (conditions, said, index) in [
            (Conditions { open: Some(true), ..all() }, Said::ByMany, "follow_up_finding"),
            (Conditions { handler: Some(UserId(1)), ..all() }, Said::ByMany, "finding_work_handler"),
            (Conditions { states: said.clone(), ..all() }, Said::ByFew, "follow_up_said"),
            (Conditions { states: said, ..all() }, Said::ByMany, "follow_up_finding"),
            (
                Conditions { told: Some(vec![OrganisationId(7)]), ..all() },
                Said::ByMany,
                "PRIMARY KEY (organisation=?)",
            ),
        ] {
            let plan = plan(&conditions, said);
            assert!(plan.contains(index), "{conditions:?}: {plan}");
            assert!(!plan.contains("SCAN f") && !plan.contains("TEMP B-TREE"), "{conditions:?}: {plan}");
        }
    }

    #[test]
    fn stretches_follow_each_other_and_the_index_is_asked_for_its_newest_first() {
        use super::Words::{Indexed, Looked};
        for (indexed, looked_from, end, begin, expected) in [
            (10, 0, 10, 0, vec![(0, 10, Indexed)]),
            (10, 0, 12, 0, vec![(10, 12, Looked), (0, 10, Indexed)]),
            (10, 0, 5, 0, vec![(0, 5, Indexed)]),
            (
                250_000,
                200_000,
                300_000,
                0,
                vec![(250_000, 300_000, Looked), (150_000, 250_000, Indexed), (0, 150_000, Indexed)],
            ),
            (10, 200_000, 300_000, 200_000, vec![(200_000, 300_000, Looked)]),
        ] {
            assert_eq!(stretches(indexed, looked_from, end), (begin, expected), "{indexed} {end}");
        }
    }

    #[test]
    fn words_occur_somewhere() {
        use crate::act::Act;
        let (_folder, mut store) = store();
        store.note(&Act { at: 1, actor: "anna", reason: "" }, FindingId(0), "Called Jan").unwrap();
        let term = |text: &str| Term { text: text.into(), ..Term::default() };
        let of = |terms: Vec<Term>| found(&store, &Conditions { terms, ..Conditions::default() });
        assert_eq!(of(vec![term("example")]), [3, 2, 1]);
        assert_eq!(of(vec![term("jan")]), [0]);
        assert_eq!(of(vec![term("example"), term("not")]), [3]);
        assert_eq!(of(vec![Term { kinds: vec![KindId(1)], ..term("rdp") }]), [3, 1]);
        assert_eq!(of(vec![Term { told: vec![OrganisationId(7)], ..term("gouda") }]), [2, 1]);
        let network = Some("192.0.2.0/24".parse().unwrap());
        assert_eq!(of(vec![Term { network, ..term("192.0.2.0/24") }]), [0]);
        assert_eq!(of(vec![Term { finding: Some(FindingId(2)), ..term("f2") }]), [2]);
        assert_eq!(of(vec![term("' OR 1=1 --%")]), [0; 0]);
    }

    #[test]
    fn work_of_the_desk_is_found() {
        use crate::{act::Act, desk_work::Change};
        let (_folder, mut store) = store();
        let act = Act { at: 10, actor: "anna", reason: "" };
        store.change_work(&act, &[1, 3].map(FindingId), Change::Handler(Some(UserId(4)))).unwrap();
        store.change_work(&act, &[FindingId(3)], Change::Snooze(Some(100))).unwrap();
        let mine = Conditions { handler: Some(UserId(4)), ..Conditions::default() };
        assert_eq!(found(&store, &mine), [3, 1]);
        for (at, awake) in [(99, vec![1]), (100, vec![3, 1])] {
            assert_eq!(found(&store, &Conditions { awake_at: Some(at), ..mine.clone() }), awake);
        }
        assert_eq!(found(&store, &Conditions { unhandled: true, ..Conditions::default() }), [2, 0]);
    }

    #[test]
    fn pages_hold_everything_once() {
        let (_folder, store) = store();
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = store.read(|connection| page(connection, &Conditions::default(), before, 3)).unwrap();
            seen.extend(page.findings.iter().map(|finding| finding.id.0));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, [3, 2, 1, 0]);
    }
}
