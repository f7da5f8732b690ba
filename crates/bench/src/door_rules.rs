//! What rules cost a door that does not use them: the same badge at the same door, at a site without any, and at one where
//! every other zone keeps anti-passback and limits, every other door is of an airlock, and somebody guesses.

use crate::device::{self, Device, let_in, released};
use crate::log;
use crate::log_badge::Badge;
use crate::rounds::{Failed, Lane, Round, Track, interleave};
use crate::world::{DOORS_A_ZONE, Plan, Size, card, id};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use lockward_controller::core::Input;
use lockward_model::{
    Airlock, Alone, Code, OpeningLimit, OpeningWindow, Passback, PassbackMode, ReleaseTime, Side,
};
use lockward_site::{Keep, Site};
use std::path::Path;

/// Four zones: the door's own, and three with rules.
const SIZE: Size = Size { people: 2_000, policies: 200, doors: 64 };
/// Cards of nobody that are shown at other doors: several at each, so that their readers wait.
const GUESSES: usize = 200;

/// How long the door is released, and from a badge to the next: what happened is summed up once in ten of them, as it is
/// at a busy door.
const RELEASE: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_secs(1);

/// Releases that were seen, and openings that are on the disk.
pub(crate) struct Openings {
    pub(crate) released: usize,
    pub(crate) recorded: usize,
}

/// Badges at door 0, without and with rules elsewhere in turn.
pub(crate) fn measure(rounds: usize, badges: usize, dir: &Path) -> Result<(Vec<Track>, Openings), Failed> {
    std::fs::create_dir_all(dir)?;
    let folders = [dir.join("none"), dir.join("elsewhere")];
    let [none, elsewhere] = &folders;
    let mut plan = Plan::new(SIZE, 1)?;
    plan.doors.first_mut().ok_or("no doors")?.release = ReleaseTime::new(RELEASE)?;
    let mut plain = House::open(none, &plan)?;
    let mut ruled = House::open(elsewhere, &with_rules_elsewhere(plan)?)?;
    plain.guess()?;
    ruled.guess()?;
    let mut lanes = [
        Lane { name: "badge to release, no rules at the site", run: Box::new(|_| plain.badges(badges)) },
        Lane { name: "badge to release, rules at other doors", run: Box::new(|_| ruled.badges(badges)) },
    ];
    let tracks = interleave(rounds, &mut lanes)?;
    drop(lanes);
    let released = plain.released + ruled.released;
    plain.device.end()?;
    ruled.device.end()?;
    let granted = |folder: &Path| log::count(&folder.join("spool"), Code::AccessGranted);
    let recorded = granted(none)? + granted(elsewhere)?;
    Ok((tracks, Openings { released, recorded }))
}

/// The same site with rules in every zone but the first: anti-passback, and limits on people and on openings. Of the
/// doors there, each two are an airlock.
fn with_rules_elsewhere(mut plan: Plan) -> Result<Plan, Failed> {
    let within = OpeningWindow::new(Duration::from_secs(60))?;
    let doors = NonZeroU16::new(40).ok_or("no limit")?;
    for rules in plan.zone_rules.iter_mut().skip(1) {
        rules.passback = Some(Passback { mode: PassbackMode::Hard, alone: Alone::Own });
        rules.most = NonZeroU32::new(500);
        rules.openings = Some(OpeningLimit { doors, within, approvers: None });
    }
    for (n, door) in plan.doors.iter_mut().enumerate().skip(DOORS_A_ZONE) {
        door.rules.airlock = Some(Airlock { id: id('a', n / 2)?, alone: Alone::Own });
    }
    Ok(plan)
}

/// A controller of a site, and somebody whom its first door lets in.
struct House {
    device: Device,
    badge: Badge,
    card: [u8; 4],
    released: usize,
}

impl House {
    fn open(folder: &Path, plan: &Plan) -> Result<Self, Failed> {
        let mut site: Option<Site> = None;
        device::enrol(folder, plan, |entry, id| {
            match &mut site {
                None => site = Some(Site::found(entry, id, Keep::Decisions)?),
                Some(site) => site.apply(entry)?,
            }
            Ok(())
        })?;
        let card = card(let_in(&site.ok_or("no site")?, 0)?);
        let mut device = Device::start(folder, SIZE.doors)?;
        device.meet_hub()?;
        Ok(Self { device, badge: Badge::new()?, card, released: 0 })
    }

    /// Cards of nobody, at every other door.
    fn guess(&mut self) -> Result<(), Failed> {
        for n in 0..GUESSES {
            let data = card(SIZE.people + n).to_vec();
            let door = 1 + n % (SIZE.doors - 1);
            let mut inputs = vec![Input::Card { door, side: Side::Entry, bits: 32, data }];
            if released(&self.device.turn(&mut inputs)?) != 0 {
                return Err("a door opened for nobody's card".into());
            }
            self.device.rest()?;
        }
        Ok(())
    }

    fn badges(&mut self, count: usize) -> Result<Round, Failed> {
        let (mut each, mut cpu) = (Vec::with_capacity(count), 0.0);
        for _ in 0..count {
            let (wall, busy) = self.badge.tap(&mut self.device, &self.card)?;
            each.push(wall);
            cpu += busy / count as f64;
            self.released += 1;
            self.device.rest_for(EVERY)?;
        }
        Ok(Round { each, cpu })
    }
}
