//! Drafts that wait for signatures: in memory, bounded in number, bytes and time, and gone when the hub stops.
//!
//! The text of the file is kept, and wiped when the draft goes: drafted again it is worked out anew, so that no stale record
//! takes back what others did meanwhile.

use super::{ChangeError, DraftError, Drafted, Office};
use crate::dice;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use lockward_draft::Review;
use lockward_model::{Mono, OperatorId, Passkey, SigningKey, Text, Time};
use lockward_site::{Rehearsal, Site};
use lockward_wire::config::Assertion;
use lockward_wire::{hex, unhex};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Drafts that wait at once, of everybody.
pub const DRAFTS_MAX: usize = 32;
/// Drafts of one operator that wait at once: nobody takes all the room.
pub const DRAFTS_EACH_MAX: usize = 8;
/// Bytes of all that wait, with their texts and reviews.
pub const DRAFTS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a draft waits: until the same time tomorrow, when a second person is there again.
pub const DRAFT_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A draft's name in addresses. Not secret: who may see and sign a draft is judged each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftId([u8; 16]);

impl fmt::Display for DraftId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for DraftId {
    type Err = DraftError;

    fn from_str(text: &str) -> Result<Self, DraftError> {
        unhex::<16>(text).map(|bytes| Self(*bytes)).ok_or(DraftError::Unknown)
    }
}

/// A draft as a page shows it.
#[derive(Debug, Clone)]
pub struct DraftView {
    /// Its name.
    pub id: DraftId,
    /// Who drafted it.
    pub by: OperatorId,
    /// When.
    pub drafted: Time,
    /// Why.
    pub reason: Option<Text>,
    /// The index that its entry would have.
    pub at: u64,
    /// How many changes.
    pub changes: usize,
    /// Statements that the site would keep after it.
    pub statements: usize,
    /// Records of the file that say what is so already.
    pub unchanged: usize,
    /// What they do.
    pub review: Review,
    /// One signature must be made apart from the hub.
    pub apart: bool,
    /// A second person must sign too.
    pub second: bool,
    /// A second person's signature would do in place of one that is made apart.
    pub or_second: bool,
    /// The hub's signature in the operator's place would do.
    pub hub_will_do: bool,
    /// Who has signed so far.
    pub signed: Vec<OperatorId>,
    /// Another change was made since: it can only be drafted again.
    pub overtaken: bool,
    /// What a passkey signs.
    pub message: Vec<u8>,
}

/// What a signature came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// A second person must sign too.
    Waits,
    /// It is an entry of the config log, at this index.
    InForce(u64),
}

struct Waiting {
    by: OperatorId,
    text: Zeroizing<String>,
    drafted: Drafted,
    signed: Vec<OperatorId>,
    until: Mono,
}

impl Waiting {
    fn bytes(&self) -> usize {
        let review = &self.drafted.review;
        let remarks: usize = review.remarks.iter().map(|r| r.text.len()).sum();
        let told = review.changes.len() + review.schedules.len() + review.access.len() + remarks;
        self.text.len() + self.drafted.draft.message().len() + told
    }

    fn view(&self, id: DraftId, size: u64) -> DraftView {
        let set = self.drafted.draft.set();
        DraftView {
            id,
            by: self.by,
            drafted: set.drafted,
            reason: set.reason.clone(),
            at: set.at,
            changes: set.changes.len(),
            statements: self.drafted.statements,
            unchanged: self.drafted.unchanged,
            review: self.drafted.review.clone(),
            apart: self.drafted.wants.apart,
            second: self.drafted.wants.second,
            or_second: self.drafted.wants.or_second,
            hub_will_do: self.drafted.wants.hub_will_do,
            signed: self.signed.clone(),
            overtaken: set.at != size,
            message: self.drafted.draft.message(),
        }
    }
}

/// All that wait.
#[derive(Default)]
pub(super) struct Drafts(Mutex<BTreeMap<DraftId, Waiting>>);

impl Office {
    /// The drafts that still wait. Lock the site after this, never before it.
    fn drafts(&self) -> MutexGuard<'_, BTreeMap<DraftId, Waiting>> {
        let mut all = self.drafts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.now();
        // Who may do nothing any more leaves nothing behind to be signed.
        let site = self.site();
        all.retain(|_, w| now.mono < w.until && site.standing_operator(w.by, now.wall).is_some());
        drop(site);
        all
    }

    /// Works a change file out ([`Office::draft_file`]), and keeps it for signatures.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn propose(&self, text: &str, operator: OperatorId) -> Result<DraftView, DraftError> {
        let drafted = self.draft_file(text, operator)?;
        self.keep(DraftId(dice::roll()), text, operator, drafted)
    }

    fn keep(
        &self,
        id: DraftId,
        text: &str,
        by: OperatorId,
        drafted: Drafted,
    ) -> Result<DraftView, DraftError> {
        let (text, until) = (Zeroizing::new(text.to_owned()), self.now().mono + DRAFT_LIFE);
        let waiting = Waiting { by, text, drafted, signed: Vec::new(), until };
        let mut all = self.drafts();
        let others = || all.iter().filter(|(other, _)| **other != id).map(|(_, w)| w);
        let bytes: usize = others().map(Waiting::bytes).sum();
        if others().count() >= DRAFTS_MAX
            || others().filter(|w| w.by == by).count() >= DRAFTS_EACH_MAX
            || bytes + waiting.bytes() > DRAFTS_BYTES_MAX
        {
            return Err(DraftError::Full);
        }
        let view = waiting.view(id, self.site().size());
        all.insert(id, waiting);
        Ok(view)
    }

    /// Every draft that waits.
    #[must_use]
    pub fn waiting_drafts(&self) -> Vec<DraftView> {
        let (all, size) = (self.drafts(), self.site().size());
        all.iter().map(|(id, w)| w.view(*id, size)).collect()
    }

    /// Every draft that this operator drafted, or may sign.
    #[must_use]
    pub fn drafts_for(&self, operator: OperatorId) -> Vec<DraftView> {
        let (all, site, now) = (self.drafts(), self.site(), self.now().wall);
        let may = |w: &Waiting| {
            w.by == operator || site.wants(&w.drafted.draft.set().changes, operator, now).is_ok()
        };
        all.iter().filter(|(_, w)| may(w)).map(|(id, w)| w.view(*id, site.size())).collect()
    }

    /// One draft that waits.
    ///
    /// # Errors
    /// [`DraftError::Unknown`].
    pub fn waiting_draft(&self, id: DraftId) -> Result<DraftView, DraftError> {
        let (all, size) = (self.drafts(), self.site().size());
        all.get(&id).map(|w| w.view(id, size)).ok_or(DraftError::Unknown)
    }

    /// The names of all that wait.
    pub(crate) fn waiting_ids(&self) -> BTreeSet<DraftId> {
        self.drafts().keys().copied().collect()
    }

    /// Whether a draft still waits as it was: for this index of the log, drafted then.
    pub(crate) fn still_waits(&self, id: DraftId, (at, drafted): (u64, Time)) -> bool {
        let all = self.drafts();
        let set = all.get(&id).map(|w| w.drafted.draft.set());
        set.is_some_and(|set| set.at == at && set.drafted == drafted && at == self.site().size())
    }

    /// The site as it is, and as a draft would make it; `None` if it waits no more, or was overtaken.
    pub(crate) fn rehearsed(&self, id: DraftId) -> Option<(Site, Rehearsal)> {
        let set = self.drafts().get(&id)?.drafted.draft.set().clone();
        let before = self.site().clone();
        let mut after = Rehearsal::of(&before);
        after.apply(&set, self.wall()).ok()?;
        Some((before, after))
    }

    /// Adds an operator's passkey's signature, and puts the draft into the log once it has those that it wants.
    ///
    /// # Errors
    /// [`DraftError`]; the signature is then not kept.
    pub fn sign_draft(
        &self,
        id: DraftId,
        operator: OperatorId,
        passkey: &Passkey,
        assertion: Assertion,
    ) -> Result<Signed, DraftError> {
        self.follow().map_err(ChangeError::Office)?;
        let mut all = self.drafts();
        let waiting = all.get_mut(&id).ok_or(DraftError::Unknown)?;
        self.is_next(waiting)?;
        // Who touched a key at the hub's page may still sign apart from it.
        let again = waiting.signed.contains(&operator);
        if again && (!passkey.is_the_signers() || waiting.drafted.draft.is_signed_by(passkey)) {
            return Err(DraftError::SignedAlready(operator));
        }
        let key = SigningKey::Passkey(passkey.clone());
        let own = self.site().operator(operator).is_some_and(|o| o.keys.iter().any(|k| k.key == key));
        if !own {
            return Err(DraftError::OtherPasskey(operator));
        }
        let others = waiting.signed.iter().copied().filter(|other| *other != operator);
        let signed: Vec<_> = others.chain([operator]).collect();
        // By now, not by the time at which it was drafted: nobody's authority has ended since.
        let mut more = false;
        for one in &signed {
            let wants = self.wants(&waiting.drafted.draft.set().changes, *one)?;
            more |= wants.second || (wants.apart && wants.or_second);
        }
        let mut draft = waiting.drafted.draft.clone();
        draft.sign(passkey, assertion)?;
        if more && signed.len() < 2 && !self.is_enough(&draft) {
            (waiting.drafted.draft, waiting.signed) = (draft, signed);
            return Ok(Signed::Waits);
        }
        let at = self.append_draft(&draft)?;
        all.remove(&id);
        Ok(Signed::InForce(at))
    }

    /// Puts a draft into the log on the hub's signature in an operator's place, where the site takes the hub's word.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn sign_draft_for(&self, id: DraftId, operator: OperatorId) -> Result<u64, DraftError> {
        self.follow().map_err(ChangeError::Office)?;
        let mut all = self.drafts();
        let waiting = all.get(&id).ok_or(DraftError::Unknown)?;
        self.is_next(waiting)?;
        let draft = &waiting.drafted.draft;
        if !self.wants(&draft.set().changes, operator)?.hub_will_do {
            return Err(DraftError::PeopleSign);
        }
        let at = self.append_in_place_of(operator, draft)?;
        all.remove(&id);
        Ok(at)
    }

    fn is_next(&self, waiting: &Waiting) -> Result<(), DraftError> {
        let next = waiting.drafted.draft.set().at == self.site().size();
        if next { Ok(()) } else { Err(DraftError::Overtaken) }
    }

    /// Works a draft out anew from its file, as the site is now. Its name stays, and its signatures are gone: they were for
    /// other bytes.
    ///
    /// # Errors
    /// [`DraftError`]; what waited still does.
    pub fn draft_again(&self, id: DraftId, operator: OperatorId) -> Result<DraftView, DraftError> {
        let text = {
            let all = self.drafts();
            let waiting = all.get(&id).ok_or(DraftError::Unknown)?;
            own(waiting, operator)?;
            waiting.text.clone()
        };
        let drafted = self.draft_file(&text, operator)?;
        self.keep(id, &text, operator, drafted)
    }

    /// Takes a draft back.
    ///
    /// # Errors
    /// [`DraftError::Unknown`], or [`DraftError::NotYours`].
    pub fn withdraw_draft(&self, id: DraftId, operator: OperatorId) -> Result<(), DraftError> {
        let mut all = self.drafts();
        own(all.get(&id).ok_or(DraftError::Unknown)?, operator)?;
        all.remove(&id);
        Ok(())
    }
}

fn own(waiting: &Waiting, operator: OperatorId) -> Result<(), DraftError> {
    if waiting.by == operator { Ok(()) } else { Err(DraftError::NotYours(waiting.by)) }
}
