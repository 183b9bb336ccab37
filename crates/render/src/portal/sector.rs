//! The picture of a sector: findings a day by kind, how long things take, where it is.

use schakel_model::classification::ClassificationType;
use serde::Serialize;

use super::map::Map;
use crate::kind::Family;

/// How wide a day is in the chart, in its own units, and how high the chart.
const DAY_WIDTH: f64 = 24.0;
const CHART_HEIGHT: f64 = 180.0;
/// Space between two days.
const GAP: f64 = 4.0;

/// What it shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sector {
    /// Over how many days.
    pub days: u32,
    /// Are counts exact, or in steps that name nobody?
    pub exact: bool,
    /// Words for the families that stand in the chart, the largest first.
    pub families: Vec<&'static str>,
    /// The days, the oldest first.
    pub per_day: Vec<Day>,
    /// The same as bars.
    pub bars: Vec<Bar>,
    /// The chart's size.
    pub chart: (u32, u32),
    /// The largest day.
    pub largest: u64,
    /// New findings in all.
    pub total: u64,
    /// The most frequent kinds.
    pub kinds: Vec<Kind>,
    /// How long things took, the worst first.
    pub times: Vec<Times>,
    /// Where it is open, the most first; empty for whoever may not know.
    pub organisations: Vec<Organisation>,
    /// The map; `None`: there is none.
    pub map: Option<Drawn>,
}

/// A day.
#[derive(Clone, Debug, Serialize)]
pub struct Day {
    /// At noon, in seconds since 1970.
    pub at: i64,
    /// A count for each of [`Sector::families`].
    pub counts: Vec<u64>,
    /// All of them.
    pub total: u64,
}

/// A piece of a bar.
#[derive(Clone, Debug, Serialize)]
pub struct Bar {
    /// Which of [`Sector::families`], from 1.
    pub series: usize,
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// How wide.
    pub width: f64,
    /// How high.
    pub height: f64,
}

/// A kind of finding.
#[derive(Clone, Debug, Serialize)]
pub struct Kind {
    /// Its identifier, or its report type.
    pub name: String,
    /// A word for its family.
    pub family: &'static str,
    /// New findings.
    pub count: u64,
}

/// How long things took; seconds, `None` where too little is known.
#[derive(Clone, Debug, Serialize)]
pub struct Times {
    /// A word.
    pub severity: &'static str,
    /// From the report's arrival until it was told: half, and nine in ten.
    pub told: Option<(i64, i64)>,
    /// From then until the first answer.
    pub answered: Option<(i64, i64)>,
    /// From then until it was closed as fixed.
    pub fixed: Option<(i64, i64)>,
    /// Findings that were told.
    pub count: u64,
    /// Of those, how many were answered.
    pub answers: u64,
}

/// An organisation.
#[derive(Clone, Debug, Serialize)]
pub struct Organisation {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Findings that are open there.
    pub open: u64,
    /// Those among them to which nothing was said.
    pub silent: u64,
}

/// A map with how much is open where.
#[derive(Clone, Debug, Serialize)]
pub struct Drawn {
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// From how many open findings on an area is a step darker.
    pub steps: Vec<u64>,
    /// The areas.
    pub areas: Vec<Area>,
}

/// An area of the map.
#[derive(Clone, Debug, Serialize)]
pub struct Area {
    /// Whose it is; empty: nobody's that we know.
    pub name: String,
    /// Findings that are open there.
    pub open: u64,
    /// How dark it is: how many of [`Drawn::steps`] it reaches.
    pub step: usize,
    /// Its shape.
    pub path: String,
}

/// Steps of darkness besides the lightest, where nothing is open.
const STEPS: usize = 4;

/// A word for the family of a classification: every text `group-<word>` is there.
pub fn family(classification: ClassificationType) -> &'static str {
    Family::of(classification).word()
}

/// The days as stacked bars, and the size of the chart.
pub fn bars(days: &[Day], largest: u64) -> (Vec<Bar>, (u32, u32)) {
    let scale = CHART_HEIGHT / largest.max(1) as f64;
    let tenth = |length: f64| (length * 10.0).round() / 10.0;
    let mut bars = Vec::new();
    for (at, day) in days.iter().enumerate() {
        let mut top = CHART_HEIGHT;
        for (series, count) in (1..).zip(&day.counts).filter(|(_, count)| **count > 0) {
            let height = *count as f64 * scale;
            top -= height;
            let (x, width) = (tenth(at as f64 * DAY_WIDTH), DAY_WIDTH - GAP);
            bars.push(Bar { series, x, y: tenth(top.max(0.0)), width, height: tenth(height) });
        }
    }
    (bars, ((days.len() as f64 * DAY_WIDTH) as u32, CHART_HEIGHT as u32))
}

/// The map with how much is open where; areas are found by any text that the file has about them.
pub fn drawn(map: &Map, organisations: &[Organisation]) -> Option<Drawn> {
    if map.areas.is_empty() {
        return None;
    }
    let found: Vec<_> = map
        .areas
        .iter()
        .map(|area| {
            let is_it = |name: &String, one: &Organisation| name.eq_ignore_ascii_case(&one.code);
            (area, organisations.iter().find(|one| area.names.iter().any(|name| is_it(name, one))))
        })
        .collect();
    let steps = steps(found.iter().filter_map(|(_, one)| Some(one.as_ref()?.open)).collect());
    let areas = found.into_iter().map(|(area, one)| {
        let open = one.map_or(0, |one| one.open);
        Area {
            name: one.map_or_else(String::new, |one| one.name.clone()),
            open,
            step: steps.iter().filter(|from| open >= **from).count(),
            path: area.path.clone(),
        }
    });
    Some(Drawn { width: map.width, height: map.height, areas: areas.collect(), steps })
}

/// Steps that about as many areas reach each, in figures of two digits; the first is 1.
fn steps(mut open: Vec<u64>) -> Vec<u64> {
    open.retain(|count| *count > 0);
    open.sort_unstable();
    let mut steps = vec![1];
    for step in 1..STEPS {
        let Some(count) = open.get(open.len() * step / STEPS) else { break };
        let unit = 10u64.pow(count.ilog10().saturating_sub(1));
        let from = count.div_ceil(unit) * unit;
        if from > steps[steps.len() - 1] && from <= open[open.len() - 1] {
            steps.push(from);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_and_fill_the_chart() {
        let day = |counts: &[u64]| Day { at: 0, counts: counts.to_vec(), total: counts.iter().sum() };
        let (bars, size) = bars(&[day(&[30, 10]), day(&[0, 0]), day(&[0, 20])], 40);
        assert_eq!(size, (72, 180));
        let heights: Vec<_> = bars.iter().map(|bar| (bar.series, bar.x, bar.y, bar.height)).collect();
        assert_eq!(heights, [(1, 0.0, 45.0, 135.0), (2, 0.0, 0.0, 45.0), (2, 48.0, 90.0, 90.0)]);
        assert!(super::bars(&[day(&[0])], 0).0.is_empty(), "nothing came in");
    }

    #[test]
    fn an_area_is_found_by_any_text_of_it() {
        let square = vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]];
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let map = Map::of([
            (names(&["Gouda", "gm0513"]), vec![square.clone()]),
            (names(&["Elders"]), vec![square]),
        ]);
        let gouda = Organisation { code: "GM0513".into(), name: "Gouda".into(), open: 20, silent: 3 };
        let drawn = drawn(&map, &[gouda]).unwrap();
        let shown: Vec<_> = drawn.areas.iter().map(|area| (area.name.as_str(), area.step)).collect();
        assert_eq!(shown, [("Gouda", 2), ("", 0)]);
        assert!(super::drawn(&Map::default(), &[]).is_none());
    }

    #[test]
    fn steps_part_the_areas_evenly() {
        assert_eq!(steps(Vec::new()), [1]);
        assert_eq!(steps(vec![0, 7, 7, 7]), [1, 7]);
        assert_eq!(steps((1..=100).collect()), [1, 26, 51, 76]);
        assert_eq!(steps(vec![304, 504, 871, 2_628]), [1, 510, 880, 2_700][..3]);
    }
}
