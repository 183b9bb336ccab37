//! How fast the audit chain is proven. Run by hand: `cargo test --release -p schakel-store --test audit_speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::time::Instant;

use schakel_store::{
    Store,
    audit::{self, Action, Entry},
    data_dir::DataDir,
};

const ENTRIES: u64 = 1_000_000;

#[test]
#[ignore = "takes a minute; a measurement"]
fn a_million_entries_are_proven_in_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
    store.add_user(1, "command line", "jan", "Jan").unwrap();
    let begun = Instant::now();
    let detail = r#"{"before":{"name":"Gemeente Eikendam"},"after":{"name":"Gemeente Lindeveen"}}"#;
    for _ in 0..ENTRIES / 10_000 {
        store
            .write(|transaction| {
                for at in 0..10_000 {
                    let subject = format!("organisation:GM{at}");
                    let entry = Entry {
                        at,
                        actor: "jan",
                        action: Action::HoldPlaced,
                        subject: &subject,
                        reason: "a reason of some length",
                        detail,
                    };
                    audit::append(transaction, &entry)?;
                }
                Ok(())
            })
            .unwrap();
    }
    println!("appended {ENTRIES} entries in {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let walk = store.read(|connection| audit::verify(connection, None)).unwrap();
    assert_eq!((walk.entries, walk.broken), (ENTRIES + 1, None));
    println!("proven in {:.1} s", begun.elapsed().as_secs_f64());
}
