use crate::table::Line;
pub(crate) fn svg(lines: &[Line]) -> String {
    let mut s = String::new();
    let g = |st: lockward_door::State| match st.as_str() { x if x.starts_with("unlocked") => "free", x@("lockdown"|"power-fail"|"reader-lost"|"input-fault") => x, x => x };
    let mut edges: std::collections::BTreeMap<(&str,&str), Vec<&str>> = Default::default();
    for l in lines { let (a,b)=(g(l.state),g(l.outcome.to)); if a!=b { let e=edges.entry((a,b)).or_default(); if !e.contains(&l.input){e.push(l.input)} } }
    for (k,v) in edges { s+=&format!("{k:?} {v:?}\n"); }
    s
}
