//! Statements as people write them: in a change file, to be kept, or in a file of their own, to be asked once.

use crate::file::{FileError, Source, nearest};
use crate::read::{self, Wrong, key};
use core::fmt;
use lockward_model::{ActionName, Doors, Few, STATED_NAMES_MAX, Stated, Statement, Wanted};
use lockward_site::Site;
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

/// Statements of one file that are asked once: some for each of hundred doors that matter, and a night's work for a solver.
pub const FILE_STATEMENTS_MAX: usize = 500;

/// What a file asks of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Whether this holds.
    Holds(Stated),
    /// Whether a change permits nothing that was not permitted before. It is about one change, and so nothing to keep.
    GivesNothingNew,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds(says) => says.fmt(f),
            Self::GivesNothingNew => f.write_str("the change permits nothing that was not permitted before"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    statement: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    id: Option<String>,
    no_one_without: Option<Without>,
    no_service_opens: Option<String>,
    only_groups: Option<Only>,
    nobody_but_roles: Option<NobodyBut>,
    never_outside: Option<Never>,
    gives_nothing_new: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Without {
    factors: Vec<String>,
    opens: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    groups: Vec<String>,
    open: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NobodyBut {
    roles: Vec<String>,
    may: String,
    #[serde(default)]
    in_their_place: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Never {
    schedule: String,
    zone: String,
}

/// Reads a file of statements, each about this site.
///
/// # Errors
/// [`FileError`], for the first thing that is wrong, with its place.
pub fn statements(source: &Source, site: &Site) -> Result<Vec<Asked>, FileError> {
    let file: File = source.parse_as()?;
    let n = file.statement.len();
    if !(1..=FILE_STATEMENTS_MAX).contains(&n) {
        let what = format!("{n} statements; write 1 to {FILE_STATEMENTS_MAX}, each under `[[statement]]`");
        return Err(source.wrong(0, what));
    }
    let places = Places::of(site);
    let one = |entry: &Spanned<Entry>| {
        let asked = asked(entry.get_ref(), &places).and_then(|asked| match &asked {
            Asked::Holds(says) => match site.lacks(says) {
                Some(what) => Err(format!("the site has no {what}")),
                None => Ok(asked),
            },
            Asked::GivesNothingNew => Ok(asked),
        });
        asked.map_err(|what| source.wrong(entry.span().start, format!("[[statement]] {what}")))
    };
    file.statement.iter().map(one).collect()
}

/// A statement that is to be kept. What it names besides places, the site looks for.
pub(crate) fn kept(entry: &Entry, places: &Places) -> Result<Statement, Wrong> {
    let id = entry.id.as_ref().ok_or("needs an `id`, by which it is kept")?;
    let id = key("id", id)?;
    match asked(entry, places).map_err(|what| format!("`{id}`: {what}"))? {
        Asked::Holds(says) => Ok(Statement { id, says }),
        Asked::GivesNothingNew => Err(format!(
            "`{id}`: `gives-nothing-new` is about one change and can not be kept; ask it with `lockward prove FILE`"
        )),
    }
}

fn asked(entry: &Entry, places: &Places) -> Result<Asked, Wrong> {
    let mut said = Vec::new();
    let mut say = |says| said.push(Asked::Holds(says));
    if let Some(Without { factors, opens }) = &entry.no_one_without {
        let wanted = Wanted::new(read::factors(factors)?);
        say(Stated::NoOneWithout(
            wanted.ok_or("`factors` is empty; name at least one")?,
            places.doors(opens)?,
        ));
    }
    if let Some(opens) = &entry.no_service_opens {
        say(Stated::NoServiceOpens(places.doors(opens)?));
    }
    if let Some(Only { groups, open }) = &entry.only_groups {
        say(Stated::OnlyGroups(few("groups", groups)?, places.doors(open)?));
    }
    if let Some(NobodyBut { roles, may, in_their_place }) = &entry.nobody_but_roles {
        let may: ActionName = may.parse().map_err(|e| format!("`may`: `{}`: {e}", shown(may)))?;
        say(Stated::NobodyButRoles { roles: few("roles", roles)?, may, in_their_place: *in_their_place });
    }
    if let Some(Never { schedule, zone }) = &entry.never_outside {
        say(Stated::NeverOutside(key("schedule", schedule)?, places.doors(zone)?));
    }
    match entry.gives_nothing_new {
        Some(true) => said.push(Asked::GivesNothingNew),
        Some(false) => return Err("`gives-nothing-new` is `true`, or left out".into()),
        None => {}
    }
    let n = said.len();
    said.pop().filter(|_| n == 1).ok_or_else(|| {
        format!(
            "says {n} things; write exactly one of `no-one-without`, `no-service-opens`, `only-groups`, \
             `nobody-but-roles`, `never-outside` in it"
        )
    })
}

fn few<T: Ord + core::str::FromStr<Err: fmt::Display>>(name: &str, all: &[String]) -> Result<Few<T>, Wrong> {
    let all = all.iter().map(|one| key(name, one)).collect::<Result<_, _>>()?;
    Few::new(all).ok_or_else(|| format!("`{name}` holds 1 to {STATED_NAMES_MAX} names"))
}

fn shown(text: &str) -> String {
    text.escape_debug().take(64).collect()
}

/// The doors and the zones that a statement may speak of.
pub(crate) struct Places {
    doors: BTreeSet<String>,
    zones: BTreeSet<String>,
}

impl Places {
    pub(crate) fn of(site: &Site) -> Self {
        Self {
            doors: site.doors().map(|d| d.id.to_string()).collect(),
            zones: site.zones().map(|z| z.id.to_string()).collect(),
        }
    }

    /// With those that the same file puts.
    pub(crate) fn with<'a>(
        mut self,
        doors: impl Iterator<Item = &'a str>,
        zones: impl Iterator<Item = &'a str>,
    ) -> Self {
        self.doors.extend(doors.map(str::to_owned));
        self.zones.extend(zones.map(str::to_owned));
        self
    }

    fn doors(&self, name: &str) -> Result<Doors, Wrong> {
        let (wanted, plain) = match name.split_once('/') {
            Some((kind @ ("door" | "zone"), plain)) => (Some(kind), plain),
            _ => (None, name),
        };
        let door = wanted != Some("zone") && self.doors.contains(plain);
        let zone = wanted != Some("door") && self.zones.contains(plain);
        match (door, zone) {
            (true, true) => {
                Err(format!("`{name}` is a door and a zone; write `door/{name}` or `zone/{name}`"))
            }
            (true, false) => Ok(Doors::One(key("door", plain)?)),
            (false, true) => Ok(Doors::Into(key("zone", plain)?)),
            (false, false) if name == "all" => Ok(Doors::All),
            (false, false) => {
                let hint = nearest(plain, self.doors.iter().chain(&self.zones).map(String::as_str));
                let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
                Err(format!("there is no door or zone `{}` at this site{hint}", shown(name)))
            }
        }
    }
}
