//! Direction of crates: `model <- formats <- {parse attribute rules advisory render seal} <- {store ingest deliver lookup scan}
//! <- app <- web <- cli`. Anything else in `cargo metadata` is a problem.

use serde_json::Value;

/// How a crate uses another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// In the program (normal and build dependencies).
    Program,
    /// In tests only.
    Test,
}

/// One of our crates depends on something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: Kind,
}

/// The rings, from the inside out. A crate may use crates of rings further in, never of its own ring.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ring {
    Model,
    Formats,
    /// Pure: parse, attribute, rules, advisory, render, seal.
    Pure,
    /// Pure too; beside the others, but may use parse. Nothing between it and the app knows it.
    Demo,
    /// Store, ingest, deliver, lookup, scan: each does one kind of I/O and knows none of the others.
    Effects,
    App,
    Web,
    Cli,
    /// Bench, e2e, xtask: they may use everything, nothing uses them.
    Outermost,
}

/// Every crate of ours. A new crate gets its line here.
const RINGS: &[(&str, Ring)] = &[
    ("schakel-model", Ring::Model),
    ("schakel-formats", Ring::Formats),
    ("schakel-parse", Ring::Pure),
    ("schakel-attribute", Ring::Pure),
    ("schakel-rules", Ring::Pure),
    ("schakel-advisory", Ring::Pure),
    ("schakel-render", Ring::Pure),
    ("schakel-seal", Ring::Pure),
    ("schakel-demo", Ring::Demo),
    ("schakel-store", Ring::Effects),
    ("schakel-ingest", Ring::Effects),
    ("schakel-deliver", Ring::Effects),
    ("schakel-lookup", Ring::Effects),
    ("schakel-scan", Ring::Effects),
    ("schakel-app", Ring::App),
    ("schakel-web", Ring::Web),
    ("schakel", Ring::Cli),
    ("schakel-bench", Ring::Outermost),
    ("schakel-e2e", Ring::Outermost),
    ("xtask", Ring::Outermost),
];

/// Fakes for tests: uses the model only, is used in tests only.
const TESTKIT: &str = "schakel-testkit";

/// Third parties that would make a pure crate impure: they read the clock, files, sockets or a random source, or belong to
/// one effect.
const IMPURE: &[&str] = &[
    "arc-swap",
    "axum",
    "clap",
    "crossbeam-channel",
    "fs4",
    "getrandom",
    "hyper",
    "indicatif",
    "lettre",
    "mio",
    "prometheus-client",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "signal-hook",
    "socket2",
    "tempfile",
    "tokio",
    "tracing-subscriber",
    "ureq",
];

/// Third parties that one crate keeps to itself (and the outermost ring may use).
const KEPT: &[(&str, &str)] = &[
    ("axum", "schakel-web"),
    ("clap", "schakel"),
    ("domain", "schakel-formats"),
    ("lettre", "schakel-deliver"),
    ("rusqlite", "schakel-store"),
    ("ureq", "schakel-lookup"),
];

/// What is wrong with these edges, one sentence each.
pub fn problems(edges: &[Edge]) -> Vec<String> {
    edges.iter().filter_map(problem).collect()
}

fn problem(edge: &Edge) -> Option<String> {
    let Edge { from, to, kind } = edge;
    let why = if is_ours(to) { ours(from, to, *kind) } else { third_party(from, to, *kind) }?;
    Some(format!("{from} must not depend on {to}: {why}"))
}

/// An edge between two crates of ours.
fn ours(from: &str, to: &str, kind: Kind) -> Option<String> {
    if to == TESTKIT {
        return (kind == Kind::Program).then(|| "the testkit is for tests only".to_owned());
    }
    let Some(to_ring) = ring(to) else {
        return Some(format!("{to} has no ring; give it one in xtask/src/tidy/direction.rs"));
    };
    if from == TESTKIT {
        return (to_ring != Ring::Model).then(|| "the testkit knows the model only".to_owned());
    }
    let Some(from_ring) = ring(from) else {
        return Some(format!("{from} has no ring; give it one in xtask/src/tidy/direction.rs"));
    };
    if to_ring >= from_ring {
        return Some(format!("{to_ring:?} is not further in than {from_ring:?}"));
    }
    if to_ring == Ring::Demo && from_ring == Ring::Effects && kind == Kind::Program {
        return Some("the demo is known to the app and further out only".to_owned());
    }
    if from_ring == Ring::Demo && !["schakel-model", "schakel-formats", "schakel-parse"].contains(&to) {
        return Some("the demo makes input: it knows model, formats and parse".to_owned());
    }
    None
}

/// An edge to somebody else's crate. Tests may use what they like.
fn third_party(from: &str, to: &str, kind: Kind) -> Option<String> {
    let ring = ring(from)?;
    if kind == Kind::Test || ring == Ring::Outermost {
        return None;
    }
    if ring <= Ring::Demo && IMPURE.contains(&to) {
        return Some("the inner rings are pure: no clock, files, sockets or random source".to_owned());
    }
    let keeper = KEPT.iter().find(|(name, _)| *name == to).map(|(_, keeper)| *keeper)?;
    (keeper != from).then(|| format!("only {keeper} knows it"))
}

fn is_ours(name: &str) -> bool {
    name.starts_with("schakel-") || name == "schakel" || name == "xtask"
}

fn ring(name: &str) -> Option<Ring> {
    RINGS.iter().find(|(known, _)| *known == name).map(|(_, ring)| *ring)
}

/// The edges that leave our crates, from `cargo metadata`.
pub fn edges(metadata: &Value) -> Vec<Edge> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = packages.iter().filter(|package| package["source"].is_null());
    ours.flat_map(|package| {
        let from = package["name"].as_str().unwrap_or_default();
        let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
        dependencies.iter().map(move |dependency| Edge {
            from: from.to_owned(),
            to: dependency["name"].as_str().unwrap_or_default().to_owned(),
            kind: if dependency["kind"] == "dev" { Kind::Test } else { Kind::Program },
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, kind: Kind, fine: bool) {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), kind };
        assert_eq!(problem(&edge).is_none(), fine, "{edge:?}: {:?}", problem(&edge));
    }

    #[test]
    fn dependencies_point_inwards() {
        check("schakel-formats", "schakel-model", Kind::Program, true);
        check("schakel-parse", "schakel-formats", Kind::Program, true);
        check("schakel-store", "schakel-parse", Kind::Program, true);
        check("schakel-app", "schakel-store", Kind::Program, true);
        check("schakel", "schakel-web", Kind::Program, true);
        check("schakel-bench", "schakel-app", Kind::Program, true);

        check("schakel-model", "schakel-formats", Kind::Program, false);
        check("schakel-app", "schakel-web", Kind::Program, false);
        check("schakel-app", "schakel-bench", Kind::Program, false);
        check("schakel-model", "schakel-formats", Kind::Test, false);
    }

    #[test]
    fn crates_of_one_ring_do_not_know_each_other() {
        check("schakel-parse", "schakel-attribute", Kind::Program, false);
        check("schakel-store", "schakel-ingest", Kind::Program, false);
        check("schakel-deliver", "schakel-store", Kind::Test, false);
    }

    #[test]
    fn the_demo_makes_input_and_is_known_far_out() {
        check("schakel-demo", "schakel-parse", Kind::Program, true);
        check("schakel-demo", "schakel-render", Kind::Program, false);
        check("schakel-app", "schakel-demo", Kind::Program, true);
        check("schakel-store", "schakel-demo", Kind::Program, false);
        check("schakel-store", "schakel-demo", Kind::Test, true);
    }

    #[test]
    fn the_testkit_is_for_tests_and_knows_the_model() {
        check("schakel-deliver", "schakel-testkit", Kind::Test, true);
        check("schakel-deliver", "schakel-testkit", Kind::Program, false);
        check("schakel-testkit", "schakel-model", Kind::Program, true);
        check("schakel-testkit", "schakel-formats", Kind::Program, false);
        check("schakel-testkit", "tokio", Kind::Program, true);
    }

    #[test]
    fn inner_rings_are_pure_and_effects_have_one_home() {
        check("schakel-parse", "csv-core", Kind::Program, true);
        check("schakel-parse", "tokio", Kind::Program, false);
        check("schakel-parse", "tempfile", Kind::Test, true);
        check("schakel-store", "rusqlite", Kind::Program, true);
        check("schakel-app", "rusqlite", Kind::Program, false);
        check("schakel-app", "lettre", Kind::Program, false);
        check("schakel-bench", "rusqlite", Kind::Program, true);
    }

    #[test]
    fn a_crate_without_a_ring_is_a_problem() {
        check("schakel-new", "schakel-model", Kind::Program, false);
        check("schakel-app", "schakel-new", Kind::Program, false);
    }

    #[test]
    fn edges_are_read_from_metadata() {
        let metadata = serde_json::json!({"packages": [
            {"name": "schakel-app", "source": null, "dependencies": [
                {"name": "schakel-model", "kind": null}, {"name": "tempfile", "kind": "dev"}]},
            {"name": "serde", "source": "registry", "dependencies": [{"name": "tokio", "kind": null}]},
        ]});
        let edge = |to: &str, kind| Edge { from: "schakel-app".to_owned(), to: to.to_owned(), kind };
        assert_eq!(edges(&metadata), [edge("schakel-model", Kind::Program), edge("tempfile", Kind::Test)]);
    }
}
