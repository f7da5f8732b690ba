//! Change sets from a page: drafted, reviewed, signed by touches, and followed door by door.

use crate::answer;
use crate::arrival::{Arrival, Has};
use crate::ceremony::{answered_by, passkeys};
use crate::order_desk::signing_options;
use crate::sign_in::read;
use crate::stating::Progress;
use crate::views::{Page, Reader};
use crate::web::{Desk, Visit};
use crate::{DraftError, DraftId, DraftView, Signed};
use axum::http::StatusCode;
use axum::response::Response;
use core::time::Duration;
use lockward_console::{
    ArrivalRow, ArrivalView, ChangesView, DraftPage, DraftRow, Signing, StatementRow, StatementsView, Tone,
    address,
};
use lockward_model::{ApiRefusal, ControllerId, OperatorId};
use lockward_policy::{HUB_SIGNS, SIGNED_APART};
use lockward_prove::{Effect, Judged};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a browser waits for the touch; the draft itself waits far longer.
const TOUCH_WAIT: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Touched {
    /// `None` where the hub signs.
    credential: Option<Value>,
}

/// What is wrong, and why, in one line.
pub(crate) fn told(error: &dyn core::error::Error) -> String {
    let causes = core::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |all, cause| format!("{all}: {cause}"))
}

/// The draft of `/changes/{id}` and what lies below.
pub(crate) fn draft_of(visit: &Visit) -> Option<DraftId> {
    let rest = visit.uri.path().strip_prefix(address::CHANGES)?.strip_prefix('/')?;
    rest.split('/').next()?.parse().ok()
}

impl Desk {
    fn with_page<T>(&self, visit: &Visit, view: impl FnOnce(&Page<'_>, Option<&str>) -> T) -> T {
        let brief = self.core.live.now().brief();
        let (office, site) = (&self.core.office, self.core.office.site());
        let reader = Reader::of(&visit.caller, office, &site);
        let (whole, now) = (self.core.live.whole(), office.wall());
        let page = Page { office, site: &site, live: &brief, whole, now, reader };
        view(&page, self.banner.as_deref())
    }

    /// The drafts that wait, as far as the reader may sign them or drafted them; and a field for another.
    pub(crate) fn changes_page(&self, visit: &Visit, text: &str, wrong: Option<String>) -> Response {
        let Some(who) = visit.caller.operator().map(|o| o.operator) else {
            return answer::sign_in_first(&visit.headers);
        };
        let drafts = self.core.office.drafts_for(who);
        let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let html = self.with_page(visit, |page, banner| {
            let view = ChangesView {
                frame: page.frame(banner),
                text: text.to_owned(),
                wrong,
                waiting: drafts.iter().map(|draft| page.draft_row(draft)).collect(),
                recovery: page.recovery(who),
                harden: page.hardening(who),
            };
            lockward_console::changes(&view)
        });
        answer::page_with(status, html)
    }

    /// Works out what was sent, and shows the review.
    pub(crate) async fn change_draft(self: Arc<Self>, visit: Visit) -> Response {
        let Some(who) = visit.caller.operator().map(|o| o.operator) else {
            return answer::sign_in_first(&visit.headers);
        };
        // Browsers send line breaks as two characters.
        let text = zeroize::Zeroizing::new(visit.field("text").replace("\r\n", "\n"));
        let given = text.clone();
        match self.core.blocking(move |core| core.office.propose(&given, who)).await {
            Some(Ok(view)) => answer::see_at(&format!("{}/{}", address::CHANGES, view.id)),
            Some(Err(error)) => self.changes_page(&visit, &text, Some(told(&error))),
            None => answer::problem_of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    pub(crate) fn waiting(&self, visit: &Visit) -> Option<(OperatorId, DraftView)> {
        let who = visit.caller.operator()?.operator;
        let id = draft_of(visit)?;
        let draft = self.core.office.drafts_for(who).into_iter().find(|d| d.id == id)?;
        Some((who, draft))
    }

    /// The review of one draft.
    pub(crate) fn draft_page(&self, visit: &Visit) -> Response {
        let Some((who, draft)) = self.waiting(visit) else {
            return self.changes_page(visit, "", Some(told(&DraftError::Unknown)));
        };
        let touch = self.own_passkeys(visit, who).is_some();
        let stated = self.core.stated(&draft);
        answer::page(self.with_page(visit, |page, banner| {
            let signer = page.has_signers_key(who);
            let view = page.draft_view((&draft, stated), who, touch, banner);
            lockward_console::draft(&DraftPage { signer, ..view })
        }))
    }

    /// What is to be signed; nothing where the hub signs.
    pub(crate) fn change_sign_start(&self, visit: &Visit) -> Response {
        let Some((who, draft)) = self.waiting(visit) else {
            return answer::problem_of(StatusCode::NOT_FOUND, ApiRefusal::NotWaiting);
        };
        match self.own_passkeys(visit, who) {
            Some(own) => {
                answer::json(&json!({ "publicKey": signing_options(&draft.message, &own, TOUCH_WAIT) }))
            }
            None => answer::json(&json!({})),
        }
    }

    /// Takes the touch; puts the change in force, or waits for the second.
    pub(crate) async fn change_sign_finish(self: Arc<Self>, visit: &Visit) -> Response {
        let (Some((who, draft)), Some(touched)) = (self.waiting(visit), read::<Touched>(visit)) else {
            return answer::problem_of(StatusCode::NOT_FOUND, ApiRefusal::NotWaiting);
        };
        let id = draft.id;
        let signed = match touched.credential {
            Some(credential) => {
                let Ok((credential, assertion)) = answered_by(&credential) else {
                    return answer::problem_of(StatusCode::BAD_REQUEST, ApiRefusal::Malformed);
                };
                let Some(passkey) = self.core.passkey(who, &credential) else {
                    return answer::problem_of(StatusCode::FORBIDDEN, ApiRefusal::PasskeyRefused);
                };
                let sign =
                    move |core: &crate::core::Core| core.office.sign_draft(id, who, &passkey, assertion);
                self.core.blocking(sign).await
            }
            None => {
                let who_signs = visit.caller.operator();
                if let Some(code) = who_signs.and_then(|who| self.unsigned(who)) {
                    return answer::problem_of(StatusCode::FORBIDDEN, code);
                }
                let sign = move |core: &crate::core::Core| core.office.sign_draft_for(id, who);
                self.core.blocking(sign).await.map(|made| made.map(Signed::InForce))
            }
        };
        match signed {
            Some(Ok(Signed::InForce(at))) => {
                answer::json(&json!({ "to": format!("{}/at/{at}", address::CHANGES) }))
            }
            Some(Ok(Signed::Waits)) => answer::json(&json!({ "to": format!("{}/{id}", address::CHANGES) })),
            Some(Err(error)) => {
                let code = match error {
                    DraftError::PeopleSign => ApiRefusal::PeopleSign,
                    _ => ApiRefusal::NotSigned,
                };
                answer::problem_told(StatusCode::CONFLICT, code, &told(&error))
            }
            None => answer::problem_of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    /// Drafts anew, or takes back.
    pub(crate) async fn change_again(self: Arc<Self>, visit: Visit, again: bool) -> Response {
        let Some((who, draft)) = self.waiting(&visit) else {
            return self.changes_page(&visit, "", Some(told(&DraftError::Unknown)));
        };
        let id = draft.id;
        let made = self.core.blocking(move |core| match again {
            true => core.office.draft_again(id, who).map(|_| format!("{}/{id}", address::CHANGES)),
            false => core.office.withdraw_draft(id, who).map(|()| address::CHANGES.to_owned()),
        });
        match made.await {
            Some(Ok(place)) => answer::see_at(&place),
            Some(Err(error)) => self.changes_page(&visit, "", Some(told(&error))),
            None => answer::problem_of(StatusCode::SERVICE_UNAVAILABLE, ApiRefusal::Failed),
        }
    }

    /// How far an entry of the config log has come.
    pub(crate) fn arrival_page(&self, visit: &Visit) -> Response {
        let at = visit.uri.path().rsplit('/').next().and_then(|at| at.parse::<u64>().ok());
        let at = at.filter(|at| *at < self.core.office.site().size());
        let Some(at) = at else {
            return self.refused(
                &visit.headers,
                StatusCode::NOT_FOUND,
                ApiRefusal::NotFound,
                Some(&visit.caller),
            );
        };
        let arrival = self.core.arrival(at);
        answer::page(
            self.with_page(visit, |page, banner| {
                lockward_console::arrival(&page.arrival_view(&arrival, banner))
            }),
        )
    }
}

fn statements_view(stated: Progress) -> StatementsView {
    let row = |one: Judged| {
        let (word, tone, why) = match one.effect {
            Effect::Holds => ("proved", Tone::Good, None),
            // Who, is said above all else on the page.
            Effect::Broken(_) => ("broken by this change", Tone::Bad, None),
            Effect::RefutedBefore(who) => ("refuted, as before this change", Tone::Warn, Some(who)),
            Effect::Refuted(who) => ("refuted", Tone::Bad, Some(who)),
            Effect::NotKnown(why) => ("not known", Tone::Warn, Some(why)),
        };
        let (id, says) = (one.statement.id.to_string(), one.statement.says.to_string());
        StatementRow { id, says, word, tone, why }
    };
    let Progress { judged, of, done, failed } = stated;
    StatementsView { rows: judged.into_iter().map(row).collect(), of: of as u64, done, failed }
}

impl Page<'_> {
    fn called(&self, operator: OperatorId) -> String {
        self.site.operator(operator).map_or_else(|| operator.to_string(), |o| o.title.to_string())
    }

    fn has_signers_key(&self, operator: OperatorId) -> bool {
        let own = self.site.operator(operator).into_iter().flat_map(passkeys);
        own.into_iter().any(lockward_model::Passkey::is_the_signers)
    }

    /// What the recovery key has announced, for whoever may end it.
    fn recovery(&self, operator: OperatorId) -> Option<(String, lockward_console::Moment, String)> {
        let waits =
            self.site.recovery().filter(|_| self.site.may_change(operator, "cancel-recovery", self.now))?;
        let file = "reason = \"The recovery key was not used by us\"\nend_recovery = true\n";
        Some((waits.operator.title.to_string(), self.moment(waits.from), file.into()))
    }

    /// The change file that hardens the site, for whoever may sign it and where it is still to be done.
    fn hardening(&self, operator: OperatorId) -> Option<String> {
        let holds = |id: &str| self.site.policy_texts().any(|p| p.id.as_str() == id);
        let may = self.site.may_change(operator, "remove-policy", self.now);
        let done = !holds(HUB_SIGNS) && holds(SIGNED_APART);
        if done || !may { None } else { lockward_draft::hardening(holds(HUB_SIGNS)) }
    }

    fn draft_row(&self, draft: &DraftView) -> DraftRow {
        let waits = match (draft.overtaken, draft.signed.first()) {
            (true, _) => "overtaken by another change".to_owned(),
            (_, Some(who)) => format!("signed by {}, wants another", self.called(*who)),
            _ if draft.second => "wants two signatures".to_owned(),
            _ => "wants a signature".to_owned(),
        };
        let many = || lockward_draft::count(draft.changes, "change");
        DraftRow {
            id: draft.id.to_string(),
            what: draft.reason.as_ref().map_or_else(many, ToString::to_string),
            by: self.called(draft.by),
            drafted: self.moment(draft.drafted),
            waits,
        }
    }

    fn draft_view(
        &self,
        (draft, stated): (&DraftView, Option<Progress>),
        who: OperatorId,
        touch: bool,
        banner: Option<&str>,
    ) -> DraftPage {
        let signing = match () {
            // Whoever touched a key here may still sign apart.
            () if draft.signed.contains(&who) => Signing::Nobody("You have signed; a second person must.".into()),
            () if touch => Signing::Passkey,
            () if draft.hub_will_do => Signing::Hub,
            () => Signing::Nobody(
                "No passkey of yours serves at this address, and the site does not take the hub's word for this."
                    .into(),
            ),
        };
        let tone = |weaker| if weaker { Tone::Bad } else { Tone::Info };
        // What the change breaks stands before all that it weakens.
        let broken = stated.iter().flat_map(|s| &s.judged).filter_map(|one| match &one.effect {
            Effect::Broken(who) => {
                let (id, says) = (one.statement.id, &one.statement.says);
                Some((Tone::Bad, format!("This breaks the statement `{id}`, that {says}: {who}.")))
            }
            _ => None,
        });
        let weaker = draft.review.remarks.iter().map(|r| (tone(r.weaker), r.to_string()));
        let remarks = broken.chain(weaker).collect();
        DraftPage {
            frame: self.frame(banner),
            id: draft.id.to_string(),
            reason: draft.reason.as_ref().map(ToString::to_string),
            by: self.called(draft.by),
            drafted: self.moment(draft.drafted),
            changes: draft.changes as u64,
            told: draft.review.changes.clone(),
            schedules: draft.review.schedules.clone(),
            access: draft.review.access.clone(),
            remarks,
            statements: stated.map(statements_view),
            second: draft.second,
            apart: draft.apart,
            or_second: draft.or_second,
            signer: false,
            signed: draft.signed.iter().map(|who| self.called(*who)).collect(),
            overtaken: draft.overtaken,
            own: draft.by == who,
            signing,
        }
    }

    fn arrival_view(&self, arrival: &Arrival, banner: Option<&str>) -> ArrivalView {
        let mut doors: BTreeMap<ControllerId, u64> = BTreeMap::new();
        let seen: Vec<_> = arrival.doors.iter().filter(|(door, _)| self.sees_at(Some(*door))).collect();
        for (door, _) in &seen {
            if let Some(door) = self.site.door(*door) {
                *doors.entry(door.controller).or_default() += 1;
            }
        }
        let row = |(id, has): &(ControllerId, Has)| {
            let (word, tone) = match has {
                Has::InForce => ("in force", Tone::Good),
                Has::Soon => ("on its way", Tone::Info),
                Has::Away => ("away; takes it when it is back", Tone::Warn),
            };
            let name = self.site.controller(*id).map_or_else(|| id.to_string(), |c| c.title.to_string());
            ArrivalRow { name, word, tone, doors: doors.get(id).copied().unwrap_or_default() }
        };
        ArrivalView {
            frame: self.frame(banner),
            at: arrival.at,
            there: seen.iter().filter(|(_, has)| *has == Has::InForce).count() as u64,
            of: seen.len() as u64,
            rows: arrival.controllers.iter().filter(|_| self.reader.sight.site.site()).map(row).collect(),
        }
    }
}
