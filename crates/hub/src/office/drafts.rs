//! Change sets that wait for a person's signature: fixed bytes first, then the touch, then the log.

use super::{ChangeError, Office};
use crate::dice;
use crate::keys::KeysError;
use aws_lc_rs::signature::Ed25519KeyPair;
use lockward_draft::{ChangeFile, FileError, Keyring, Review, Source, placed, plan, review, split};
use lockward_model::{Change, ChangeSet, OperatorId, Passkey, PersonId, ServiceId, SigningKey, Text, Time};
use lockward_policy::Read;
use lockward_site::{Asker, Refusal, Rehearsal, Site, Wants};
use lockward_wire::config::{Assertion, Envelope, PayloadType, encode_changes};
use lockward_wire::seal::PersonAttributes;
use lockward_wire::{CardKey, PinPepper};

/// Longest text of a change file that is drafted here: an entry holds 36,900 bytes, and a file says that in less than twice
/// as many. Whoever has more to say has the command line.
pub const DRAFT_TEXT_BYTES_MAX: usize = 64 * 1024;

/// Why there is no draft, or why it did not become an entry. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// What the file says.
    #[error(transparent)]
    File(#[from] FileError),
    /// Longer than [`DRAFT_TEXT_BYTES_MAX`].
    #[error(
        "the change file has {0} bytes, and {DRAFT_TEXT_BYTES_MAX} can be drafted here; split it, or use \
         `lockward change apply`"
    )]
    TooLong(usize),
    /// It says what is so.
    #[error("nothing to change: all {0} records are as the site has them")]
    Nothing(usize),
    /// One touch signs one entry.
    #[error(
        "this takes {0} entries of the config log, and a passkey signs one at a time; split the file, or use \
         `lockward change apply`"
    )]
    Entries(usize),
    /// The site refuses it as a whole.
    #[error("the site refuses the change [{}]", .0.code())]
    Refused(#[source] Refusal),
    /// For whoever does not read the whole site: what exactly is wrong would tell what is there.
    #[error(
        "the site refuses the change: something that it names is not there, is so already, or may not be changed by whoever \
         drafted it; who may read the whole site (`read:site`) is told what and where"
    )]
    Unseen,
    /// It could not be fixed, signed or appended.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A person's key.
    #[error("a person's attributes could not be sealed")]
    Seal(#[from] KeysError),
    /// There is none of that name, or no more.
    #[error(
        "there is no such draft: it is in force already, was withdrawn, or waited too long; draft the change again"
    )]
    Unknown,
    /// Nobody may keep more.
    #[error("too many drafts wait for signatures; sign or withdraw one first")]
    Full,
    /// Another change was made meanwhile.
    #[error("another change was made since this was drafted, so nobody can sign it any more; draft it again")]
    Overtaken,
    /// One person is one pair of eyes.
    #[error("operator `{0}` has signed this already; a second person has to")]
    SignedAlready(OperatorId),
    /// The passkey is not this operator's.
    #[error("this passkey is not one of operator `{0}`'s")]
    OtherPasskey(OperatorId),
    /// The site does not take the hub's word.
    #[error("the site does not take the hub's word for this: sign it with a passkey")]
    PeopleSign,
    /// It is somebody else's.
    #[error("only operator `{0}`, who drafted it, can do this")]
    NotYours(OperatorId),
}

/// A change file, worked out: what it does, what it wants, and the bytes to sign.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// The bytes.
    pub draft: ChangeDraft,
    /// What they do.
    pub review: Review,
    /// What they want beyond the signature of whoever drafted them.
    pub wants: Wants,
    /// Records of the file that say what is so already.
    pub unchanged: usize,
    /// Statements that the site would keep afterwards.
    pub statements: usize,
}

/// A change file, worked out for whoever signs.
struct WorkedOut {
    draft: ChangeDraft,
    review: Review,
    unchanged: usize,
    statements: usize,
}

/// A change file of a service, worked out.
pub(crate) struct ServiceDraft {
    /// The bytes.
    pub(crate) draft: ChangeDraft,
    /// What they do.
    pub(crate) review: Review,
}

/// A change set whose bytes are fixed, with the signatures that it has so far.
#[derive(Debug, Clone)]
pub struct ChangeDraft {
    set: ChangeSet,
    envelope: Envelope,
}

impl ChangeDraft {
    /// What it says.
    #[must_use]
    pub fn set(&self) -> &ChangeSet {
        &self.set
    }

    /// What is signed ([`Envelope::message`]).
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.envelope.message()
    }

    /// Adds the signature of a key in a file.
    ///
    /// # Errors
    /// [`ChangeError::Encode`].
    pub fn sign_with_key(&mut self, key: &Ed25519KeyPair) -> Result<(), ChangeError> {
        Ok(self.envelope.sign(key)?)
    }

    /// Whether this passkey has signed.
    #[must_use]
    pub fn is_signed_by(&self, passkey: &Passkey) -> bool {
        self.envelope.verified_by(&SigningKey::Passkey(passkey.clone()))
    }

    /// Adds a passkey's signature.
    ///
    /// # Errors
    /// [`ChangeError::Encode`], if it does not hold.
    pub fn sign(&mut self, passkey: &Passkey, assertion: Assertion) -> Result<(), ChangeError> {
        Ok(self.envelope.sign_with(passkey, assertion)?)
    }
}

impl Keyring for Office {
    fn card(&self) -> &CardKey {
        self.keys().card()
    }
    fn pepper(&self) -> &PinPepper {
        self.keys().pepper()
    }
    fn open_person(&self, person: PersonId, sealed: &[u8]) -> Option<PersonAttributes> {
        Office::open_person(self, person, sealed)
    }
    fn chance(&self, bytes: &mut [u8]) {
        dice::fill(bytes);
    }
}

impl Office {
    /// What changes would want beyond this operator's own signature.
    ///
    /// # Errors
    /// [`ChangeError::Refused`], if no signature of this operator's is enough.
    pub fn wants(&self, changes: &[Change], operator: OperatorId) -> Result<Wants, ChangeError> {
        Ok(self.site().wants(changes, operator, self.now().wall)?)
    }

    /// Fixes the bytes of changes as the next entry of the log. Whatever is appended meanwhile makes it out of order.
    ///
    /// # Errors
    /// [`ChangeError::Encode`].
    pub fn draft(&self, changes: Vec<Change>, reason: Option<Text>) -> Result<ChangeDraft, ChangeError> {
        let at = self.site().size();
        self.fix(ChangeSet { site: self.id(), at, drafted: self.wall(), on_behalf: None, reason, changes })
    }

    fn fix(&self, set: ChangeSet) -> Result<ChangeDraft, ChangeError> {
        let envelope = Envelope::new(PayloadType::ChangeSet, encode_changes(&set)?)?;
        Ok(ChangeDraft { set, envelope })
    }

    /// Works a change file out for an operator who would sign it: read, checked whole against a copy of the site, told in
    /// words, and fixed. Nothing is changed; a person who is new gets a key to be sealed with. Takes as long as hashing its
    /// PINs and deciding at its doors: call it where waiting holds up nobody.
    ///
    /// # Errors
    /// [`DraftError`], with the place in the file where there is one.
    pub fn draft_file(&self, text: &str, operator: OperatorId) -> Result<Drafted, DraftError> {
        let wants = |site: &Site, changes: &[Change], now| site.wants(changes, operator, now);
        let who = Asker::Operator(operator);
        let (WorkedOut { draft, review, unchanged, statements }, wants) = self.work_out(text, who, wants)?;
        Ok(Drafted { draft, review, wants, unchanged, statements })
    }

    /// The same for a service, which signs alone.
    pub(crate) fn draft_file_for(&self, text: &str, service: ServiceId) -> Result<ServiceDraft, DraftError> {
        let wants = |site: &Site, changes: &[Change], now| site.service_wants(changes, service, now);
        let who = Asker::Service(service);
        let (WorkedOut { draft, review, .. }, ()) = self.work_out(text, who, wants)?;
        Ok(ServiceDraft { draft, review })
    }

    /// Puts a service's draft into the log, with the service's own signature.
    pub(crate) fn sign_for_service(
        &self,
        drafted: &ServiceDraft,
        service: ServiceId,
        signature: [u8; 64],
    ) -> Result<u64, DraftError> {
        self.follow().map_err(ChangeError::Office)?;
        let key = self.site().standing_service(service, self.wall()).map(|service| service.key);
        let key = key.ok_or(DraftError::Unknown)?;
        if drafted.draft.set.at != self.site().size() {
            return Err(DraftError::Overtaken);
        }
        let mut draft = drafted.draft.clone();
        draft.envelope.sign_by(&key, signature).map_err(ChangeError::Encode)?;
        Ok(self.append_draft(&draft)?)
    }

    /// A change file read, checked whole, told in words and fixed; `wants`: what it takes beyond one signature, if it can be.
    fn work_out<W>(
        &self,
        text: &str,
        who: Asker,
        wants: impl Fn(&Site, &[Change], Time) -> Result<W, Refusal>,
    ) -> Result<(WorkedOut, W), DraftError> {
        if text.len() > DRAFT_TEXT_BYTES_MAX {
            return Err(DraftError::TooLong(text.len()));
        }
        let source = Source::new("change", text);
        let file = source.parse()?;
        let reason = source.reason(&file)?;
        // 1. Against a copy: changes of others do not wait for this one.
        self.follow().map_err(ChangeError::Office)?;
        let before = self.site().clone();
        // From here on what is wrong says what is there.
        let sees = self.reads(&before, who, Read::Site).whole(&before);
        let unseen = |error| match error {
            DraftError::File(_)
            | DraftError::Nothing(_)
            | DraftError::Entries(_)
            | DraftError::Refused(_)
                if !sees =>
            {
                DraftError::Unseen
            }
            error => error,
        };
        self.work_out_against((&source, &file, reason), &before, wants).map_err(unseen)
    }

    fn work_out_against<W>(
        &self,
        (source, file, reason): (&Source, &ChangeFile, Option<Text>),
        before: &Site,
        wants: impl Fn(&Site, &[Change], Time) -> Result<W, Refusal>,
    ) -> Result<(WorkedOut, W), DraftError> {
        let now = self.wall();
        let mut plan = plan(source, file, before, self)?;
        if plan.items.is_empty() {
            return Err(DraftError::Nothing(plan.unchanged));
        }
        let runs = split(self.id(), reason.as_ref(), &plan.items).map_err(|(_, e)| ChangeError::Encode(e))?;
        if runs.len() > 1 {
            return Err(DraftError::Entries(runs.len()));
        }
        // 2. Whether this operator may, and whether the site survives it.
        let set = |plan: &lockward_draft::Plan, reason| {
            let changes = plan.items.iter().map(|i| i.change.clone()).collect();
            ChangeSet { site: self.id(), at: before.size(), drafted: now, on_behalf: None, reason, changes }
        };
        let told =
            |refusal| placed(source, &plan.items, refusal).map_or_else(DraftError::Refused, DraftError::File);
        let first = set(&plan, reason.clone());
        let wants = wants(before, &first.changes, now).map_err(told)?;
        let mut after = Rehearsal::of(before);
        after.apply(&first, now).map_err(told)?;
        let review = review(before, after.site(), &plan, now);
        let statements = after.site().statements().count();
        // 3. What is signed holds names that people's own keys sealed.
        for item in &mut plan.items {
            item.seal(|person, attributes| self.seal_person(person, attributes))?;
        }
        let draft = self.fix(set(&plan, reason))?;
        let told = WorkedOut { draft, review, unchanged: plan.unchanged, statements };
        Ok((told, wants))
    }

    /// Makes the changes of a draft on the hub's own signature, in an operator's place.
    pub(super) fn append_in_place_of(
        &self,
        operator: OperatorId,
        draft: &ChangeDraft,
    ) -> Result<u64, ChangeError> {
        let mut draft = self.fix(ChangeSet { on_behalf: Some(operator), ..draft.set.clone() })?;
        draft.envelope.sign(self.keys().hub())?;
        self.append_draft(&draft)
    }

    /// Whether the site would take a draft with the signatures that it has.
    pub(super) fn is_enough(&self, draft: &ChangeDraft) -> bool {
        self.site().clone().apply_at(&draft.envelope.to_bytes(), self.wall()).is_ok()
    }

    /// Puts a draft that has its signatures into the log. Returns its index.
    ///
    /// # Errors
    /// [`ChangeError`]; the site is then as it was.
    pub fn append_draft(&self, draft: &ChangeDraft) -> Result<u64, ChangeError> {
        self.append_change(&draft.envelope.to_bytes())
    }
}
