//! Enough of an HTML reader to hold pages to account: tags, attributes, nesting. Stricter than a browser on purpose.

/// One start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, Option<String>)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_deref().unwrap_or(""))
    }
}

/// What a text consists of.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) tags: Vec<Tag>,
    /// Text between tags, still escaped.
    pub(crate) text: String,
}

impl Read {
    /// The names of all tags and attributes in order: what no data may change.
    pub(crate) fn skeleton(&self) -> Vec<String> {
        self.tags
            .iter()
            .map(|tag| {
                let names: Vec<&str> = tag.attributes.iter().map(|(n, _)| n.as_str()).collect();
                format!("{} {}", tag.name, names.join(" "))
            })
            .collect()
    }
}

const VOID: [&str; 5] = ["meta", "link", "img", "input", "br"];

/// Reads a page or a fragment, or says what is malformed in it.
pub(crate) fn read(html: &str) -> Result<Read, String> {
    let mut out = Read::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!doctype html>").unwrap_or(html);
    while let Some(start) = rest.find('<') {
        let (text, tail) = rest.split_at(start);
        out.text.push_str(text);
        let (inside, after) = tag_end(&tail[1..])?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            match open.pop() {
                Some(top) if top == name => {}
                top => return Err(format!("`</{name}>` closes {top:?}")),
            }
            continue;
        }
        let (inside, closed) = inside.strip_suffix('/').map_or((inside, false), |inside| (inside, true));
        let tag = tag(inside)?;
        if !closed && !VOID.contains(&tag.name.as_str()) {
            open.push(tag.name.clone());
        }
        out.tags.push(tag);
    }
    out.text.push_str(rest);
    if open.is_empty() { Ok(out) } else { Err(format!("left open: {open:?}")) }
}

/// Splits at the `>` that ends a tag, which is not one within quotes.
fn tag_end(text: &str) -> Result<(&str, &str), String> {
    let mut quoted = false;
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return Ok((&text[..i], &text[i + 1..])),
            '<' if !quoted => return Err(format!("`<` within a tag: {}", &text[..i])),
            _ => {}
        }
    }
    Err("a tag without end".to_owned())
}

fn tag(inside: &str) -> Result<Tag, String> {
    let (name, mut rest) = inside.split_once([' ', '\n']).unwrap_or((inside, ""));
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Err(format!("`{name}` is no tag"));
    }
    let mut attributes: Vec<(String, Option<String>)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(Tag { name: name.to_owned(), attributes });
        }
        let end = rest.find(['=', ' ', '\n']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(format!("`{key}` is no attribute"));
        }
        if attributes.iter().any(|(other, _)| *other == key) {
            return Err(format!("`{key}` twice in `{name}`"));
        }
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(tail) => {
                let (value, tail) = tail.split_once('"').ok_or("an attribute without end")?;
                rest = tail;
                Some(value.to_owned())
            }
            None if rest.starts_with('=') => return Err(format!("`{key}` is not in double quotes")),
            None => None,
        };
        attributes.push((key, value));
    }
}
