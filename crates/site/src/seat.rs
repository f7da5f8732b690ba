//! Who stands at the door, one or two, and what policy says of each.

use crate::Site;
use crate::decide::{Permit, Scene, Stop, counts, place, typed};
use crate::people::Holder;
use crate::question::Question;
use crate::record::Kind;
use lockward_model::{CardToken, Deny, Factors, PinFact, ScheduleId, ServiceId, Visit};
use lockward_policy::{Act, Company, Situation, Verdict, Who, Would};

/// Somebody at the door, with what is in.
pub(crate) struct Seat<'a> {
    pub(crate) holder: Holder<'a>,
    pub(crate) factors: Factors,
    /// What else can come in here.
    reach: Factors,
    pub(crate) pin: PinFact,
    /// A card that should have signed, and did not.
    pub(crate) unproved: bool,
}

impl<'a> Seat<'a> {
    pub(crate) fn who(&self) -> Who<'a> {
        Who { person: self.holder.person, groups: self.holder.groups }
    }

    pub(crate) fn never_alone(&self) -> bool {
        self.holder.visit.is_some_and(|v: &Visit| v.escorted)
    }

    /// In what company this one is beside another.
    fn beside(&self, other: &Seat<'_>) -> Company {
        let escorted = self.holder.visit.is_some() && other.holder.visit.is_none();
        if escorted { Company::Escort } else { Company::Second }
    }
}

impl Site {
    pub(crate) fn seat(
        &self,
        token: CardToken,
        signed: Option<bool>,
        pin: PinFact,
        q: &Question,
    ) -> Option<Seat<'_>> {
        let holder = self.people.holder(token, q.at)?;
        let shown = match (holder.kind, signed) {
            (Kind::Number, _) => Factors::CARD,
            (Kind::Key, Some(true)) => Factors::CARD.with(Factors::KEY),
            (Kind::Key, _) => Factors::CARD,
            (Kind::Pin, _) => Factors::PIN,
            // Somebody has the phone, and has proved it by a touch. How the phone knew who touches it the site has
            // neither chosen nor can take back: that is none of its PINs.
            (Kind::Phone, _) if q.known.phone.is_some() => Factors::CARD.with(Factors::KEY),
            (Kind::Phone, _) => Factors::NONE,
        };
        let asks_alone = holder.kind == Kind::Phone && q.known.phone.is_none();
        let unproved = signed == Some(false) || (holder.kind == Kind::Key && signed.is_none()) || asks_alone;
        let has = |f: Factors| if holder.has.contains(f) { f } else { Factors::NONE };
        let mut reach = match pin {
            // Somebody who was asked could have known.
            PinFact::Wrong | PinFact::Missing => Factors::PIN.with(has(Factors::CODE)),
            PinFact::UsedUp => Factors::CODE,
            _ if q.keypad => has(Factors::PIN).with(has(Factors::CODE)),
            _ => Factors::NONE,
        };
        if holder.kind == Kind::Pin {
            reach = reach.with(has(Factors::CARD)).with(has(Factors::KEY));
        }
        Some(Seat { holder, factors: shown.with(typed(pin)), reach, pin, unproved })
    }

    /// 10. What policy says of who stands there; what is missing is asked for.
    pub(crate) fn ruling(&self, scene: &Scene<'_>, first: &Seat<'_>) -> Result<Permit, Stop> {
        let never_alone = first.never_alone();
        if !never_alone {
            match self.asked(scene, first, Company::Alone) {
                Ok(permit) => return Ok(permit),
                Err(verdict) if would(&verdict) == Some(Would::WithSecond) => {}
                Err(verdict) => return Err(refused(scene.act, first, verdict)),
            }
        }
        let missing = if never_alone { Deny::EscortMissing } else { Deny::SecondMissing };
        if scene.q.known.second.is_none() {
            if never_alone {
                self.asked(scene, first, Company::Escort).map_err(|v| refused(scene.act, first, v))?;
            }
            return Err(Stop::NeedSecond);
        }
        let second = self.second(scene, Some(first), missing)?;
        let company = first.beside(second);
        if never_alone && company != Company::Escort
            || second.never_alone() && second.beside(first) != Company::Escort
        {
            return Err(Deny::SecondRefused.into());
        }
        let permit = self.asked(scene, first, company).map_err(|v| refused(scene.act, first, v))?;
        match self.asked(scene, second, second.beside(first)) {
            Ok(own) => Ok(Permit { because: both(permit.because, own.because), ..permit }),
            Err(verdict) => Err(second_refused(second, &verdict)),
        }
    }

    /// The second person, who is another, counts, and has proved it; `missing` if nobody came.
    fn second<'s>(
        &self,
        scene: &'s Scene<'_>,
        first: Option<&Seat<'_>>,
        missing: Deny,
    ) -> Result<&'s Seat<'s>, Stop> {
        if scene.q.known.second.as_ref().is_none_or(|s| s.token.is_none()) {
            return Err(missing.into());
        }
        let other = |s: &&Seat<'_>| first.is_none_or(|first| first.holder.person != s.holder.person);
        let second = scene.second.as_ref().filter(other).ok_or(Deny::SecondRefused)?;
        if counts(second).is_err() || second.unproved {
            return Err(Deny::SecondRefused.into());
        }
        Ok(second)
    }

    /// 11. Above the limit of openings, a second person of every zone's approvers must agree.
    pub(crate) fn approved(&self, scene: &Scene<'_>, first: Option<&Seat<'_>>) -> Result<(), Stop> {
        let limits = scene.placed.zones.iter().filter_map(|z| self.zones.get(z)?.rules.openings.as_ref());
        let groups: Option<Vec<_>> = limits.map(|l| l.approvers).collect();
        let groups = groups.filter(|g| !g.is_empty()).ok_or(Deny::OpeningsSpent)?;
        if scene.q.known.second.is_none() {
            return Err(Stop::NeedSecond);
        }
        let second = self.second(scene, first, Deny::OpeningsSpent)?;
        if groups.iter().all(|g| second.holder.groups.contains(g)) {
            Ok(())
        } else {
            Err(Deny::SecondRefused.into())
        }
    }

    /// 10., for a pass.
    pub(crate) fn admitted(&self, scene: &Scene<'_>, issuer: ServiceId) -> Result<Permit, Stop> {
        let admit = |open: &[ScheduleId]| {
            let now = Situation { factors: Factors::CODE, ..self.situation(scene, open) };
            self.policies.admit(issuer, &place(scene.placed), &now, scene.sitting.until)
        };
        match self.at_any_time(scene, admit) {
            Ok((grant, because)) => Ok(Permit { grant, because }),
            Err(Verdict::Nothing { would: Some(Would::AtAnotherTime) }) => Err(Deny::OutsideSchedule.into()),
            // Nobody may sign passes for this door, or not this one.
            Err(Verdict::Nothing { .. }) => Err(Deny::PassInvalid.into()),
            Err(Verdict::Forbid { because, .. }) => Err(Stop::Deny(Deny::Forbidden, because)),
            Err(Verdict::Permit { .. } | Verdict::Error) => Err(Deny::PolicyError.into()),
        }
    }

    fn asked(&self, scene: &Scene<'_>, seat: &Seat<'_>, company: Company) -> Result<Permit, Verdict> {
        let (who, place) = (seat.who(), place(scene.placed));
        let ask = |open: &[ScheduleId]| {
            let now = Situation {
                factors: seat.factors,
                reach: seat.reach,
                company,
                visitor: seat.holder.visit.is_some(),
                ..self.situation(scene, open)
            };
            self.policies.enter(scene.act, &who, &place, &now, scene.sitting.until)
        };
        self.at_any_time(scene, ask).map(|(grant, because)| Permit { grant, because })
    }

    /// Asks once; and where the time can not be trusted, for every extreme of what may be open: a schedule that opens
    /// nothing must not lift what another forbids.
    pub(crate) fn at_any_time<T>(
        &self,
        scene: &Scene<'_>,
        ask: impl Fn(&[ScheduleId]) -> Result<T, Verdict>,
    ) -> Result<T, Verdict> {
        if !scene.q.known.time_untrusted {
            return ask(&scene.open);
        }
        let closed = ask(&[])?;
        ask(&scene.open)?;
        ask(&self.all_schedules)?;
        Ok(closed)
    }

    pub(crate) fn situation<'a>(&'a self, scene: &Scene<'a>, open: &'a [ScheduleId]) -> Situation<'a> {
        Situation {
            open,
            all: &self.all_schedules,
            threat: self.highest(&scene.placed.zones),
            config_age: scene.q.config_age,
            answers: scene.sitting.answers,
            ..Situation::default()
        }
    }
}

fn would(verdict: &Verdict) -> Option<Would> {
    match verdict {
        Verdict::Nothing { would } | Verdict::Forbid { would, .. } => *would,
        Verdict::Permit { .. } | Verdict::Error => None,
    }
}

/// What to do about one who stands there with too little.
fn refused(act: Act, seat: &Seat<'_>, verdict: Verdict) -> Stop {
    if let Some(Would::WithFactors(with)) = would(&verdict)
        && let Some(stop) = wanting(seat, with)
    {
        return stop;
    }
    let (why, because) = match verdict {
        Verdict::Permit { .. } | Verdict::Error => return Deny::PolicyError.into(),
        Verdict::Forbid { because, .. } => (Deny::Forbidden, because),
        Verdict::Nothing { would: Some(Would::AtAnotherTime) } => (Deny::OutsideSchedule, Vec::new()),
        Verdict::Nothing { would: Some(_) } => (Deny::FactorMissing, Vec::new()),
        Verdict::Nothing { would: None } => (Deny::NothingPermits, Vec::new()),
    };
    match act {
        Act::Enter => Stop::Deny(why, because),
        Act::Hold => Stop::Deny(Deny::NotHolding, because),
        Act::EnterLockedDown => Stop::Deny(Deny::Lockdown, because),
        Act::ByPhone => Stop::Deny(Deny::NotByPhone, because),
    }
}

/// What to ask for, to come to these factors; or what became of it. `None` if it can not be asked for.
fn wanting(seat: &Seat<'_>, with: Factors) -> Option<Stop> {
    let lacks = |f: Factors| with.contains(f) && !seat.factors.contains(f);
    if lacks(Factors::CARD) || lacks(Factors::KEY) {
        let gone = seat.pin == PinFact::Missing;
        return Some(if gone { Deny::CardMissing.into() } else { Stop::NeedCard });
    }
    // One is typed in place of the other.
    if lacks(Factors::PIN) && lacks(Factors::CODE) {
        return None;
    }
    match seat.pin {
        PinFact::NotAsked => Some(Stop::NeedPin),
        PinFact::Wrong => Some(Deny::WrongPin.into()),
        PinFact::Missing => Some(Deny::PinMissing.into()),
        PinFact::UsedUp => Some(Deny::CodeUsed.into()),
        PinFact::Right | PinFact::Duress | PinFact::OneTime => None,
    }
}

fn second_refused(second: &Seat<'_>, verdict: &Verdict) -> Stop {
    let wanted = match would(verdict) {
        Some(Would::WithFactors(with)) => wanting(second, with),
        _ => None,
    };
    // The second person has shown what there is to show: only the PIN is asked for.
    wanted.filter(|stop| !matches!(stop, Stop::NeedCard)).unwrap_or_else(|| Deny::SecondRefused.into())
}

fn both(mut a: Vec<Box<str>>, b: Vec<Box<str>>) -> Vec<Box<str>> {
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    a
}
