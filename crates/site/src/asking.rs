//! What an operator may do from afar, as the hub asks before it shows anything or takes a wish. The lock judges again.

use crate::Site;
use crate::decide::place;
use lockward_model::{DoorId, Operator, OperatorId, OrderAct, Time};
use lockward_policy::{Asked, SignIn, Signer, Situation, Verdict};

/// An operator's own signature, alone, with a key that no page of the hub can ask; of keys, about its own.
const ONE: Asked = Asked { approvals: 1, on_behalf: false, apart: true, own: true };

fn permits(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Permit { .. })
}

impl Site {
    /// An operator whose authority holds at a moment: known, not ended, and with a role left.
    pub fn standing_operator(&self, id: OperatorId, at: Time) -> Option<&Operator> {
        self.operators.get(&id).filter(|o| o.holds_at(at) && !o.roles.is_empty())
    }

    fn as_signer(&self, id: OperatorId, at: Time) -> Option<Signer<'_>> {
        self.standing_operator(id, at).map(|o| Signer::Operator { id: o.id, roles: &o.roles })
    }

    /// May an operator make changes of this kind ([`Change::verb`](lockward_model::Change::verb)), in the whole site or in
    /// some zone of it? Where exactly, the change itself says when it is judged.
    pub fn may_change(&self, operator: OperatorId, verb: &str, at: Time) -> bool {
        self.may_somewhere(operator, verb, at, ONE)
    }

    fn may_somewhere(&self, operator: OperatorId, verb: &str, at: Time, asked: Asked) -> bool {
        let Some(who) = self.as_signer(operator, at) else { return false };
        let may = |zones: &[_]| permits(&self.policies.may_change(who, verb, zones, asked));
        may(&[]) || self.zones.keys().any(|zone| may(&self.enclosing(*zone)))
    }

    /// May an operator give orders of this kind now, to this door, or to some door?
    pub fn may_order(&self, operator: OperatorId, act: OrderAct, door: Option<DoorId>, at: Time) -> bool {
        self.may_order_so(operator, act, door, at, ONE)
    }

    /// Whether an operator may give such an order only with a signature that is made apart from the hub.
    pub fn wants_apart(&self, operator: OperatorId, act: OrderAct, door: DoorId, at: Time) -> bool {
        let may = |apart| self.may_order_so(operator, act, Some(door), at, Asked { apart, ..ONE });
        may(true) && !may(false)
    }

    fn may_order_so(
        &self,
        operator: OperatorId,
        act: OrderAct,
        door: Option<DoorId>,
        at: Time,
        asked: Asked,
    ) -> bool {
        let Some(who) = self.as_signer(operator, at) else { return false };
        let open = self.open_schedules(at);
        let mut doors = self.doors.values().filter(|p| door.is_none_or(|id| id == p.door.id));
        doors.any(|placed| {
            let threat = self.highest(&placed.zones);
            let now = Situation { open: &open, all: &self.all_schedules, threat, ..Situation::default() };
            permits(&self.policies.may_order(who, act, &place(placed), &now, asked))
        })
    }

    /// May an operator sign in with this?
    pub fn may_sign_in(&self, operator: OperatorId, with: SignIn, at: Time) -> bool {
        self.as_signer(operator, at).is_some_and(|who| permits(&self.policies.may_sign_in(who, with)))
    }

    /// Whether any operator may.
    pub fn some_may_sign_in(&self, with: SignIn, at: Time) -> bool {
        self.operators.keys().any(|id| self.may_sign_in(*id, with, at))
    }

    /// Whether the hub's own signature makes such a change in an operator's place: false in a hardened site, and for what
    /// the operator may not do.
    pub fn hub_signs_for(&self, operator: OperatorId, verb: &str, at: Time) -> bool {
        let hub = Signer::Service(self.founding.hub.id);
        let behalf = Asked { approvals: 0, on_behalf: true, apart: false, own: false };
        let in_place = Asked { apart: false, ..ONE };
        permits(&self.policies.may_change(hub, verb, &[], behalf))
            && self.may_somewhere(operator, verb, at, in_place)
    }
}
