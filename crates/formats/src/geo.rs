//! Areas on a map, from GeoJSON (RFC 7946) or TopoJSON (<https://github.com/topojson/topojson-specification>): polygons with what the file
//! calls them.

use serde_json::{Map, Value};

/// A map that is larger, in bytes, has to be generalised first: no page can show so much.
pub const MAP_BYTES_MAX: usize = 16 << 20;

/// Areas of a map at most: ten times the municipalities of the Netherlands.
const AREAS_MAX: usize = 5_000;

/// Polygons lie no deeper in collections than this.
const DEPTH_MAX: usize = 8;

/// An area.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    /// Every text that the file has about it: its code is among them.
    pub names: Vec<String>,
    /// Rings of points (x, y), as the file counts them. A ring within another is a hole.
    pub rings: Vec<Vec<[f64; 2]>>,
}

/// Why a file is no map.
#[derive(Debug, thiserror::Error)]
pub enum NoMap {
    /// It is too large.
    #[error("larger than {} MB: generalise it first", MAP_BYTES_MAX >> 20)]
    TooLarge,
    /// It has too many areas.
    #[error("more than {AREAS_MAX} areas")]
    TooMany,
    /// It is no JSON.
    #[error("no JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is other JSON.
    #[error("neither a GeoJSON FeatureCollection nor a TopoJSON Topology")]
    Unknown,
    /// Something in it is not as the format says.
    #[error("{0}")]
    Broken(&'static str),
    /// It has no polygon.
    #[error("no polygon in it")]
    Empty,
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Result<Vec<Area>, NoMap> {
    if bytes.len() > MAP_BYTES_MAX {
        return Err(NoMap::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Value = serde_json::from_slice(bytes)?;
    let mut areas = Vec::new();
    match word(&document, "type") {
        "FeatureCollection" => {
            for feature in list(&document, "features")? {
                let rings = geojson_rings(&feature["geometry"], 0)?;
                keep(&mut areas, names(feature), rings)?;
            }
        }
        "Topology" => {
            let arcs = arcs(&document)?;
            let objects = document["objects"].as_object().ok_or(NoMap::Broken("objects is missing"))?;
            for object in objects.values() {
                topology_areas(object, &arcs, &mut areas, 0)?;
            }
        }
        _ => return Err(NoMap::Unknown),
    }
    if areas.is_empty() { Err(NoMap::Empty) } else { Ok(areas) }
}

fn keep(areas: &mut Vec<Area>, names: Vec<String>, rings: Vec<Vec<[f64; 2]>>) -> Result<(), NoMap> {
    if rings.is_empty() {
        return Ok(());
    }
    if areas.len() == AREAS_MAX {
        return Err(NoMap::TooMany);
    }
    areas.push(Area { names, rings });
    Ok(())
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &'static str) -> Result<&'v [Value], NoMap> {
    value[name].as_array().map(Vec::as_slice).ok_or(NoMap::Broken("a list is missing"))
}

/// The texts of a feature: its properties and its id.
fn names(feature: &Value) -> Vec<String> {
    let properties = feature["properties"].as_object().into_iter().flat_map(Map::values);
    properties.chain([&feature["id"]]).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn geojson_rings(geometry: &Value, depth: usize) -> Result<Vec<Vec<[f64; 2]>>, NoMap> {
    match word(geometry, "type") {
        "Polygon" => list(geometry, "coordinates")?.iter().map(ring).collect(),
        "MultiPolygon" => {
            let polygons = list(geometry, "coordinates")?;
            let rings =
                polygons.iter().map(|one| one.as_array().ok_or(NoMap::Broken("a polygon is no list")));
            rings.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(ring).collect()
        }
        "GeometryCollection" if depth < DEPTH_MAX => {
            let mut rings = Vec::new();
            for one in list(geometry, "geometries")? {
                rings.extend(geojson_rings(one, depth + 1)?);
            }
            Ok(rings)
        }
        _ => Ok(Vec::new()),
    }
}

fn ring(points: &Value) -> Result<Vec<[f64; 2]>, NoMap> {
    points.as_array().ok_or(NoMap::Broken("a ring is no list"))?.iter().map(point).collect()
}

fn point(value: &Value) -> Result<[f64; 2], NoMap> {
    let number = |at: usize| value[at].as_f64().filter(|number| number.is_finite());
    number(0).zip(number(1)).map(|(x, y)| [x, y]).ok_or(NoMap::Broken("a point is no pair of numbers"))
}

/// The arcs of a topology; with a transform they are differences of whole numbers.
fn arcs(document: &Value) -> Result<Vec<Vec<[f64; 2]>>, NoMap> {
    let transform = match &document["transform"] {
        Value::Null => None,
        transform => Some((point(&transform["scale"])?, point(&transform["translate"])?)),
    };
    let arcs = list(document, "arcs")?.iter().map(ring);
    arcs.map(|arc| {
        let mut arc = arc?;
        if let Some((scale, translate)) = transform {
            let mut at = [0.0, 0.0];
            for point in &mut arc {
                for axis in 0..2 {
                    at[axis] += point[axis];
                    point[axis] = at[axis] * scale[axis] + translate[axis];
                }
            }
        }
        Ok(arc)
    })
    .collect()
}

fn topology_areas(
    object: &Value,
    arcs: &[Vec<[f64; 2]>],
    areas: &mut Vec<Area>,
    depth: usize,
) -> Result<(), NoMap> {
    match word(object, "type") {
        "GeometryCollection" if depth < DEPTH_MAX => {
            for one in list(object, "geometries")? {
                topology_areas(one, arcs, areas, depth + 1)?;
            }
            Ok(())
        }
        "Polygon" => {
            let rings =
                list(object, "arcs")?.iter().map(|ring| stitched(ring, arcs)).collect::<Result<_, _>>()?;
            keep(areas, names(object), rings)
        }
        "MultiPolygon" => {
            let rings = list(object, "arcs")?.iter().filter_map(Value::as_array).flatten();
            keep(areas, names(object), rings.map(|ring| stitched(ring, arcs)).collect::<Result<_, _>>()?)
        }
        _ => Ok(()),
    }
}

/// A ring from its arcs: a negative number is the complement of one that is walked backwards. Arcs share their ends.
fn stitched(ring: &Value, arcs: &[Vec<[f64; 2]>]) -> Result<Vec<[f64; 2]>, NoMap> {
    let mut points: Vec<[f64; 2]> = Vec::new();
    for number in ring.as_array().ok_or(NoMap::Broken("a ring is no list"))? {
        let number = number.as_i64().ok_or(NoMap::Broken("an arc is no number"))?;
        let index = if number < 0 { !number } else { number };
        let arc = usize::try_from(index).ok().and_then(|index| arcs.get(index));
        let arc = arc.ok_or(NoMap::Broken("an arc is missing"))?;
        let skipped = usize::from(!points.is_empty());
        match number < 0 {
            true => points.extend(arc.iter().rev().skip(skipped)),
            false => points.extend(arc.iter().skip(skipped)),
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOJSON: &str = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"statcode":"GM0001","year":2026},"geometry":{"type":"Polygon","coordinates":[[[4,52],[5,52],[5,53],[4,52]]]}},
        {"type":"Feature","id":"GM0002","properties":null,"geometry":{"type":"MultiPolygon","coordinates":[[[[4,52,1],[5,52,1],[4,52,1]]],[[[6,52],[7,52],[6,52]]]]}},
        {"type":"Feature","properties":{"statcode":"GM0003"},"geometry":null},
        {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[4,52]}}]}"#;

    #[test]
    fn geojson_gives_polygons_with_their_texts() {
        let areas = read(GEOJSON.as_bytes()).unwrap();
        assert_eq!(areas.len(), 2, "what has no polygon is left out");
        assert_eq!(areas[0].names, ["GM0001"]);
        assert_eq!(areas[0].rings, [[[4.0, 52.0], [5.0, 52.0], [5.0, 53.0], [4.0, 52.0]]]);
        assert_eq!((areas[1].names[0].as_str(), areas[1].rings.len()), ("GM0002", 2));
    }

    #[test]
    fn topojson_shares_arcs_and_counts_in_differences() {
        // Two squares that share a side, walked in opposite directions.
        let text = r#"{"type":"Topology","transform":{"scale":[0.5,2],"translate":[10,20]},
            "arcs":[[[0,0],[0,2]],[[0,2],[2,0],[0,-2],[-2,0]],[[0,0],[-2,0],[0,2],[2,0]]],
            "objects":{"all":{"type":"GeometryCollection","geometries":[
                {"type":"Polygon","arcs":[[0,1]],"properties":{"code":"GM0001"}},
                {"type":"MultiPolygon","arcs":[[[2,-1]]],"properties":{"code":"GM0002"}}]}}}"#;
        let areas = read(text.as_bytes()).unwrap();
        let first = &areas[0].rings[0];
        assert_eq!(first, &[[10.0, 20.0], [10.0, 24.0], [11.0, 24.0], [11.0, 20.0], [10.0, 20.0]]);
        let second = &areas[1].rings[0];
        assert_eq!(second.first(), second.last(), "the arc that is shared closes it, walked backwards");
        assert_eq!(areas[1].names, ["GM0002"]);
    }

    #[test]
    fn what_is_no_map_says_why() {
        let topology = |arcs: &str, ring: &str| {
            format!(
                r#"{{"type":"Topology","arcs":{arcs},"objects":{{"a":{{"type":"Polygon","arcs":[{ring}]}}}}}}"#
            )
        };
        let deep =
            format!("{}0{}", r#"{"type":"GeometryCollection","geometries":["#.repeat(30), "]}".repeat(30));
        for (text, says) in [
            (String::new(), "no JSON"),
            ("[]".into(), "neither"),
            (r#"{"type":"FeatureCollection"}"#.into(), "a list is missing"),
            (r#"{"type":"FeatureCollection","features":[]}"#.into(), "no polygon"),
            (r#"{"type":"Topology","arcs":[]}"#.into(), "objects"),
            (topology("[]", "[0]"), "an arc is missing"),
            (topology("[]", "[-9223372036854775808]"), "an arc is missing"),
            (topology("[[[0,1e999]]]", "[0]"), "number"),
            (topology("[[[0]]]", "[0]"), "pair of numbers"),
            (topology("[]", "7"), "no list"),
            (GEOJSON.replace("[5,53]", "\"x\""), "pair of numbers"),
            (format!(r#"{{"type":"FeatureCollection","features":[{{"geometry":{deep}}}]}}"#), "no polygon"),
            (" ".repeat(MAP_BYTES_MAX + 1), "generalise"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}: {}", &text[..text.len().min(80)]);
        }
    }
}
