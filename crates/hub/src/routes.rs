//! Every route of the hub: how it is asked for, who may take it, and what policy must permit. The table is the router: what
//! is not in it does not exist, and nothing is answered before the table's own conditions are met.

use lockward_console::address;
use lockward_model::OrderAct;
use lockward_policy::Read;
use lockward_store::Log;

/// How a route is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Shows something, and changes nothing.
    Get,
    /// Does something. Only for a request that proves that a page of this hub makes it.
    Post,
}

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the hub.
    Anyone,
    /// An operator who has signed in; for what is only shown, also who brings a token.
    Session,
    /// Who brings a token. A session does not do: no page may be led to such a route.
    Token,
}

/// What policy must permit to an operator who has signed in. A token reads whatever there is: whoever prints it holds the
/// hub's master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: there is nothing of the site in it.
    Nothing,
    /// Nothing more than to be signed in: it is about the operator's own keys and sessions.
    Own,
    /// `Action::"read:…"`.
    Read(Read),
    /// `Action::"change:…"`, in the site or in some zone of it. The change itself is judged again by the site.
    Change(&'static str),
    /// `Action::"order:…"`, at some door. The order itself is judged by the door.
    Order(OrderAct),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Health,
    Asset,
    SignIn,
    SignInStart,
    SignInFinish,
    SetUp,
    SetUpStart,
    SetUpFinish,
    Enter,
    SignOut,
    Me,
    TouchStart,
    TouchFinish,
    KeyStart,
    KeyFinish,
    KeyRemove,
    OwnSessionEnd,
    Operators,
    Invite,
    SessionEnd,
    Overview,
    Door,
    OrderStart(OrderAct),
    OrderFinish,
    Changes,
    ChangeDraft,
    ChangeReview,
    ChangeSignStart,
    ChangeSignFinish,
    ChangeAgain,
    ChangeWithdraw,
    ChangeArrival,
    People,
    Person,
    Alarms,
    Muster,
    Zones,
    Log,
    Live,
    Checkpoint(Log),
    Tile(Log),
    EpochKeys,
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// How it is asked for.
    pub method: Method,
    /// Its path, as the router has it.
    pub path: &'static str,
    /// Who may take it.
    pub access: Access,
    /// What policy must permit.
    pub needs: Needs,
    /// Whether it asks for a touch of a passkey within [`TOUCH_LIFE`](crate::TOUCH_LIFE): for what is dangerous.
    pub fresh: bool,
    pub(crate) answer: Answer,
}

const fn route(method: Method, path: &'static str, access: Access, needs: Needs, answer: Answer) -> Route {
    Route { method, path, access, needs, fresh: false, answer }
}

const fn open(path: &'static str, answer: Answer) -> Route {
    route(Method::Get, path, Access::Anyone, Needs::Nothing, answer)
}

const fn shown(path: &'static str, what: Read, answer: Answer) -> Route {
    route(Method::Get, path, Access::Session, Needs::Read(what), answer)
}

/// A ceremony of somebody who has not signed in yet.
const fn ceremony(path: &'static str, answer: Answer) -> Route {
    route(Method::Post, path, Access::Anyone, Needs::Nothing, answer)
}

const fn done(path: &'static str, needs: Needs, answer: Answer) -> Route {
    route(Method::Post, path, Access::Session, needs, answer)
}

const fn ordered(path: &'static str, act: OrderAct) -> Route {
    done(path, Needs::Order(act), Answer::OrderStart(act))
}

const fn fresh(route: Route) -> Route {
    Route { fresh: true, ..route }
}

/// All of them. Checkpoints and hashes are anybody's: they say nothing but that nothing was rewritten. Entries tell when
/// which door was used, though their bodies are sealed; whoever follows them brings a session or a token. The epochs' keys
/// open all bodies at once: they go to a token alone, over TLS or the loopback as everything here, and on record.
pub const ROUTES: [Route; 48] = [
    open("/healthz", Answer::Health),
    open("/assets/{file}", Answer::Asset),
    open(address::SIGN_IN, Answer::SignIn),
    ceremony("/sign-in/start", Answer::SignInStart),
    ceremony("/sign-in/finish", Answer::SignInFinish),
    open(address::SET_UP, Answer::SetUp),
    ceremony("/set-up/start", Answer::SetUpStart),
    ceremony("/set-up/finish", Answer::SetUpFinish),
    open("/enter", Answer::Enter),
    done("/sign-out", Needs::Own, Answer::SignOut),
    route(Method::Get, address::ME, Access::Session, Needs::Own, Answer::Me),
    done("/me/touch/start", Needs::Own, Answer::TouchStart),
    done("/me/touch/finish", Needs::Own, Answer::TouchFinish),
    fresh(done("/me/keys/start", Needs::Own, Answer::KeyStart)),
    fresh(done("/me/keys/finish", Needs::Own, Answer::KeyFinish)),
    fresh(done("/me/keys/remove", Needs::Own, Answer::KeyRemove)),
    done("/me/sessions/end", Needs::Own, Answer::OwnSessionEnd),
    shown(address::OPERATORS, Read::Operators, Answer::Operators),
    fresh(done("/operators/invite", Needs::Change("put-operator"), Answer::Invite)),
    done("/operators/sessions/end", Needs::Change("put-operator"), Answer::SessionEnd),
    shown(address::OVERVIEW, Read::Site, Answer::Overview),
    shown("/doors/{id}", Read::Site, Answer::Door),
    ordered("/doors/{id}/unlock/start", OrderAct::Unlock),
    ordered("/doors/{id}/hold/start", OrderAct::Hold(OrderAct::HOLD_MAX)),
    ordered("/doors/{id}/release/start", OrderAct::Release),
    // Only what waits is finished, by whoever was let begin it; and the door judges it.
    done("/doors/{id}/order/finish", Needs::Own, Answer::OrderFinish),
    // What an operator may not sign, the site refuses to draft; and of drafts each sees what they may sign.
    route(Method::Get, address::CHANGES, Access::Session, Needs::Own, Answer::Changes),
    done("/changes/draft", Needs::Own, Answer::ChangeDraft),
    route(Method::Get, "/changes/{id}", Access::Session, Needs::Own, Answer::ChangeReview),
    done("/changes/{id}/sign/start", Needs::Own, Answer::ChangeSignStart),
    done("/changes/{id}/sign/finish", Needs::Own, Answer::ChangeSignFinish),
    done("/changes/{id}/again", Needs::Own, Answer::ChangeAgain),
    done("/changes/{id}/withdraw", Needs::Own, Answer::ChangeWithdraw),
    shown("/changes/at/{index}", Read::Site, Answer::ChangeArrival),
    shown(address::PEOPLE, Read::People, Answer::People),
    shown("/people/{id}", Read::People, Answer::Person),
    shown(address::ALARMS, Read::Alarms, Answer::Alarms),
    shown(address::MUSTER, Read::Muster, Answer::Muster),
    shown(address::ZONES, Read::Site, Answer::Zones),
    shown(address::LOG, Read::Log, Answer::Log),
    shown(address::LIVE, Read::Site, Answer::Live),
    open("/log/config/checkpoint", Answer::Checkpoint(Log::Config)),
    shown("/log/config/tile/entries/{*place}", Read::Log, Answer::Tile(Log::Config)),
    open("/log/config/tile/{*place}", Answer::Tile(Log::Config)),
    open("/log/events/checkpoint", Answer::Checkpoint(Log::Event)),
    shown("/log/events/tile/entries/{*place}", Read::Log, Answer::Tile(Log::Event)),
    open("/log/events/tile/{*place}", Answer::Tile(Log::Event)),
    route(Method::Get, "/log/keys", Access::Token, Needs::Read(Read::Keys), Answer::EpochKeys),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_is_there_twice() {
        let paths: std::collections::BTreeSet<_> = ROUTES.iter().map(|r| r.path).collect();
        assert_eq!(paths.len(), ROUTES.len());
    }

    #[test]
    fn who_is_signed_in_is_asked_what_policy_permits_and_a_stranger_is_not() {
        for route in ROUTES {
            let stranger = route.access == Access::Anyone;
            assert_eq!(stranger, route.needs == Needs::Nothing, "{}", route.path);
            assert!(!route.fresh || route.access == Access::Session, "{}", route.path);
            // What only shows asks for a reading, what does something for more.
            let reads = matches!(route.needs, Needs::Read(_));
            assert!(!(reads && route.method == Method::Post), "{}", route.path);
        }
    }

    #[test]
    fn every_change_that_a_route_names_is_one() {
        for route in ROUTES {
            if let Needs::Change(verb) = route.needs {
                assert!(lockward_model::Change::VERBS.contains(&verb), "{}: {verb}", route.path);
            }
        }
    }
}
