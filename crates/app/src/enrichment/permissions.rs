//! Which findings may be looked up outside: not one that a report shows whose source forbids it, whoever else shows it too.

use std::collections::{BTreeSet, HashSet};

use foldhash::fast::RandomState;
use schakel_model::ids::FindingId;
use schakel_store::{
    Reader, StoreError,
    fate_blob::{self, RowFate},
    look_ups::{self, Forbidding},
};

/// Follows the store: a report may come in, or a source's settings change, while names are being looked up.
#[derive(Default)]
pub struct Permissions {
    forbidding: Forbidding,
    /// Seen up to this chunk.
    chunk: u32,
    forbidden: HashSet<FindingId, RandomState>,
}

impl Permissions {
    /// As it is now.
    pub fn now(reader: &Reader) -> Result<Self, StoreError> {
        let mut permissions = Self::default();
        permissions.follow(reader)?;
        Ok(permissions)
    }

    /// Takes over what came since.
    pub fn follow(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let forbidding = reader.read(look_ups::forbidding)?;
        if forbidding != self.forbidding {
            *self = Self { forbidding, ..Self::default() };
        }
        let last = reader.read(look_ups::last_chunk)?;
        if last > self.chunk && !self.forbidding.is_empty() {
            let forbidden = &mut self.forbidden;
            reader.read(|connection| {
                look_ups::for_each_forbidden(connection, self.chunk, |_, _, fates| {
                    forbidden.extend(shown_in(fates));
                })
            })?;
        }
        self.chunk = last;
        Ok(())
    }

    /// May it be looked up?
    pub fn permits(&self, finding: FindingId) -> bool {
        !self.forbidden.contains(&finding)
    }
}

/// The codes of the sources that forbid to look a finding up.
pub fn forbidding(reader: &Reader, finding: FindingId) -> Result<BTreeSet<String>, StoreError> {
    let mut codes = BTreeSet::new();
    reader.read(|connection| {
        look_ups::for_each_forbidden(connection, 0, |_, code, fates| {
            if !codes.contains(code) && shown_in(fates).any(|shown| shown == finding) {
                codes.insert(code.to_owned());
            }
        })
    })?;
    Ok(codes)
}

fn shown_in(fates: &[u8]) -> impl Iterator<Item = FindingId> + '_ {
    fate_blob::read(fates).filter_map(|fate| match fate {
        Ok(RowFate::Event(finding)) => Some(finding),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use schakel_model::{clock::Clock, ids::SourceId, source::Source};
    use schakel_store::{act::Act, data_dir::DataDir};

    use super::*;
    use crate::{
        incoming::{Incoming, Origin},
        intake::Intake,
        reading::Reading,
    };

    /// What happens: a report of a source (0: nobody in particular, 1, 2) shows these addresses, or a source changes its mind.
    #[derive(Clone, Debug)]
    enum Step {
        Report { source: u32, addresses: Vec<u8> },
        Permit { source: u32, may_look_up: bool },
    }

    fn step() -> impl Strategy<Value = Step> {
        let report = (0u32..3, prop::collection::vec(0u8..6, 1..4));
        prop_oneof![
            3 => report.prop_map(|(source, addresses)| Step::Report { source, addresses }),
            1 => (1u32..3, any::<bool>()).prop_map(|(source, may_look_up)| Step::Permit { source, may_look_up }),
        ]
    }

    fn code(source: u32) -> String {
        format!("source{source}")
    }

    fn put(intake: &mut Intake, source: u32, may_look_up: bool) {
        let act = Act { at: 1, actor: "test", reason: "" };
        let settings = Source { may_look_up, ..Source::new(&code(source)) };
        assert_eq!(intake.store().put_source(act, &settings, "").unwrap(), SourceId(source));
    }

    fn report(number: usize, addresses: &[u8]) -> Vec<u8> {
        let line = |last: &u8| {
            format!(
                "{{\"time.source\":\"2026-11-20T03:{number:02}:00+00:00\",\"source.ip\":\"192.0.2.{last}\",\
                 \"classification.type\":\"scanner\",\"classification.identifier\":\"x\",\"feed.name\":\"t\",\
                 \"feed.provider\":\"t\"}}\n"
            )
        };
        addresses.iter().map(line).collect::<String>().into_bytes()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn a_finding_may_be_looked_up_when_every_source_that_shows_it_permits_it(steps in prop::collection::vec(step(), 1..12)) {
            let folder = tempfile::tempdir().unwrap();
            let data = DataDir::new(folder.path());
            let mut intake = Intake::open(&data, Clock::fixed("2026-11-21T09:00:00Z".parse().unwrap())).unwrap();
            let reader = intake.store().reader().unwrap();
            let mut may = [true; 3];
            for source in 1..3 {
                put(&mut intake, source, true);
            }
            let mut followed = Permissions::now(&reader).unwrap();
            // The oracle: who shows what. Findings are numbered as they come.
            let mut numbers: BTreeMap<u8, u32> = BTreeMap::new();
            let mut shown: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for (number, step) in steps.iter().enumerate() {
                match step {
                    Step::Permit { source, may_look_up } => {
                        may[*source as usize] = *may_look_up;
                        put(&mut intake, *source, *may_look_up);
                    }
                    Step::Report { source, addresses } => {
                        let origin = Origin { source: SourceId(*source), ..Origin::default() };
                        let incoming = Incoming::memory("", report(number, addresses)).from(&format!("{number}.jsonl"), origin);
                        intake.take(incoming, &Reading::default(), &|_| {}).unwrap();
                        for address in addresses {
                            let next = numbers.len() as u32;
                            let finding = *numbers.entry(*address).or_insert(next);
                            shown.entry(finding).or_default().insert(*source);
                        }
                    }
                }
                followed.follow(&reader).unwrap();
                let anew = Permissions::now(&reader).unwrap();
                for (finding, sources) in &shown {
                    let finding = FindingId(*finding);
                    let against: BTreeSet<String> =
                        sources.iter().filter(|source| !may[**source as usize]).map(|source| code(*source)).collect();
                    prop_assert_eq!(followed.permits(finding), against.is_empty());
                    prop_assert_eq!(anew.permits(finding), against.is_empty());
                    prop_assert_eq!(forbidding(&reader, finding).unwrap(), against);
                }
            }
        }
    }
}
