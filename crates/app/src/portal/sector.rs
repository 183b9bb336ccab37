//! The picture of the sector: what came in over a month, how long things took, and where it is open.

use std::{collections::HashMap, fs, path::Path};

use anyhow::Context;
use jiff::{Timestamp, ToSpan, civil::Date};
use schakel_formats::geo;
use schakel_model::{answer::RecipientState, ids::KindId, severity::Severity};
use schakel_render::portal::{
    map::Map,
    sector::{Day, Kind, Organisation, Sector, Times, bars, drawn, family},
};
use schakel_rules::{
    sector_times::spread,
    small_counts::{COUNT_STEP, coarse},
};
use schakel_store::{
    Reader, findings,
    register::load_organisations_now,
    sector::{self, Told},
};

use crate::{calendar::amsterdam, explain::organisation_name};

/// Days that are shown.
const DAYS: u32 = 30;

/// Families that have a colour of their own; the others share one.
const FAMILIES: usize = 5;

/// Kinds that are listed.
const KINDS: usize = 12;

const OTHER: &str = "other";

/// The map in a file; why it is none.
pub fn load_map(file: &Path) -> anyhow::Result<Map> {
    let doing = || format!("the map {} (portal.map in schakel.toml)", file.display());
    let size = fs::metadata(file).with_context(doing)?.len();
    anyhow::ensure!(size <= geo::MAP_BYTES_MAX as u64, "{}: {}", doing(), geo::NoMap::TooLarge);
    let areas = geo::read(&fs::read(file).with_context(doing)?).with_context(doing)?;
    Ok(Map::of(areas.into_iter().map(|area| (area.names, area.rings))))
}

/// The picture; with `exact` false as anybody may see it: counts in steps that name nobody, and no organisation.
pub fn sector(reader: &Reader, now: Timestamp, exact: bool, map: &Map) -> anyhow::Result<Sector> {
    let today = now.to_zoned(amsterdam()).date();
    let first = today.checked_sub((i64::from(DAYS) - 1).days())?;
    let since = first.to_zoned(amsterdam())?.timestamp().as_second();
    let count = |count: u64| if exact { count } else { coarse(count) };
    let kinds = reader.read(findings::kinds)?;
    let per_day = new_by_day(reader, since)?;

    let mut by_kind: HashMap<KindId, u64> = HashMap::new();
    for (kind, new) in per_day.values().flatten() {
        *by_kind.entry(*kind).or_default() += new;
    }
    let family_of =
        |kind: KindId| kinds.get(kind.0 as usize).map_or(OTHER, |kind| family(kind.classification));
    let families = largest_families(&by_kind, family_of);
    let mut days = Vec::new();
    for day in first.series(1.day()).take(DAYS as usize) {
        let mut counts = vec![0; families.len()];
        for (kind, new) in per_day.get(&day).into_iter().flatten() {
            let family = family_of(*kind);
            let place = families.iter().position(|one| *one == family).unwrap_or(families.len() - 1);
            counts[place] += new;
        }
        let total = count(counts.iter().sum());
        let at = day.at(12, 0, 0, 0).to_zoned(amsterdam())?.timestamp().as_second();
        days.push(Day { at, counts: counts.into_iter().map(count).collect(), total });
    }
    let largest = days.iter().map(|day| day.counts.iter().sum::<u64>().max(day.total)).max().unwrap_or(0);
    let (bars, chart) = bars(&days, largest);
    let organisations = if exact { organisations(reader)? } else { Vec::new() };
    Ok(Sector {
        days: DAYS,
        exact,
        families,
        bars,
        chart,
        largest,
        total: count(by_kind.values().sum()),
        per_day: days,
        kinds: frequent(&by_kind, &kinds, count),
        times: times(reader, since, exact)?,
        map: if exact { drawn(map, &organisations) } else { None },
        organisations,
    })
}

type ByDay = HashMap<Date, Vec<(KindId, u64)>>;

/// New findings by the day on which they came in, in the Netherlands.
fn new_by_day(reader: &Reader, since: i64) -> anyhow::Result<ByDay> {
    let mut by_day = ByDay::new();
    let came = reader.read(|connection| sector::came_since(connection, since))?;
    let mut ranges: Vec<(Date, std::ops::Range<u32>)> = Vec::new();
    for one in came.into_iter().rev().filter(|one| !one.findings.is_empty()) {
        let day = Timestamp::from_second(one.at)?.to_zoned(amsterdam()).date();
        match ranges.last_mut() {
            Some((last, range)) if *last == day && range.end == one.findings.start => {
                range.end = one.findings.end;
            }
            _ => ranges.push((day, one.findings)),
        }
    }
    for (day, range) in ranges {
        let counts = reader.read(|connection| sector::by_kind(connection, &range))?;
        by_day.entry(day).or_default().extend(counts);
    }
    Ok(by_day)
}

/// The families with the most, and the rest as one. There is always one.
fn largest_families(
    by_kind: &HashMap<KindId, u64>,
    family_of: impl Fn(KindId) -> &'static str,
) -> Vec<&'static str> {
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for (kind, new) in by_kind {
        *sums.entry(family_of(*kind)).or_default() += new;
    }
    let has_other = sums.remove(OTHER).is_some();
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    let rest = has_other || sums.len() > FAMILIES || sums.is_empty();
    let named = sums.into_iter().take(FAMILIES).map(|(family, _)| family);
    named.chain(rest.then_some(OTHER)).collect()
}

fn frequent(
    by_kind: &HashMap<KindId, u64>,
    kinds: &[findings::Kind],
    count: impl Fn(u64) -> u64,
) -> Vec<Kind> {
    // The same problem may have been reported by several feeds, or with several severities.
    let mut sums: HashMap<(&str, &'static str), u64> = HashMap::new();
    for (kind, new) in by_kind {
        if let Some(kind) = kinds.get(kind.0 as usize) {
            let name = if kind.identifier.is_empty() { &kind.feed } else { &kind.identifier };
            *sums.entry((name, family(kind.classification))).or_default() += new;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    let listed = sums.into_iter().take(KINDS).map(|((name, family), new)| Kind {
        name: name.to_owned(),
        family,
        count: count(new),
    });
    listed.filter(|kind| kind.count > 0).collect()
}

fn times(reader: &Reader, since: i64, exact: bool) -> anyhow::Result<Vec<Times>> {
    let told = reader.read(|connection| sector::told_since(connection, since))?;
    let answers = reader.read(|connection| sector::first_answers(connection, since))?;
    let least = if exact { 1 } else { COUNT_STEP as usize };
    let count = |count: usize| if exact { count as u64 } else { coarse(count as u64) };
    let mut times = Vec::new();
    for severity in Severity::ALL.into_iter().rev() {
        let of: Vec<&Told> = told.iter().filter(|one| one.severity == severity).collect();
        let shown = |spans: Vec<i64>| spread(spans, least).map(|spread| (spread.median, spread.ninth));
        let answered: Vec<i64> = of
            .iter()
            .filter_map(|one| Some(answers.get(&(one.organisation, one.finding))? - one.told_at))
            .collect();
        let fixed = of.iter().filter(|one| one.state == RecipientState::Fixed);
        times.push(Times {
            severity: severity.as_str(),
            told: shown(of.iter().map(|one| one.told_at - one.received_at).collect()),
            fixed: shown(fixed.filter_map(|one| Some(one.closed_at? - one.told_at)).collect()),
            count: count(of.len()),
            answers: count(answered.len()),
            answered: shown(answered),
        });
    }
    Ok(times)
}

/// Who has something open, the most first.
fn organisations(reader: &Reader) -> anyhow::Result<Vec<Organisation>> {
    let names = reader.read(load_organisations_now)?;
    let mut open: Vec<Organisation> = reader
        .read(sector::open_by_organisation)?
        .into_iter()
        .map(|(organisation, open, silent)| {
            let (code, name) = organisation_name(&names, organisation);
            Organisation { code: code.to_owned(), name: name.to_owned(), open, silent }
        })
        .collect();
    open.sort_by(|one, other| other.open.cmp(&one.open).then_with(|| one.name.cmp(&other.name)));
    Ok(open)
}

#[cfg(test)]
mod tests {
    use schakel_store::{Store, data_dir::DataDir};

    use super::*;

    #[test]
    fn an_empty_store_is_thirty_empty_days() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        let now: Timestamp = "2026-11-22T16:00:00Z".parse().unwrap();
        for exact in [true, false] {
            let picture = sector(&store.reader().unwrap(), now, exact, &Map::default()).unwrap();
            assert_eq!((picture.per_day.len(), picture.total, picture.families), (30, 0, vec!["other"]));
            assert!(picture.bars.is_empty() && picture.map.is_none() && picture.organisations.is_empty());
            assert!(picture.times.iter().all(|one| one.told.is_none() && one.count == 0));
        }
    }

    #[test]
    fn the_largest_families_come_first_and_the_rest_last() {
        let by_kind: HashMap<KindId, u64> = (0..7).map(|kind| (KindId(kind), 10 - u64::from(kind))).collect();
        let words = ["a", "b", "c", "d", "e", "f", OTHER];
        let of = |kinds: &HashMap<KindId, u64>| largest_families(kinds, |kind| words[kind.0 as usize]);
        assert_eq!(of(&by_kind), ["a", "b", "c", "d", "e", OTHER]);
        let few = HashMap::from([(KindId(1), 1), (KindId(0), 1)]);
        assert_eq!(of(&few), ["a", "b"]);
    }

    #[test]
    fn a_map_that_is_none_says_which_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("map.json");
        assert!(format!("{:#}", load_map(&file).unwrap_err()).contains("map.json"));
        fs::write(&file, "{}").unwrap();
        let error = format!("{:#}", load_map(&file).unwrap_err());
        assert!(error.contains("map.json") && error.contains("TopoJSON"), "{error}");
        fs::write(&file, r#"{"type":"FeatureCollection","features":[{"id":"GM0513","geometry":{"type":"Polygon","coordinates":[[[4,52],[5,52],[5,53],[4,52]]]}}]}"#).unwrap();
        assert_eq!(load_map(&file).unwrap().areas[0].names, ["GM0513"]);
    }
}
