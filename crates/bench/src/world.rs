//! A site of any size, as the signed entries of a config log: what every verb decides by.

use crate::dice::Dice;
use crate::rounds::Failed;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use core::time::Duration;
use lockward_ledger::{Checkpoint, Head, SignedCheckpoint, leaf_hash};
use lockward_model::{
    CardToken, Change, ChangeSet, ControllerId, Credential, CredentialId, Days, Digest, Door, DoorId,
    DoorKind, DoorRules, ExitHardware, Factors, Founding, Group, GroupId, OpenLimit, Operator, Person,
    PersonId, PolicyText, Proof, PublicKey, ReleaseTime, Relock, Rule, Schedule, ScheduleId, Service, SiteId,
    SiteZone, Target, Time, Validity, Window, Zone, ZoneId, ZoneRules,
};
use lockward_wire::CardKey;
use lockward_wire::config::{Envelope, PayloadType, encode_changes, encode_founding};
use std::collections::BTreeSet;

/// People, each with a card, that fit one entry: 100 of about 300 bytes in JSON are 30 KB of the 48 that it may have.
pub(crate) const PEOPLE_AN_ENTRY: usize = 100;
/// Other changes that fit one entry: at most 250 bytes each.
pub(crate) const CHANGES_AN_ENTRY: usize = 150;
/// Doors of one zone: a floor.
pub(crate) const DOORS_A_ZONE: usize = 20;
/// Noon of a Wednesday: the office schedule is open.
pub(crate) const NOON: Time = Time(1_767_787_200_000);
/// What the site's logs are called.
pub(crate) const CONFIG_ORIGIN: &str = "bench.example/config";
pub(crate) const EVENT_ORIGIN: &str = "bench.example/events";
/// What cards are turned into tokens with.
pub(crate) const CARD_KEY: [u8; 32] = *b"bench card key, of no real site.";

/// How large a site is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) people: usize,
    pub(crate) policies: usize,
    pub(crate) doors: usize,
}

impl Size {
    /// Zones: one for [`DOORS_A_ZONE`].
    pub(crate) fn zones(self) -> usize {
        self.doors.div_ceil(DOORS_A_ZONE)
    }
    /// Neighbours lie in one zone.
    fn zone_of(self, door: usize) -> usize {
        (door / DOORS_A_ZONE).min(self.zones() - 1)
    }
    /// Groups: so many that with every group in every zone there would be twice as many policies.
    pub(crate) fn groups(self) -> usize {
        (2 * self.policies).div_ceil(self.zones()).max(2)
    }
}

/// Everything about a site that is not a person.
pub(crate) struct Plan {
    pub(crate) size: Size,
    pub(crate) doors: Vec<Door>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) texts: Vec<PolicyText>,
    /// Parent of each zone, if it has one.
    parents: Vec<Option<usize>>,
    /// What each zone asks beside policy.
    pub(crate) zone_rules: Vec<ZoneRules>,
    /// The sets of groups that people are in.
    pub(crate) memberships: Vec<Vec<GroupId>>,
}

pub(crate) fn id<T: core::str::FromStr>(letter: char, n: usize) -> Result<T, Failed>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    Ok(format!("{letter}{n}").parse()?)
}

/// The schedule of every other rule: weekdays from 8 to 18.
pub(crate) fn office() -> Result<ScheduleId, Failed> {
    Ok("office".parse()?)
}

/// The only controller.
pub(crate) fn controller() -> Result<ControllerId, Failed> {
    Ok("bench".parse()?)
}

/// What the controller signs its chain with.
pub(crate) fn controller_key() -> Result<Ed25519KeyPair, Failed> {
    Ok(Ed25519KeyPair::from_seed_unchecked(&Dice::new(9).bytes::<32>()).map_err(|_| "no key")?)
}

impl Plan {
    /// A site: one rule for one group and zone each, every hundredth policy written by hand, and some of those forbid.
    pub(crate) fn new(size: Size, seed: u64) -> Result<Self, Failed> {
        let mut dice = Dice::new(seed);
        let (zones, groups) = (size.zones(), size.groups());
        // Eight buildings hold the zones behind them.
        let parents = (0..zones).map(|z| (z >= 8).then_some(z % 8)).collect();
        let doors = (0..size.doors).map(|n| door(n, size.zone_of(n))).collect::<Result<_, _>>()?;
        let written = size.policies / 100;
        let (mut rules, mut taken) = (Vec::new(), BTreeSet::new());
        while rules.len() < size.policies - written {
            let (group, zone) = (dice.below(groups), dice.below(zones));
            if taken.insert((group, zone)) {
                rules.push(Rule {
                    id: id('r', rules.len())?,
                    title: id('r', rules.len())?,
                    groups: vec![id('g', group)?],
                    targets: vec![Target::Zone(id('z', zone)?)],
                    schedule: if dice.one_in(2) { Some(office()?) } else { None },
                    factors: if dice.one_in(10) { Factors::CARD.with(Factors::PIN) } else { Factors::CARD },
                    two_people: false,
                });
            }
        }
        let texts = (0..written).map(|n| text(n, size, &mut dice)).collect::<Result<_, _>>()?;
        let mut memberships = Vec::new();
        for _ in 0..(4 * groups).min(size.people.max(1)) {
            let set: BTreeSet<usize> = (0..=dice.below(3)).map(|_| dice.below(groups)).collect();
            memberships.push(set.into_iter().map(|g| id('g', g)).collect::<Result<_, _>>()?);
        }
        let zone_rules = vec![ZoneRules::default(); zones];
        Ok(Self { size, doors, rules, texts, parents, zone_rules, memberships })
    }

    /// The groups of a person.
    pub(crate) fn groups_of(&self, person: usize) -> &[GroupId] {
        // Neighbours in the list of people are not alike.
        let set = person.wrapping_mul(2_654_435_761) % self.memberships.len().max(1);
        self.memberships.get(set).map(Vec::as_slice).unwrap_or_default()
    }

    /// The zones of a door, innermost first.
    pub(crate) fn zones_of(&self, door: usize) -> Result<Vec<ZoneId>, Failed> {
        let zone = self.size.zone_of(door);
        let around = core::iter::successors(Some(zone), |z| self.parents.get(*z).copied().flatten());
        around.map(|z| id('z', z)).collect()
    }

    /// The log's entries after the founding, one after the other. `take` is given each as it is made.
    pub(crate) fn entries(
        &self,
        author: &mut Author,
        mut take: impl FnMut(&[u8]) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let mut places = vec![Change::PutController { id: controller()?, title: "Bench".parse()? }];
        places.push(Change::BindController { id: controller()?, key: public(&controller_key()?)? });
        places.extend(self.places()?);
        for some in places.chunks(CHANGES_AN_ENTRY) {
            take(&author.sign(some.to_vec())?)?;
        }
        for first in (0..self.size.people).step_by(PEOPLE_AN_ENTRY) {
            take(&author.sign(self.people(first)?)?)?;
        }
        Ok(())
    }

    /// Everything that is neither a person nor a controller.
    pub(crate) fn places(&self) -> Result<Vec<Change>, Failed> {
        let mut places = vec![Change::PutSchedule(weekdays()?)];
        for (n, (parent, rules)) in self.parents.iter().zip(&self.zone_rules).enumerate() {
            let parent = parent.map(|p| id('z', p)).transpose()?;
            let rules = rules.clone();
            places.push(Change::PutZone(Zone { id: id('z', n)?, title: id('z', n)?, parent, rules }));
        }
        for n in 0..self.size.groups() {
            places.push(Change::PutGroup(Group { id: id('g', n)?, title: id('g', n)? }));
        }
        places.extend(self.doors.iter().cloned().map(Change::PutDoor));
        places.extend(self.rules.iter().cloned().map(Change::PutRule));
        places.extend(self.texts.iter().cloned().map(Change::PutPolicy));
        Ok(places)
    }

    /// The people from `first` on who fit one entry, each with a card.
    pub(crate) fn people(&self, first: usize) -> Result<Vec<Change>, Failed> {
        let key = CardKey::from_bytes(CARD_KEY);
        let mut changes = Vec::with_capacity(2 * PEOPLE_AN_ENTRY);
        for n in first..(first + PEOPLE_AN_ENTRY).min(self.size.people) {
            let (person, credential): (PersonId, CredentialId) = (id('p', n)?, id('c', n)?);
            let groups = self.groups_of(n).to_vec();
            let (valid, suspended, sealed) = (Validity::default(), false, None);
            let (extended, visit) = (false, None);
            changes.push(Change::PutPerson(Person {
                id: person,
                groups,
                valid,
                suspended,
                extended,
                visit,
                sealed,
            }));
            let proof = Proof::Card(token(&key, n)?);
            changes.push(Change::PutCredential(Credential { id: credential, person, proof, valid }));
        }
        Ok(changes)
    }
}

fn weekdays() -> Result<Schedule, Failed> {
    let week = Window { days: Days(0b0001_1111), from: 8 * 60, to: 18 * 60 };
    Ok(Schedule::new(office()?, "Office hours".parse()?, vec![week], Vec::new())?)
}

fn door(n: usize, zone: usize) -> Result<Door, Failed> {
    let kinds = [DoorKind::Room, DoorKind::Entrance];
    let kind = kinds.get(usize::from(n.is_multiple_of(5))).copied().unwrap_or(DoorKind::Room);
    Ok(Door {
        id: id('d', n)?,
        title: id('d', n)?,
        kind,
        from: None,
        to: id('z', zone)?,
        controller: controller()?,
        release: ReleaseTime::new(Duration::from_secs(5))?,
        open_limit: OpenLimit::new(Duration::from_secs(30))?,
        relock: Relock::OnOpen,
        exit: ExitHardware::Mechanical,
        unlocked: None,
        rules: DoorRules::default(),
    })
}

fn text(n: usize, size: Size, dice: &mut Dice) -> Result<PolicyText, Failed> {
    let (group, zone, door) = (dice.below(size.groups()), dice.below(size.zones()), dice.below(size.doors));
    let person = dice.below(size.people);
    let text = match n % 4 {
        0 => format!(
            r#"forbid (principal in Group::"g{group}", action == Action::"enter", resource in Zone::"z{zone}")
               unless {{ context.factors.contains("pin") }};"#
        ),
        1 => format!(
            r#"permit (principal in Group::"g{group}", action == Action::"enter", resource == Door::"d{door}")
               when {{ context.schedules.contains(Schedule::"office") }};"#
        ),
        2 => format!(
            r#"forbid (principal == Person::"p{person}", action == Action::"enter", resource in Zone::"z{zone}");"#
        ),
        _ => format!(
            r#"permit (principal in Group::"g{group}", action == Action::"enter", resource in Zone::"z{zone}")
               when {{ resource.kind == "room" }};"#
        ),
    };
    Ok(PolicyText { id: id('t', n)?, text: text.into() })
}

/// The bits of a person's card, 32 of them.
pub(crate) fn card(person: usize) -> [u8; 4] {
    u32::try_from(person).unwrap_or(u32::MAX).to_be_bytes()
}

pub(crate) fn token(key: &CardKey, person: usize) -> Result<CardToken, Failed> {
    key.token(32, &card(person)).ok_or_else(|| "a card of 32 bits has no token".into())
}

/// The operator who writes the whole log.
pub(crate) struct Author {
    key: Ed25519KeyPair,
    log: Ed25519KeyPair,
    pub(crate) site: SiteId,
    next: u64,
}

impl Author {
    /// Founds a site; gives the first entry.
    pub(crate) fn found(seed: u64) -> Result<(Self, Vec<u8>), Failed> {
        let mut dice = Dice::new(seed);
        let mut key = || Ed25519KeyPair::from_seed_unchecked(&dice.bytes::<32>()).map_err(|_| "no key");
        let (owner, log, hub, recovery) = (key()?, key()?, key()?, key()?);
        let operator =
            Operator::with_key("owner".parse()?, "Owner".parse()?, public(&owner)?, vec!["owner".parse()?]);
        let founding = Founding {
            title: "Bench".parse()?,
            zone: SiteZone::new("UTC")?,
            founded: NOON,
            config_origin: CONFIG_ORIGIN.into(),
            event_origin: EVENT_ORIGIN.into(),
            log_key: public(&log)?,
            hub: Service::new("hub".parse()?, public(&hub)?),
            operators: vec![operator],
            recovery_key: public(&recovery)?,
            ca_digest: Digest([7; 32]),
            policies: lockward_policy::base_policies(),
        };
        let mut envelope = Envelope::new(PayloadType::Founding, encode_founding(&founding)?)?;
        envelope.sign(&owner)?;
        let entry = envelope.to_bytes();
        let site = SiteId(*leaf_hash(&entry).as_bytes());
        Ok((Self { key: owner, log, site, next: 1 }, entry))
    }

    /// A checkpoint of one of the site's logs.
    pub(crate) fn checkpoint(&self, origin: &str, head: Head) -> Result<Vec<u8>, Failed> {
        let checkpoint = Checkpoint::new(origin.parse()?, head, Vec::new())?;
        Ok(SignedCheckpoint::sign(checkpoint, &self.log)?.to_string().into_bytes())
    }

    /// The next entry.
    pub(crate) fn sign(&mut self, changes: Vec<Change>) -> Result<Vec<u8>, Failed> {
        let set = ChangeSet {
            site: self.site,
            at: self.next,
            drafted: NOON,
            on_behalf: None,
            reason: None,
            changes,
        };
        let mut envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
        envelope.sign(&self.key)?;
        self.next += 1;
        Ok(envelope.to_bytes())
    }
}

pub(crate) fn public(key: &Ed25519KeyPair) -> Result<PublicKey, Failed> {
    Ok(PublicKey(key.public_key().as_ref().try_into()?))
}

/// A door's id, by its number.
pub(crate) fn door_id(n: usize) -> Result<DoorId, Failed> {
    id('d', n)
}
