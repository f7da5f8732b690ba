//! What each command does.

use super::commands::{COMMANDS, Command, hint, usage, verbs};
use super::line::{Line, Tone};
use super::wires::{Doorway, SEEN_AFTER, Trouble, Which};
use super::{Lately, Next, Shows, Stage};
use crate::card::Card;
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_door::Key;
use lockward_hub::Clock as _;
use lockward_model::{ControllerId, DoorId, PersonId, Side, ZoneId};
use lockward_wire::credential::PassPlace;

/// How long a card takes to sign; and one whose answer was carried from elsewhere.
const SIGNS_IN: Duration = Duration::from_millis(60);
const RELAYED_IN: Duration = Duration::from_millis(1_900);
/// How long a pass of [`Command`] `issue` is good.
const PASS_LIFE: Duration = Duration::from_secs(3_600);
/// Facility and number of a card that nobody at the site knows.
const STRANGER: (u8, u16) = (99, 65_000);

/// A door that nobody can ask to be let out of.
const UNPRESSED: &str = "no button and no handle inside";

pub(super) type Done = Result<Next, String>;

impl Stage {
    /// Does what a line says, and lets be seen what comes of it at once. What is wrong is told like everything else.
    pub fn obey(&mut self, line: &str) -> Next {
        let Some(command) = Command::read(line) else { return Next::Go };
        if command.verb != "expect" {
            self.lately = Lately::default();
        }
        match self.act(&command) {
            Ok(next) => {
                self.settle();
                next
            }
            Err(wrong) => {
                self.failed = true;
                self.out.push(Line::bare(wrong, Tone::Wrong));
                Next::Go
            }
        }
    }

    fn act(&mut self, command: &Command<'_>) -> Done {
        let rest = command.rest;
        match (command.verb, command.words.as_slice()) {
            ("badge", [door, person]) => self.badge(door, person, Side::Entry),
            ("badge", [door, person, "exit"]) => self.badge(door, person, Side::Exit),
            ("keys", [door, keys]) => self.keys(door, keys, Side::Entry),
            ("keys", [door, keys, "exit"]) => self.keys(door, keys, Side::Exit),
            ("key-card", [door, person, how @ ..]) => self.key_card(door, person, how),
            ("issue", [name, place]) => self.issue(name, place, "1"),
            ("issue", [name, place, uses]) => self.issue(name, place, uses),
            ("pass", [door, name]) => self.pass(door, name),
            ("press", [door]) => self.hand(door, UNPRESSED, |d, now| d.press(false, now)),
            ("press", [door, "hold"]) => self.hand(door, UNPRESSED, |d, now| d.press(true, now)),
            ("let-go", [door]) => self.hand(door, UNPRESSED, |d, _| d.let_go()),
            ("call", [door]) => self.hand(door, "no floor of a lift", |d, now| d.call(now)),
            ("open", [door]) => self.open(door, false),
            ("force", [door]) => self.open(door, true),
            ("close", [door]) => self.hand(door, "", |d, _| {
                d.leaf_open = false;
                true
            }),
            ("bolt", [door, how]) => self.bolt(door, how),
            ("cut", [door, wire]) => self.wire(door, wire, Some(Trouble::Cut)),
            ("short", [door, wire]) => self.wire(door, wire, Some(Trouble::Shorted)),
            ("ground", [door, wire]) => self.wire(door, wire, Some(Trouble::Grounded)),
            ("feed", [door, wire]) => self.wire(door, wire, Some(Trouble::Fed)),
            ("mend", [door, wire]) => self.wire(door, wire, None),
            ("building", [input, state]) => self.building(input, state),
            ("wait", ["until", time]) => {
                let span = self.wall.until(self.clock.now().wall, time);
                self.wait(span.ok_or_else(|| format!("`{time}` is no time of day; write 18:00"))?)
            }
            ("wait", [span]) => self.wait(self::span(span)?),
            ("clock", [step]) => self.step_clock(step),
            ("hub", ["lost"]) => self.lose_hub(),
            ("hub", ["back"]) => self.find_hub(),
            ("kill", [id]) => self.kill(id),
            ("power", [id, "cut"]) => self.cut_power(id),
            ("power", [id, "back"]) => self.restore_power(id),
            ("change", [_, ..]) => self.change(rest),
            ("lock-down", [zone]) => self.change(&format!("lock_down = [{zone:?}]")),
            ("lift", [zone]) => self.change(&format!("lift_lockdown = [{zone:?}]")),
            ("threat", [zone, level]) => {
                self.change(&format!("threat = [{{ zone = {zone:?}, level = {level} }}]"))
            }
            ("forgive", ["zone", zone]) => self.change(&format!("forgive_zones = [{zone:?}]")),
            ("forgive", [person]) => self.change(&format!("forgive_people = [{person:?}]")),
            ("show", doors) => self.show(doors),
            ("muster", []) => self.muster(),
            ("log", []) => self.log("12"),
            ("log", [count]) => self.log(count),
            ("why", [index]) => Ok(Next::Why(index.parse().map_err(|_| "why N: N is an index of `log`")?)),
            ("verify", []) => Ok(Next::Verify),
            ("expect", words) => self.expect(words),
            ("help", []) => Ok(self.help()),
            ("quit", []) => Ok(Next::Quit),
            (verb, _) => Err(match usage(verb) {
                Some(usage) => format!("write: {usage}"),
                None => format!("there is no `{verb}`{}; `help` lists what there is", hint(verb, verbs())),
            }),
        }
    }

    /// The door of that name: whose it is, and which of its.
    pub(super) fn find(&self, name: &str) -> Result<(ControllerId, usize, DoorId), String> {
        let at = |(id, station): (&ControllerId, &super::Station)| {
            let index = station.doors.iter().position(|d| d.id.as_str() == name)?;
            Some((*id, index, station.doors.get(index)?.id))
        };
        self.stations.iter().find_map(at).ok_or_else(|| {
            let doors: Vec<_> =
                self.stations.values().flat_map(|s| &s.doors).map(|d| d.id.as_str()).collect();
            format!("there is no door `{name}`{}; `show` lists the doors", hint(name, doors))
        })
    }

    fn person(&self, name: &str) -> Result<PersonId, String> {
        let found = self.shows.keys().find(|p| p.as_str() == name);
        found.copied().ok_or_else(|| {
            let people: Vec<_> = self.shows.keys().map(PersonId::as_str).collect();
            format!(
                "`{name}` has nothing to show{}; there are {}",
                hint(name, people.iter().copied()),
                people.join(", ")
            )
        })
    }

    fn give(&mut self, id: ControllerId, inputs: Vec<Input>) -> Done {
        if !self.stations.get(&id).is_some_and(super::Station::is_up) {
            self.tell(id.as_str(), "nobody answers: the controller is down", Tone::Denied);
            return Ok(Next::Go);
        }
        self.turn(id, inputs);
        Ok(Next::Go)
    }

    fn badge(&mut self, door: &str, person: &str, side: Side) -> Done {
        let (id, door, _) = self.find(door)?;
        let card = if person == "stranger" {
            Card::h10301(STRANGER.0, STRANGER.1)
        } else {
            let of = self.shows.get(&self.person(person)?).into_iter().flatten().rev();
            let mut card =
                of.filter_map(|s| if let Shows::Number(card) = s { Some(card.clone()) } else { None });
            card.next().ok_or_else(|| format!("`{person}` has no card with a number; try `key-card`"))?
        };
        let read = card.read().ok_or("that card can not be read")?;
        let (bits, data) = (read.bits, read.data().to_vec());
        self.give(id, vec![Input::Card { door, side, bits, data }])
    }

    fn keys(&mut self, door: &str, keys: &str, side: Side) -> Done {
        let (id, door, _) = self.find(door)?;
        let key = |c: char| match c {
            '#' => Ok(Key::Enter),
            '*' => Ok(Key::Clear),
            c => c.to_digit(10).and_then(|d| u8::try_from(d).ok()).map(Key::Digit).ok_or(()),
        };
        let keys: Result<Vec<_>, ()> = keys.chars().map(key).collect();
        let keys = keys.map_err(|()| "a keypad has 0 to 9, `*` and `#`")?;
        self.give(id, keys.into_iter().map(|key| Input::Key { door, side, key }).collect())
    }

    fn key_card(&mut self, door: &str, person: &str, how: &[&str]) -> Done {
        let (id, door, _) = self.find(door)?;
        let of = self.shows.get(&self.person(person)?).into_iter().flatten().rev();
        let key = of.filter_map(|s| if let Shows::Key(key) = s { Some(key.clone()) } else { None }).next();
        let key = key.ok_or_else(|| format!("`{person}` has no card that signs"))?;
        let (signed, took) = match how {
            [] => (true, SIGNS_IN),
            ["late"] => (true, RELAYED_IN),
            ["forged"] => (false, SIGNS_IN),
            _ => return Err("write: key-card DOOR PERSON [late|forged]".into()),
        };
        self.give(id, vec![Input::KeyCard { door, side: Side::Entry, key, signed, took: Some(took) }])
    }

    fn issue(&mut self, name: &str, place: &str, uses: &str) -> Done {
        let uses = uses.parse().map_err(|_| "USES is a number from 1 to 65535")?;
        let at = match self.find(place) {
            Ok((_, _, door)) => PassPlace::Door(door),
            Err(wrong) => PassPlace::Zone(self.zone(place).ok_or(wrong)?),
        };
        let now = self.clock.now().wall;
        let pass = self.office.sign_pass(at, now, now + PASS_LIFE, uses).map_err(|e| e.to_string())?;
        self.passes.insert(name.into(), pass.text());
        self.tell("hub", format!("pass {name} for {place}, good for {}", count(uses)), Tone::Quiet);
        Ok(Next::Go)
    }

    fn zone(&self, name: &str) -> Option<ZoneId> {
        let id = name.parse().ok()?;
        self.office.site().zone(id).map(|z| z.id)
    }

    fn pass(&mut self, door: &str, name: &str) -> Done {
        let (id, door, _) = self.find(door)?;
        let text =
            self.passes.get(name).ok_or_else(|| format!("there is no pass `{name}`; `issue` makes one"))?;
        let bytes = text.as_bytes().into();
        self.give(id, vec![Input::Code { door, side: Side::Entry, bytes }])
    }

    /// Does something at a door, and waits until its wires have told.
    fn hand(
        &mut self,
        door: &str,
        without: &str,
        act: impl FnOnce(&mut Doorway, lockward_model::Mono) -> bool,
    ) -> Done {
        let (id, index, name) = self.find(door)?;
        let now = self.now().mono;
        let doorway = self.stations.get_mut(&id).and_then(|s| s.doors.get_mut(index));
        let done = doorway.is_some_and(|d| {
            d.touch();
            act(d, now)
        });
        if !done {
            return Err(format!("`{name}` has {without}"));
        }
        self.let_pass(SEEN_AFTER);
        Ok(Next::Go)
    }

    fn open(&mut self, door: &str, by_force: bool) -> Done {
        let (id, index, name) = self.find(door)?;
        let now = self.now().mono;
        let doorway = self.stations.get(&id).and_then(|s| s.doors.get(index));
        if !by_force && !doorway.is_some_and(|d| d.yields(now)) {
            self.tell(name.as_str(), "the bolt holds: it does not open", Tone::Quiet);
            return Ok(Next::Go);
        }
        self.hand(door, "", |d, _| {
            d.leaf_open = true;
            true
        })
    }

    fn bolt(&mut self, door: &str, how: &str) -> Done {
        let stuck = match how {
            "out" => Some(true),
            "in" => Some(false),
            "free" => None,
            _ => return Err("write: bolt DOOR out|in|free".into()),
        };
        self.hand(door, "", |d, _| {
            d.stuck = stuck;
            true
        })
    }

    fn wire(&mut self, door: &str, wire: &str, trouble: Option<Trouble>) -> Done {
        let which = match wire {
            "contact" => Which::Contact,
            "exit" => Which::Exit,
            "bolt" => Which::Bolt,
            "called" => Which::Called,
            _ => return Err(format!("there is no wire `{wire}`; there are contact, exit, bolt and called")),
        };
        self.hand(door, &format!("no wire `{wire}`"), |d, _| d.trouble(which, trouble))
    }

    fn help(&mut self) -> Next {
        for (usage, meaning) in COMMANDS {
            self.out.push(Line::bare(usage, Tone::Plain));
            self.out.push(Line::bare(format!("    {meaning}"), Tone::Quiet));
        }
        self.out.push(Line::bare("quit", Tone::Plain));
        Next::Go
    }
}

fn count(uses: u16) -> String {
    if uses == 1 { "one use within the hour".into() } else { format!("{uses} uses within the hour") }
}

/// `500ms`, `10s`, `2m`, `1h`, `1d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no span of time; write 500ms, 10s, 2m, 1h or 1d");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let each: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(each).map(Duration::from_millis).ok_or_else(wrong)
}
