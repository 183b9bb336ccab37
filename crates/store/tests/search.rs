//! The index of words: what is found by it, and that nothing stays in it that was erased.

#![allow(clippy::unwrap_used)] // Helpers of tests stop the test.

use schakel_model::{
    ids::{EventId, FindingId, KindId, OrganisationId, ReportId},
    observation::{ObservedAt, Transport},
};
use schakel_store::{
    Reader, Store,
    audit::{Action, Entry},
    data_dir::DataDir,
    erase::ToErase,
    finding_list::{self, Conditions, Term},
    readers::Readers,
    search::{Mark, SearchIndex, base_text},
};

struct Place {
    _folder: tempfile::TempDir,
    data: DataDir,
    store: Store,
}

/// Findings with these names; what cannot be made through the public interface alone is made as the pipeline would.
fn place(names: &[&str]) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::new(folder.path());
    let store = Store::open(&data).unwrap();
    let connection = rusqlite::Connection::open(data.database()).unwrap();
    connection
        .execute(
            "INSERT INTO kind VALUES (0, 'shadowserver', 'scan_rdp', 'vulnerable-system', 'open-rdp', 2)",
            [],
        )
        .unwrap();
    for (id, name) in (0u32..).zip(names) {
        let finding =
            (EventId { report: ReportId(1), row: id + 1 }, KindId(0), ObservedAt(id), Transport::Tcp);
        connection
            .execute(
                "INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5, ?6, 443, ?7, ?8)",
                rusqlite::params![
                    id,
                    finding.0.report.0,
                    finding.0.row,
                    finding.1.0,
                    finding.2.0,
                    finding.3 as u8,
                    vec![192u8, 0, 2, id as u8],
                    name
                ],
            )
            .unwrap();
    }
    Place { _folder: folder, data, store }
}

impl Place {
    fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    /// Fills the index up to this finding, each with a word of its source.
    fn fill(&self, upto: u32) {
        let reader = self.reader();
        let mut index = SearchIndex::open(&reader).unwrap();
        let texts: Vec<(FindingId, String)> = (index.mark().unwrap().upto..upto)
            .map(FindingId)
            .map(|id| {
                let base = reader.read(|connection| base_text(connection, id)).unwrap().unwrap();
                (id, format!("{base} zzextra{id}"))
            })
            .collect();
        let mark = Mark { chunk: 1, upto, erased: reader.last_erasure().unwrap() };
        assert!(index.put(&texts, mark).unwrap());
    }

    fn found(&self, conditions: &Conditions) -> Vec<u32> {
        let reader = self.reader();
        let indexed = reader.indexed_upto().unwrap();
        let conditions = Conditions { indexed, ..conditions.clone() };
        let page = reader.read(|connection| finding_list::page(connection, &conditions, None, 10)).unwrap();
        page.findings.iter().map(|finding| finding.id.0).collect()
    }

    fn words(&self, words: &str) -> Vec<u32> {
        let terms = words.split(' ').map(|word| Term { text: word.into(), ..Term::default() }).collect();
        self.found(&Conditions { terms, ..Conditions::default() })
    }

    fn erase(&mut self, findings: &[u32]) {
        let entry = Entry {
            at: 5,
            actor: "anna",
            action: Action::Erased,
            subject: "finding:1",
            reason: "",
            detail: "",
        };
        let what = ToErase { findings: findings.to_vec(), ..ToErase::default() };
        self.store.erase(&entry, &what).unwrap();
    }
}

const NAMES: [&str; 4] = ["a.gouda.example", "gouda.example", "mail.lindeveen.example", "vpn.gouda.example"];

#[test]
fn words_are_found_by_the_index_and_by_looking_alike() {
    let mut place = place(&NAMES);
    for upto in [0, 2, 4] {
        if upto > 0 {
            place.fill(upto);
        }
        assert_eq!(place.reader().indexed_upto().unwrap(), upto);
        assert_eq!(place.words("gouda"), [3, 1, 0], "{upto}");
        assert_eq!(place.words("gouda vpn"), [3], "{upto}");
        assert_eq!(place.words("gouda.exa"), [3, 1, 0], "as far as it was typed, {upto}");
        assert_eq!(place.words("nowhere"), [0; 0], "{upto}");
        assert_eq!(place.words("\" OR x NEAR("), [0; 0], "no language of its own, {upto}");
        let name = Conditions { name: Some("gouda.example".into()), ..Conditions::default() };
        assert_eq!(place.found(&name), [3, 1, 0], "{upto}");
        let address = Conditions { address: Some("192.0.2.2".parse().unwrap()), ..Conditions::default() };
        assert_eq!(place.found(&address), [2], "{upto}");
    }
    assert_eq!(place.words("RDP 192.0.2.1"), [1], "kinds and addresses are words");
    assert_eq!(place.words("zzextra2"), [2], "so is what the source says");
    let told = Term { text: "gemeente".into(), told: vec![OrganisationId(7)], ..Term::default() };
    let named = Term { text: "f2".into(), finding: Some(FindingId(2)), ..Term::default() };
    let terms = |term| Conditions { terms: vec![term], ..Conditions::default() };
    assert_eq!((place.found(&terms(told)), place.found(&terms(named))), (vec![], vec![2]));
    let act = schakel_store::act::Act { at: 1, actor: "anna", reason: "" };
    place.store.note(&act, FindingId(0), "Called Jan").unwrap();
    assert_eq!(place.words("jan"), [0], "a note at once");
}

#[test]
fn what_is_erased_is_found_no_more_and_its_words_are_gone_from_the_disk() {
    let mut place = place(&NAMES);
    place.fill(4);
    let holds = |place: &Place, word: &str| {
        ["search.sqlite", "search.sqlite-wal"].iter().any(|file| {
            let bytes = std::fs::read(place.data.root().join(file)).unwrap_or_default();
            bytes.windows(word.len()).any(|window| window == word.as_bytes())
        })
    };
    assert!(holds(&place, "lindeveen"));
    place.erase(&[2]);
    assert_eq!(place.words("lindeveen"), [0; 0]);
    assert_eq!(place.words("gouda"), [3, 1, 0], "the rest stays");
    assert_eq!(place.reader().indexed_upto().unwrap(), 4);
    assert!(!holds(&place, "lindeveen") && !holds(&place, "zzextra2"), "words stay behind");
}

#[test]
fn what_was_read_before_something_was_erased_does_not_come_in() {
    let mut place = place(&NAMES);
    place.fill(1);
    let reader = place.reader();
    let mut index = SearchIndex::open(&reader).unwrap();
    let erased = reader.last_erasure().unwrap();
    place.erase(&[2]);
    let mark = Mark { chunk: 2, upto: 4, erased };
    assert!(!index.put(&[(FindingId(2), "lindeveen".into())], mark).unwrap());
    assert_eq!(index.mark().unwrap().upto, 1);
}

#[test]
fn an_index_that_is_damaged_or_of_another_store_is_made_anew() {
    let place = place(&NAMES);
    place.fill(4);
    std::fs::write(place.data.search(), b"no database at all, but long enough to be looked at").unwrap();
    assert_eq!(place.reader().indexed_upto().unwrap(), 0, "looked at one by one");
    assert_eq!(place.words("gouda"), [3, 1, 0]);
    place.fill(4);
    assert_eq!(place.reader().indexed_upto().unwrap(), 4);
    let other = self::place(&NAMES[..3]);
    for end in ["", "-wal", "-shm"] {
        let from = format!("{}{end}", place.data.search().display());
        let _ = std::fs::copy(from, format!("{}{end}", other.data.search().display()));
    }
    assert_eq!(other.reader().indexed_upto().unwrap(), 0, "not of this store");
    assert_eq!(SearchIndex::open(&other.reader()).unwrap().mark().unwrap().upto, 0);
}

#[test]
fn readers_that_stay_open_follow_an_index_that_was_made_anew() {
    let place = place(&NAMES);
    let readers = Readers::new(&place.data);
    place.fill(4);
    for upto in [2, 3] {
        assert!(readers.get().unwrap().indexed_upto().unwrap() > 0);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", place.data.search().display()));
        }
        assert_eq!(readers.get().unwrap().indexed_upto().unwrap(), 0, "it is gone");
        place.fill(upto);
        assert_eq!(readers.get().unwrap().indexed_upto().unwrap(), upto);
    }
}

#[test]
fn an_index_that_cannot_be_opened_keeps_nobody_from_the_store() {
    let Place { _folder, data, store } = place(&NAMES);
    drop(store);
    std::fs::create_dir(data.search()).unwrap();
    let place = Place { store: Store::open(&data).unwrap(), data, _folder };
    assert!(SearchIndex::open(&place.reader()).is_err(), "whoever fills it hears of it");
    assert_eq!(place.reader().indexed_upto().unwrap(), 0);
    assert_eq!(place.words("gouda"), [3, 1, 0], "looked at one by one");
}
