//! An organisation and those around it as a picture: who stands before it on the left, for whom it stands on the right. The table beside it says the same.

use serde::Serialize;

/// How wide the picture is, in its own units: about the pixels it has on a page.
const WIDTH: u32 = 560;
/// How wide a box of another organisation is, and that of the one in the middle.
const BOX_WIDTH: u32 = 168;
/// How high a box is.
const BOX_HEIGHT: u32 = 26;
/// From the top of a box to the top of the next.
const ROW: u32 = 32;
/// How high the words above a group are.
const HEADING: u32 = 24;
/// Space between two groups.
const GAP: u32 = 10;
/// Characters of a name that fit into a box.
const NAME_CHARS_MAX: usize = 20;
/// Up to so many others each have a box; of more, only groups are drawn.
const EACH_DRAWN_MAX: usize = 24;
/// A group as small as this has its boxes all the same.
const SMALL_GROUP: usize = 3;

/// Others that stand to an organisation in the same way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The key of the words that are read from the organisation to the others: `relation-serves-to`.
    pub key: String,
    /// Does it come in, from the others to the organisation?
    pub comes_in: bool,
    /// A word for the line: a kind of relation, or `parent`.
    pub kind: &'static str,
    /// The names of the others.
    pub names: Vec<String>,
}

/// The picture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Drawing {
    /// What is seen of it: left edge, width and height.
    pub left: u32,
    /// See [`Drawing::left`].
    pub width: u32,
    /// See [`Drawing::left`].
    pub height: u32,
    /// The organisation.
    pub middle: Shape,
    /// The words above the groups.
    pub headings: Vec<Heading>,
    /// The others.
    pub boxes: Vec<Shape>,
    /// From the organisation to each of them.
    pub lines: Vec<Line>,
}

/// Words above a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Heading {
    /// Their key.
    pub key: String,
    /// Where they begin.
    pub x: u32,
    /// The line that they stand on.
    pub y: u32,
}

/// A box with a name, or with how many there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shape {
    /// The left edge.
    pub x: u32,
    /// The upper edge.
    pub y: u32,
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// The name, as much of it as fits; empty: a count.
    pub name: String,
    /// How many it stands for.
    pub count: usize,
}

/// A line, with the head of an arrow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// A word for how it is drawn.
    pub kind: &'static str,
    /// Its path (SVG).
    pub path: String,
    /// The head.
    pub head: String,
}

/// Draws an organisation and those around it; `None` when it stands alone.
pub fn draw(name: &str, groups: &[Group]) -> Option<Drawing> {
    let all: usize = groups.iter().map(|group| group.names.len()).sum();
    if all == 0 {
        return None;
    }
    let each = |group: &Group| all <= EACH_DRAWN_MAX || group.names.len() <= SMALL_GROUP;
    let rows = |group: &Group| if each(group) { group.names.len() } else { 1 };
    let tall = |comes_in: bool| -> u32 {
        let side = groups.iter().filter(|group| group.comes_in == comes_in && !group.names.is_empty());
        side.map(|group| HEADING + rows(group) as u32 * ROW + GAP).sum()
    };
    let (before, after) = (tall(true), tall(false));
    let height = before.max(after).max(3 * ROW);
    let middle_y = height / 2;
    let middle = Shape {
        x: (WIDTH - BOX_WIDTH) / 2,
        y: middle_y - ROW / 2,
        width: BOX_WIDTH,
        height: ROW,
        name: fitting(name),
        count: 1,
    };
    let mut drawing = Drawing {
        left: if before == 0 { middle.x - 1 } else { 0 },
        width: 0,
        height,
        headings: Vec::new(),
        boxes: Vec::new(),
        lines: Vec::new(),
        middle,
    };
    let right = if after == 0 { drawing.middle.x + BOX_WIDTH + 1 } else { WIDTH };
    drawing.width = right - drawing.left;
    for comes_in in [true, false] {
        let x = if comes_in { 1 } else { WIDTH - BOX_WIDTH - 1 };
        let mut y = (height - if comes_in { before } else { after }) / 2;
        for group in groups.iter().filter(|group| group.comes_in == comes_in && !group.names.is_empty()) {
            drawing.headings.push(Heading { key: group.key.clone(), x, y: y + HEADING - 8 });
            y += HEADING;
            let shown: Vec<(String, usize)> = match each(group) {
                true => group.names.iter().map(|name| (fitting(name), 1)).collect(),
                false => vec![(String::new(), group.names.len())],
            };
            for (name, count) in shown {
                drawing.boxes.push(Shape { x, y, width: BOX_WIDTH, height: BOX_HEIGHT, name, count });
                drawing.lines.push(line(group, &drawing.middle, x, y + BOX_HEIGHT / 2));
                y += ROW;
            }
            y += GAP;
        }
    }
    Some(drawing)
}

/// Between the middle and a box on one of its sides: what comes in points to the middle.
fn line(group: &Group, middle: &Shape, x: u32, y: u32) -> Line {
    let middle_y = middle.y + middle.height / 2;
    let (from, to) = match group.comes_in {
        true => ((x + BOX_WIDTH, y), (middle.x, middle_y)),
        false => ((middle.x + middle.width, middle_y), (x, y)),
    };
    let half = u32::midpoint(from.0, to.0);
    Line {
        kind: group.kind,
        path: format!("M{},{}C{half},{} {half},{} {},{}", from.0, from.1, from.1, to.1, to.0, to.1),
        head: format!("M{},{}l-7,-4v8z", to.0, to.1),
    }
}

fn fitting(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME_CHARS_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(comes_in: bool, count: usize) -> Group {
        let names = (0..count).map(|nth| format!("Organisation number {nth} of many")).collect();
        Group { key: "relation-serves-to".into(), comes_in, kind: "serves", names }
    }

    #[test]
    fn who_stands_alone_has_no_picture() {
        assert_eq!(draw("Gouda", &[]), None);
        assert_eq!(draw("Gouda", &[group(true, 0)]), None);
    }

    #[test]
    fn what_comes_in_points_to_the_middle_and_what_goes_out_away_from_it() {
        let drawing = draw("Gouda", &[group(true, 1), group(false, 1)]).unwrap();
        assert_eq!((drawing.left, drawing.width), (0, 560));
        let heads: Vec<&str> = drawing.lines.iter().map(|line| line.head.as_str()).collect();
        assert_eq!(heads, ["M196,48l-7,-4v8z", "M391,52l-7,-4v8z"]);
        let one_side = draw("Gouda", &[group(false, 1)]).unwrap();
        assert_eq!((one_side.left, one_side.width), (195, 365), "no empty half");
    }

    #[test]
    fn nothing_overlaps_and_all_of_it_is_seen() {
        let drawing = draw("Gouda", &[group(true, 9), group(false, 10), group(false, 5)]).unwrap();
        assert_eq!(drawing.boxes.len(), 24);
        for (nth, one) in drawing.boxes.iter().enumerate() {
            assert!(
                one.y + one.height <= drawing.height && one.x + one.width <= drawing.left + drawing.width
            );
            for other in &drawing.boxes[nth + 1..] {
                assert!(one.x != other.x || one.y + one.height <= other.y, "{one:?} {other:?}");
            }
        }
        assert!(drawing.boxes[0].name.chars().count() <= NAME_CHARS_MAX, "{}", drawing.boxes[0].name);
    }

    #[test]
    fn of_many_the_groups_are_drawn() {
        let drawing = draw("Solido", &[group(true, 3), group(false, 100)]).unwrap();
        let counts: Vec<usize> = drawing.boxes.iter().map(|one| one.count).collect();
        assert_eq!(counts, [1, 1, 1, 100]);
        assert!(drawing.boxes[3].name.is_empty());
    }
}
