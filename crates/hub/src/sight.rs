//! What one reader may read, and where: the one keeper of it, for pages, streams and the API. Policy is asked once for each
//! configuration.

use crate::caller::Caller;
use crate::office::Office;
use lockward_console::Sees;
use lockward_history::alarms::{About, Place};
use lockward_model::{DoorId, PersonId, Time};
use lockward_policy::Read;
use lockward_site::{Asker, Readable, Site};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where each asker may read what. Nothing but a change of the configuration changes that, except that somebody's time is
/// over. At most as many as a site has operators and services, with seven entries each.
#[derive(Default)]
pub(crate) struct Readings(Mutex<Asked>);

/// What policy said, of one configuration.
#[derive(Default)]
struct Asked {
    /// The size of the config log then.
    size: u64,
    of: HashMap<(Asker, Read), Arc<Readable>>,
}

impl Readings {
    /// Where somebody may read this. `site`: the configuration in force.
    pub(crate) fn of(&self, site: &Site, who: Asker, what: Read, at: Time) -> Arc<Readable> {
        let stands = match who {
            Asker::Operator(id) => site.standing_operator(id, at).is_some(),
            Asker::Service(id) => site.standing_service(id, at).is_some(),
        };
        if !stands {
            return Arc::default();
        }
        if let Some(known) = self.held(site.size()).of.get(&(who, what)) {
            return Arc::clone(known);
        }
        // Nobody else waits while policy is asked for each zone.
        let asked = Arc::new(site.reads(who, what, at));
        self.held(site.size()).of.insert((who, what), Arc::clone(&asked));
        asked
    }

    /// Of the configuration of this size: what was said of another holds no more.
    fn held(&self, size: u64) -> MutexGuard<'_, Asked> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.size != size {
            *held = Asked { size, of: HashMap::new() };
        }
        held
    }
}

/// What one reader may read, and where.
#[derive(Clone)]
pub(crate) struct Sight {
    pub(crate) site: Arc<Readable>,
    pub(crate) people: Arc<Readable>,
    pub(crate) alarms: Arc<Readable>,
    pub(crate) muster: Arc<Readable>,
    log: Arc<Readable>,
    pub(crate) operators: Arc<Readable>,
    /// Who the reader is as a person at doors.
    own: Option<PersonId>,
}

impl Sight {
    pub(crate) fn of(caller: &Caller, office: &Office, site: &Site) -> Self {
        let reads = |what| caller.reads(office, site, what);
        Self {
            site: reads(Read::Site),
            people: reads(Read::People),
            alarms: reads(Read::Alarms),
            muster: reads(Read::Muster),
            log: reads(Read::Log),
            operators: reads(Read::Operators),
            own: caller.operator().and_then(|who| site.operator(who.operator)?.person),
        }
    }

    /// Of whoever may read everything: what is made once, for all of those.
    pub(crate) fn everything() -> Self {
        let all = || Arc::new(Readable::everywhere());
        let (site, people, alarms, muster) = (all(), all(), all(), all());
        Self { site, people, alarms, muster, log: all(), operators: all(), own: None }
    }

    /// Which pages have something for this reader. What lies in no zone is for whoever reads the site as a whole.
    pub(crate) fn sees(&self) -> Sees {
        Sees {
            site: self.site.any(),
            people: self.people.site(),
            alarms: self.alarms.any(),
            muster: self.muster.any(),
            log: self.log.site(),
            operators: self.operators.site(),
        }
    }

    /// Whether what is made for everybody is for this reader too.
    pub(crate) fn is_whole(&self, site: &Site) -> bool {
        self.own.is_none() && [&self.site, &self.people, &self.alarms].iter().all(|reads| reads.whole(site))
    }

    /// Whether an alarm at this place is for this reader.
    pub(crate) fn sees_alarm(&self, site: &Site, place: &Place) -> bool {
        alarm_at(&self.alarms, site, place) && !self.is_forced(place)
    }

    /// Whether the reader is the one who is forced: whoever stands behind them looks at the same page.
    pub(crate) fn is_forced(&self, place: &Place) -> bool {
        matches!(place.about, About::Person(who) if self.own == Some(who))
    }

    /// Whether somebody who was at this door may be told by name.
    pub(crate) fn names_at(&self, site: &Site, door: Option<DoorId>) -> bool {
        self.people.at(site, door)
    }
}

/// Whether an alarm at this place is for who may read alarms there.
pub(crate) fn alarm_at(reads: &Readable, site: &Site, place: &Place) -> bool {
    match (place.door, &place.about) {
        (Some(door), _) => reads.door(site, door),
        (None, About::Zone(zone)) => reads.zone(*zone),
        (None, _) => reads.site(),
    }
}
