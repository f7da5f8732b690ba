//! What a script expects: so that it is a test, and a page that shows it tells the truth.

use super::line::{Line, Tone};
use super::{Next, Stage};
use lockward_model::DoorId;

impl Stage {
    /// Holds what was expected against what is, and against what has happened since the last command.
    pub(super) fn expect(&mut self, words: &[&str]) -> Result<Next, String> {
        let (wanted, words) = match words {
            ["no", rest @ ..] => (false, rest),
            all => (true, all),
        };
        let holds = match words {
            ["event", code] => self.happened(code, None),
            ["event", code, door] => self.happened(code, Some(self.find(door)?.2)),
            ["alarm", code] => self.hub.alarms.standing().iter().any(|a| a.kind.code() == *code),
            ["release", door] => {
                let door = self.find(door)?.2;
                self.lately.releases.contains(&door)
            }
            [door, state] => self.stands(door, state)?,
            _ => {
                return Err(
                    "write: expect [no] event CODE [DOOR], alarm CODE, release DOOR, or DOOR STATE".into()
                );
            }
        };
        if holds != wanted {
            self.failed = true;
            let said = words.join(" ");
            let text = if wanted { format!("EXPECTED {said}") } else { format!("NOT EXPECTED {said}") };
            self.out.push(Line::bare(text, Tone::Wrong));
        }
        Ok(Next::Go)
    }

    fn happened(&self, code: &str, door: Option<DoorId>) -> bool {
        let at = |place: Option<DoorId>| door.is_none_or(|wanted| place == Some(wanted));
        self.lately.events.iter().any(|(place, codes)| at(*place) && codes.contains(&code))
    }

    /// `released`, `thrown`, `open` and `shut` are of the hardware; every other word is the controller's own.
    fn stands(&self, door: &str, state: &str) -> Result<bool, String> {
        let (id, index, _) = self.find(door)?;
        let Some(station) = self.stations.get(&id) else { return Ok(false) };
        let Some(doorway) = station.doors.get(index) else { return Ok(false) };
        let known = lockward_door::State::ALL.iter().find(|s| s.as_str() == state);
        Ok(match state {
            "released" => doorway.bolt_back(),
            "thrown" => !doorway.bolt_back(),
            "open" => doorway.leaf_open,
            "shut" => !doorway.leaf_open,
            _ => {
                let known = known.ok_or_else(|| {
                    let all: Vec<_> = lockward_door::State::ALL.iter().map(|s| s.as_str()).collect();
                    format!(
                        "no door is `{state}`; there are released, thrown, open, shut, {}",
                        all.join(", ")
                    )
                })?;
                station.states().get(index) == Some(known)
            }
        })
    }
}
