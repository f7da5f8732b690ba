//! The drawing of the states: laid by hand, and made of nothing but what the table says. A transition that is neither
//! drawn nor among those that the page tells in words fails the test.

use crate::table::Line;
use core::fmt::Write;
use lockward_door::State;
use std::collections::BTreeMap;

type Point = (i32, i32);

/// A box: the state, its middle, and what stands under its name.
const BOXES: [(&str, Point, &str); 12] = [
    ("lockdown", (110, 60), ""),
    ("locked", (110, 220), ""),
    ("input-fault", (110, 350), ""),
    ("power-fail", (110, 420), ""),
    ("reader-lost", (110, 490), ""),
    ("unlocked", (470, 60), "schedule, order, first person, gesture, fire"),
    ("granted", (470, 170), ""),
    ("leaving", (470, 270), ""),
    ("forced", (470, 400), ""),
    ("open", (800, 170), ""),
    ("held-warning", (800, 285), ""),
    ("held", (800, 400), ""),
];
const HALF: Point = (75, 22);

/// An arrow: from, to, by which points, and where its words stand.
type Arrow = (&'static str, &'static str, &'static [Point], Point);
const ARROWS: [Arrow; 26] = [
    ("locked", "lockdown", &[(80, 198), (80, 82)], (40, 145)),
    ("lockdown", "locked", &[(140, 82), (140, 198)], (180, 130)),
    ("locked", "unlocked", &[(185, 200), (395, 60)], (262, 90)),
    ("unlocked", "locked", &[(395, 78), (185, 208)], (345, 148)),
    ("locked", "granted", &[(185, 213), (395, 168)], (0, 0)),
    ("granted", "locked", &[(395, 180), (185, 222)], (310, 218)),
    ("locked", "leaving", &[(185, 230), (395, 266)], (335, 238)),
    ("leaving", "locked", &[(395, 278), (185, 238)], (290, 282)),
    ("leaving", "granted", &[(470, 248), (470, 192)], (530, 222)),
    ("locked", "forced", &[(170, 242), (395, 392)], (320, 330)),
    ("forced", "locked", &[(470, 422), (470, 540), (20, 540), (20, 220), (35, 220)], (0, 0)),
    ("unlocked", "open", &[(545, 60), (770, 148)], (690, 92)),
    ("granted", "open", &[(545, 170), (725, 170)], (630, 160)),
    ("leaving", "open", &[(545, 270), (740, 192)], (668, 242)),
    ("open", "held-warning", &[(800, 192), (800, 263)], (820, 232)),
    ("held-warning", "held", &[(800, 307), (800, 378)], (820, 347)),
    ("open", "locked", &[(875, 170), (920, 170), (920, 540), (20, 540), (20, 220), (35, 220)], (0, 0)),
    ("held-warning", "locked", &[(875, 285), (920, 285), (920, 540), (20, 540), (20, 220), (35, 220)], (0, 0)),
    ("held", "locked", &[(875, 400), (920, 400), (920, 540), (20, 540), (20, 220), (35, 220)], (600, 532)),
    ("locked", "input-fault", &[(80, 242), (80, 328)], (0, 0)),
    ("input-fault", "locked", &[(140, 328), (140, 242)], (210, 345)),
    ("locked", "power-fail", &[(35, 230), (28, 230), (28, 420), (35, 420)], (0, 0)),
    ("power-fail", "locked", &[(185, 420), (230, 420), (230, 242), (178, 242)], (270, 424)),
    ("locked", "reader-lost", &[(35, 230), (28, 230), (28, 490), (35, 490)], (0, 0)),
    ("reader-lost", "locked", &[(185, 490), (230, 490), (230, 242), (178, 242)], (270, 494)),
    ("unlocked", "lockdown", &[(395, 50), (185, 50)], (290, 42)),
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
        assert!(drawn || told_in_words(from, to), "{from} leads to {to}, and nobody draws it: {:?}", edges[&(*from, *to)]);
    }
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 940 560\" role=\"img\" aria-label=\"The states of a door\">\n",
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
