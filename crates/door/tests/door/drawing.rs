//! The drawing of the states: laid by hand, and made of nothing but what the table says. A transition that is neither
//! drawn nor among those that the page tells in words fails the test.

use crate::table::Line;
use core::fmt::Write;
use lockward_door::State;
use std::collections::BTreeMap;

type Point = (i32, i32);

/// A box: the state, its middle, and what stands under its name.
const BOXES: [(&str, Point, &str); 12] = [
    ("lockdown", (150, 60), ""),
    ("locked", (150, 230), ""),
    ("input-fault", (150, 380), ""),
    ("power-fail", (150, 450), ""),
    ("reader-lost", (150, 520), ""),
    ("unlocked", (590, 60), "schedule, order, first person, gesture, fire"),
    ("granted", (590, 190), ""),
    ("leaving", (590, 300), ""),
    ("forced", (590, 430), ""),
    ("open", (930, 190), ""),
    ("held-warning", (930, 310), ""),
    ("held", (930, 430), ""),
];
const HALF: Point = (75, 22);

/// An arrow: from, to, by which points, and where its words stand.
type Arrow = (&'static str, &'static str, &'static [Point], Point);
const ARROWS: [Arrow; 26] = [
    ("locked", "lockdown", &[(120, 208), (120, 82)], (66, 150)),
    ("lockdown", "locked", &[(180, 82), (180, 208)], (226, 142)),
    ("locked", "unlocked", &[(225, 212), (515, 55)], (322, 82)),
    ("unlocked", "locked", &[(515, 72), (225, 220)], (492, 114)),
    ("locked", "granted", &[(225, 226), (515, 183)], (440, 166)),
    ("granted", "locked", &[(515, 200), (225, 236)], (420, 229)),
    ("locked", "leaving", &[(225, 243), (515, 292)], (440, 264)),
    ("leaving", "locked", &[(515, 308), (225, 250)], (430, 309)),
    ("leaving", "granted", &[(590, 278), (590, 212)], (646, 240)),
    ("locked", "forced", &[(222, 250), (515, 422)], (330, 352)),
    ("forced", "locked", &[(590, 452), (590, 575), (25, 575), (25, 230), (75, 230)], (0, 0)),
    ("unlocked", "open", &[(665, 60), (900, 168)], (840, 112)),
    ("granted", "open", &[(665, 190), (855, 190)], (760, 182)),
    ("leaving", "open", &[(665, 300), (870, 212)], (815, 272)),
    ("open", "held-warning", &[(930, 212), (930, 288)], (950, 254)),
    ("held-warning", "held", &[(930, 332), (930, 408)], (950, 374)),
    ("open", "locked", &[(1005, 190), (1045, 190), (1045, 575), (25, 575), (25, 230), (75, 230)], (0, 0)),
    (
        "held-warning",
        "locked",
        &[(1005, 310), (1045, 310), (1045, 575), (25, 575), (25, 230), (75, 230)],
        (0, 0),
    ),
    ("held", "locked", &[(1005, 430), (1045, 430), (1045, 575), (25, 575), (25, 230), (75, 230)], (760, 567)),
    ("locked", "input-fault", &[(120, 252), (120, 358)], (0, 0)),
    ("input-fault", "locked", &[(180, 358), (180, 252)], (0, 0)),
    ("locked", "power-fail", &[(75, 242), (50, 242), (50, 450), (75, 450)], (0, 0)),
    ("power-fail", "locked", &[(225, 450), (250, 450), (250, 262), (200, 262), (200, 252)], (292, 454)),
    ("locked", "reader-lost", &[(75, 242), (50, 242), (50, 520), (75, 520)], (0, 0)),
    ("reader-lost", "locked", &[(225, 520), (250, 520), (250, 262), (200, 262), (200, 252)], (298, 524)),
    ("unlocked", "lockdown", &[(515, 48), (225, 48)], (370, 40)),
];

/// These are a locked door with something else to say: what leads on from them is what leads on from `locked`.
const LIKE_LOCKED: [&str; 4] = ["lockdown", "input-fault", "power-fail", "reader-lost"];
/// These are reached from wherever the page says.
const FROM_EVERYWHERE: [&str; 5] = ["unlocked", "lockdown", "input-fault", "power-fail", "reader-lost"];

fn boxed(state: State) -> &'static str {
    let name = state.as_str();
    if name.starts_with("unlocked") { "unlocked" } else { name }
}

type Edges = BTreeMap<(&'static str, &'static str), Vec<&'static str>>;

fn edges(lines: &[Line]) -> Edges {
    let mut edges = Edges::new();
    for line in lines {
        let (from, to) = (boxed(line.state), boxed(line.outcome.to));
        let inputs = edges.entry((from, to)).or_default();
        if !inputs.contains(&line.input) {
            inputs.push(line.input);
        }
    }
    edges.retain(|(from, to), _| from != to);
    edges
}

fn told_in_words(from: &str, to: &str) -> bool {
    // What frees a door that stands open too long takes the warning away.
    LIKE_LOCKED.contains(&from) || FROM_EVERYWHERE.contains(&to) || (from, to) == ("held-warning", "open")
}

/// The inputs, without what they have in common, a few words a line.
fn words(inputs: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for input in inputs {
        let last = lines.last_mut().unwrap();
        let joint = if last.is_empty() { "" } else { ", " };
        if last.len() + input.len() > 30 && !last.is_empty() {
            last.push(',');
            lines.push((*input).to_owned());
        } else {
            *last = format!("{last}{joint}{input}");
        }
    }
    lines
}

const STYLE: &str = "\
<style>
  svg { font: 12px system-ui, sans-serif; color-scheme: light dark }
  rect { fill: #f4f6f8; stroke: #52606d; rx: 6px }
  text { fill: #1f2933; text-anchor: middle }
  .name { font-weight: 600; font-size: 13px }
  .on { fill: #52606d; font-size: 11px }
  path { fill: none; stroke: #7b8794; marker-end: url(#tip) }
  marker path { fill: #7b8794; stroke: none; marker-end: none }
  .alarm { stroke: #c0392b; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #1f2933; stroke: #9aa5b1 }
    text { fill: #f4f6f8 }
    .on { fill: #9aa5b1 }
    .alarm { stroke: #ff7b6b }
  }
</style>
";

pub(crate) fn svg(lines: &[Line]) -> String {
    let edges = edges(lines);
    for (from, to) in edges.keys() {
        let drawn = ARROWS.iter().any(|a| (a.0, a.1) == (*from, *to));
        assert!(
            drawn || told_in_words(from, to),
            "{from} leads to {to}, and nobody draws it: {:?}",
            edges[&(*from, *to)]
        );
    }
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1070 600\" role=\"img\" aria-label=\"The states of a door\">\n",
    );
    svg.push_str(STYLE);
    svg.push_str(
        "<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\"/></marker>\n",
    );
    for (from, to, points, at) in ARROWS {
        let inputs = edges.get(&(from, to)).unwrap_or_else(|| panic!("{from} no longer leads to {to}"));
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
        let title = format!("{from} to {to}: {}", inputs.join(", "));
        writeln!(svg, "<path d=\"M{}\"><title>{title}</title></path>", points.join("L")).unwrap();
        if at != (0, 0) {
            write_words(&mut svg, at, &words(inputs));
        }
    }
    for (name, (x, y), under) in BOXES {
        let (w, h) = HALF;
        let class = if ["forced", "held"].contains(&name) { " class=\"alarm\"" } else { "" };
        let (left, top, wide, high) = (x - w, y - h, 2 * w, 2 * h);
        writeln!(svg, "<rect{class} x=\"{left}\" y=\"{top}\" width=\"{wide}\" height=\"{high}\"/>").unwrap();
        writeln!(svg, "<text class=\"name\" x=\"{x}\" y=\"{}\">{name}</text>", y + 4).unwrap();
        if !under.is_empty() {
            writeln!(svg, "<text class=\"on\" x=\"{x}\" y=\"{}\">{under}</text>", y - h - 8).unwrap();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn write_words(svg: &mut String, at: Point, lines: &[String]) {
    let (x, mut y) = at;
    for line in lines {
        writeln!(svg, "<text class=\"on\" x=\"{x}\" y=\"{y}\">{line}</text>").unwrap();
        y += 13;
    }
}
