//! Areas as paths of one picture: flattened, scaled, and with no more points than can be seen.

/// How wide the picture is, in its own units: about the pixels it has on a page.
const WIDTH: f64 = 480.0;
/// Taller than this it does not get.
const HEIGHT_MAX: f64 = 720.0;
/// Points nearer to the one before than this, in units, are left out.
const SEEN_APART: f64 = 0.8;

/// A picture of areas.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// How wide it is.
    pub width: u32,
    /// How high it is.
    pub height: u32,
    /// The areas.
    pub areas: Vec<Area>,
}

/// An area in it.
#[derive(Clone, Debug)]
pub struct Area {
    /// Every text that the file has about it.
    pub names: Vec<String>,
    /// The path (SVG).
    pub path: String,
}

impl Map {
    /// Draws areas: names and rings of (x, y), in degrees or in metres of a flat grid.
    pub fn of(areas: impl IntoIterator<Item = (Vec<String>, Vec<Vec<[f64; 2]>>)>) -> Self {
        let areas: Vec<_> = areas.into_iter().collect();
        let points = || areas.iter().flat_map(|(_, rings)| rings.iter().flatten());
        let mut low = [f64::MAX; 2];
        let mut high = [f64::MIN; 2];
        for point in points() {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let in_degrees = low[0] >= -180.0 && high[0] <= 180.0 && low[1] >= -90.0 && high[1] <= 90.0;
        // A degree of longitude is shorter than one of latitude, by the cosine of the latitude.
        let squeeze = if in_degrees { f64::midpoint(low[1], high[1]).to_radians().cos() } else { 1.0 };
        let size = [(high[0] - low[0]) * squeeze, high[1] - low[1]];
        let is_flat = |length: f64| !length.is_finite() || length <= 0.0;
        if size.into_iter().any(is_flat) {
            return Self::default();
        }
        let scale = (WIDTH / size[0]).min(HEIGHT_MAX / size[1]);
        // North is up, and pictures count downwards.
        let place = |point: &[f64; 2]| [(point[0] - low[0]) * squeeze * scale, (high[1] - point[1]) * scale];
        let areas = areas.iter().map(|(names, rings)| {
            let rings = rings.iter().map(|ring| path(ring.iter().map(place)));
            Area { names: names.clone(), path: rings.collect() }
        });
        Self {
            width: (size[0] * scale).ceil() as u32,
            height: (size[1] * scale).ceil() as u32,
            areas: areas.filter(|area| !area.path.is_empty()).collect(),
        }
    }
}

/// A ring; empty when it is too small to be seen.
fn path(points: impl Iterator<Item = [f64; 2]>) -> String {
    let mut seen: Vec<[f64; 2]> = Vec::new();
    for point in points {
        let apart = |last: &[f64; 2]| (point[0] - last[0]).hypot(point[1] - last[1]) >= SEEN_APART;
        if seen.last().is_none_or(apart) {
            seen.push(point);
        }
    }
    if seen.len() < 3 {
        return String::new();
    }
    let points: Vec<String> = seen.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
    format!("M{}Z", points.join("L"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    }

    #[test]
    fn north_is_up_and_degrees_are_squeezed() {
        let areas = [(vec!["GM0001".to_owned()], vec![square(4.0, 52.0, 1.0)])];
        let map = Map::of(areas);
        assert_eq!((map.width, map.areas.len()), (439, 1));
        assert_eq!(map.height, 720);
        assert!(map.areas[0].path.starts_with("M0.0,720.0L"), "{}", map.areas[0].path);
        // Metres of the Dutch grid are as they are.
        let map = Map::of([(Vec::new(), vec![square(10_000.0, 300_000.0, 5_000.0)])]);
        assert_eq!((map.width, map.height), (480, 480));
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        let many: Vec<[f64; 2]> = (0..10_000).map(|at| [f64::from(at) / 10_000.0, 0.0]).collect();
        let map = Map::of([
            (Vec::new(), vec![[many, vec![[1.0, 1.0], [0.0, 1.0]]].concat()]),
            (Vec::new(), vec![square(0.5, 0.5, 0.000_1)]),
        ]);
        assert_eq!(map.areas.len(), 1, "too small");
        assert!(map.areas[0].path.len() < 8_000, "{}", map.areas[0].path.len());
    }

    #[test]
    fn nothing_and_a_line_are_no_map() {
        assert!(Map::of([]).areas.is_empty());
        assert!(Map::of([(Vec::new(), vec![vec![[1.0, 1.0], [2.0, 1.0], [3.0, 1.0]]])]).areas.is_empty());
    }
}
