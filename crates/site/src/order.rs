//! Orders from afar: whether this door obeys this order, now. The lock decides by itself, as it does about a badge.

use crate::decide::place;
use crate::{Divergence, Placed, Site};
use core::time::Duration;
use lockward_model::{
    ConfigRef, ControllerId, Deny, Event, Mono, Order, OrderAct, OrderKnown, Ordered, Outcome, Source, Time,
};
use lockward_policy::{Grant, Signers, Situation, Verdict};
use lockward_wire::config::{Envelope, Payload};

/// Everything that the decision on an order depends on, besides the site.
#[derive(Debug, Clone)]
pub struct OrderQuestion {
    /// Who is asked.
    pub controller: ControllerId,
    /// The signed order, as it came.
    pub envelope: Box<[u8]>,
    /// When.
    pub at: Time,
    /// The configuration in force.
    pub config: ConfigRef,
    /// How old the controller's word from the hub is, in whole seconds.
    pub config_age: Duration,
    /// What else the controller knows.
    pub known: OrderKnown,
}

/// The ids of the policies that decided.
type Because = Vec<Box<str>>;

/// What an order says, read and not judged: for whoever has to find its nonce and its door.
///
/// # Errors
/// [`Deny::OrderMalformed`].
pub fn read_order(envelope: &[u8]) -> Result<Order, Deny> {
    match Envelope::parse(envelope).ok().and_then(|e| e.payload().ok()) {
        Some(Payload::Order(order)) => Ok(*order),
        _ => Err(Deny::OrderMalformed),
    }
}

impl Site {
    /// Decides on an order. Pure: the same site and question give the same answer. The grant, which an order that is
    /// obeyed comes with, is good until `until`.
    pub fn order(&self, q: &OrderQuestion, until: Mono) -> (Ordered, Option<(Grant, Order)>) {
        let record = |outcome| Ordered {
            envelope: q.envelope.clone(),
            config: Some(q.config),
            config_age: q.config_age,
            known: q.known,
            outcome,
        };
        match self.obey(q, until) {
            Ok((grant, because, order)) => (record(Outcome::Granted { because }), Some((grant, order))),
            Err((why, because)) => (record(Outcome::Denied { why, because }), None),
        }
    }

    fn obey(&self, q: &OrderQuestion, until: Mono) -> Result<(Grant, Because, Order), (Deny, Because)> {
        let no = |why: Deny| (why, Vec::new());
        // 1. What it is, and that it is for this controller's own door.
        let envelope = Envelope::parse(&q.envelope).map_err(|_| no(Deny::OrderMalformed))?;
        let order = read_order(&q.envelope).map_err(no)?;
        let driven = |p: &&Placed| p.door.controller == q.controller && self.serves(q.controller);
        let placed = self.doors.get(&order.door).filter(driven);
        let placed = placed.filter(|_| order.site == self.id && order.controller == q.controller);
        let placed = placed.ok_or(no(Deny::OrderElsewhere))?;
        // 2. Once, and now: the number is this controller's own, and dies by the controller's own clock, whatever the
        //    order says of its end.
        if !q.known.fresh {
            return Err(no(Deny::OrderReplayed));
        }
        if q.at >= order.until {
            return Err(no(Deny::OrderExpired));
        }
        // 3. Who signed.
        let by = self.signed_by(&envelope, order.on_behalf, q.at.max(self.newest));
        let by = by.map_err(|_| no(Deny::OrderSignature))?;
        // 4. What policy says of them, here and now.
        let on_behalf = by.on_behalf.as_ref().and_then(crate::authority::Signed::signer);
        let signers = Signers { all: &by.to_policy(), on_behalf, keys_of: None };
        let open = self.open_schedules(q.at);
        let now = Situation {
            open: &open,
            all: &self.all_schedules,
            threat: self.highest(&placed.zones),
            config_age: q.config_age,
            ..Situation::default()
        };
        let granted = self.policies.order(&signers, order.act, &place(placed), &now, until);
        let (grant, because) = granted.map_err(|verdict| match verdict {
            Verdict::Forbid { because, .. } => (Deny::Forbidden, because),
            Verdict::Nothing { .. } => no(Deny::NothingPermits),
            Verdict::Permit { .. } | Verdict::Error => no(Deny::PolicyError),
        })?;
        // 5. What no order overrides. To end a hold, nothing stands in the way.
        if order.act != OrderAct::Release {
            let against = [
                (self.locked(placed), Deny::Lockdown),
                (placed.fresh_within.is_some_and(|limit| q.config_age > limit), Deny::ConfigStale),
                (q.known.airlock_busy, Deny::AirlockBusy),
                (q.known.openings_spent, Deny::OpeningsSpent),
            ];
            if let Some((_, why)) = against.into_iter().find(|(holds, _)| *holds) {
                return Err(no(why));
            }
        }
        Ok((grant, because, order))
    }
}

/// Decides a recorded order again. `site` must be the fold at the record's own config size.
///
/// # Errors
/// [`Divergence`], if the record differs from what its own inputs give in any way.
pub fn reorder(site: &Site, event: &Event, recorded: &Ordered) -> Result<(), Divergence> {
    let told = |o: &Outcome| match o {
        Outcome::Granted { because } => format!("obeyed by {because:?}"),
        Outcome::Denied { why, because } => format!("refused: {} {because:?}", why.code()),
    };
    let diverged = |decided: String| Divergence { recorded: told(&recorded.outcome), decided };
    let Source::Controller(controller) = event.source else {
        return Err(diverged("nothing: only controllers decide".into()));
    };
    let Some(config) = recorded.config else {
        // Without a configuration nothing may have been obeyed.
        let shut = matches!(recorded.outcome, Outcome::Denied { why: Deny::NoConfiguration, .. });
        return if shut { Ok(()) } else { Err(diverged("refused: there is no configuration".into())) };
    };
    if config.size != site.size() {
        return Err(diverged(format!(
            "nothing: it is of configuration {}, and this is {}",
            config.size,
            site.size()
        )));
    }
    let question = OrderQuestion {
        controller,
        envelope: recorded.envelope.clone(),
        at: event.time,
        config,
        config_age: recorded.config_age,
        known: recorded.known,
    };
    let (mut again, obeyed) = site.order(&question, Mono(0));
    // That its record could not be written in time is no part of the question.
    let unrecorded = Outcome::Denied { why: Deny::NotRecorded, because: Vec::new() };
    if obeyed.is_some() && recorded.outcome == unrecorded {
        again.outcome = unrecorded;
    }
    if let Some((_, order)) = obeyed
        && event.door != Some(order.door)
    {
        return Err(diverged(format!("obeyed at door `{}`", order.door)));
    }
    if again == *recorded { Ok(()) } else { Err(diverged(told(&again.outcome))) }
}
