//! Every route of the hub: how it is asked for, who may take it, and what policy must permit. The table is the router: what
//! is not in it does not exist, and nothing is answered before the table's own conditions are met.

use crate::my::My;
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
    /// Whose browser comes back from the signer on its own machine. No cookie comes along; the one-time value and the
    /// signature in the form say who it is.
    Signer,
    /// Who brings a token. A session does not do: no page may be led to such a route.
    Token,
    /// A service with an API key, or an operator who has signed in; for what is only shown, also who brings a token.
    Api,
    /// A service with an API key, and nobody else: people sign on pages.
    Service,
    /// A person who has signed in with a phone of their own; no operator by that, and no operator is one.
    Person,
}

/// What policy must permit to an operator who has signed in. A token reads whatever there is: whoever prints it holds the
/// hub's master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: there is nothing of the site in it.
    Nothing,
    /// Nothing more than to be signed in: it is about the operator's own keys and sessions.
    Own,
    /// `Action::"read:…"`, in the site or in some zone of it. What is answered keeps to where.
    Read(Read),
    /// `Action::"read:…"` of the site as a whole: for what lies in no zone, or can not be told zone by zone.
    ReadWhole(Read),
    /// `Action::"change:…"`, in the site or in some zone of it. The change itself is judged again by the site.
    Change(&'static str),
    /// `Action::"order:…"`, at some door. The order itself is judged by the door.
    Order(OrderAct),
    /// Some `Action::"change:…"`, somewhere: which, the request says.
    SomeChange,
    /// Some `Action::"order:…"`, at some door: which, the request says.
    SomeOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Health,
    Asset,
    SignIn,
    SignInStart,
    SignInFinish,
    PasswordSignIn,
    OpenIdSignIn,
    OpenIdBack,
    OpenIdCode,
    PasswordByLink,
    CodeByLink,
    OpenIdByLink,
    TouchPassword,
    PasswordSet,
    CodeStart,
    CodeFinish,
    RecoveryRenew,
    WayRemove,
    OpenIdBind,
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
    ChangeSignApart,
    ChangeSigned,
    OrderSigned,
    KeyApart,
    KeyMade,
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
    Services,
    ServiceKey(KeyDeed),
    Api(Api),
    My(My),
}

/// What is done to an API key from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyDeed {
    Make,
    Rotate,
    Revoke,
}

/// What the API answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Document,
    Site,
    Controllers,
    Doors,
    Door,
    Zones,
    People,
    Person,
    Events,
    EventStream,
    Alarms,
    Muster,
    Operators,
    Services,
    Changes,
    Change,
    ChangeAt,
    ChangeDraft,
    ChangeSign,
    OrderDraft,
    OrderSign,
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
    /// Whether it asks for a touch of a passkey within [`TOUCH_LIFE`](crate::TOUCH_LIFE): for what is dangerous, also where it
    /// only takes away, if it takes away from others. What takes away from nobody but whoever asks waits for nothing.
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

const fn shown_whole(path: &'static str, what: Read, answer: Answer) -> Route {
    route(Method::Get, path, Access::Session, Needs::ReadWhole(what), answer)
}

const fn done(path: &'static str, needs: Needs, answer: Answer) -> Route {
    route(Method::Post, path, Access::Session, needs, answer)
}

const fn api(path: &'static str, needs: Needs, answer: Api) -> Route {
    route(Method::Get, path, Access::Api, needs, Answer::Api(answer))
}

const fn by_key(path: &'static str, needs: Needs, answer: Api) -> Route {
    route(Method::Post, path, Access::Service, needs, Answer::Api(answer))
}

const fn api_post(path: &'static str, needs: Needs, answer: Api) -> Route {
    route(Method::Post, path, Access::Api, needs, Answer::Api(answer))
}

/// A form that comes back from the signer.
const fn back(path: &'static str, answer: Answer) -> Route {
    route(Method::Post, path, Access::Signer, Needs::Nothing, answer)
}

const fn ordered(path: &'static str, act: OrderAct) -> Route {
    done(path, Needs::Order(act), Answer::OrderStart(act))
}

const fn by_phone(path: &'static str, what: My) -> Route {
    route(Method::Post, path, Access::Person, Needs::Own, Answer::My(what))
}

const fn fresh(route: Route) -> Route {
    Route { fresh: true, ..route }
}

/// All of them. Checkpoints and hashes are anybody's: they say nothing but that nothing was rewritten. Entries tell when
/// which door was used, though their bodies are sealed; whoever follows them brings a session or a token. The epochs' keys
/// open all bodies at once: they go to a token alone, over TLS or the loopback as everything here, and on record.
pub const ROUTES: &[Route] = &[
    open("/healthz", Answer::Health),
    open("/assets/{file}", Answer::Asset),
    open(address::SIGN_IN, Answer::SignIn),
    ceremony("/sign-in/start", Answer::SignInStart),
    ceremony("/sign-in/finish", Answer::SignInFinish),
    ceremony("/sign-in/password", Answer::PasswordSignIn),
    ceremony("/sign-in/openid", Answer::OpenIdSignIn),
    open("/sign-in/openid/back", Answer::OpenIdBack),
    ceremony("/sign-in/openid/code", Answer::OpenIdCode),
    open(address::SET_UP, Answer::SetUp),
    ceremony("/set-up/start", Answer::SetUpStart),
    ceremony("/set-up/finish", Answer::SetUpFinish),
    ceremony("/set-up/password", Answer::PasswordByLink),
    ceremony("/set-up/password/finish", Answer::CodeByLink),
    ceremony("/set-up/openid", Answer::OpenIdByLink),
    open("/enter", Answer::Enter),
    done("/sign-out", Needs::Own, Answer::SignOut),
    route(Method::Get, address::ME, Access::Session, Needs::Own, Answer::Me),
    done("/me/touch/start", Needs::Own, Answer::TouchStart),
    done("/me/touch/finish", Needs::Own, Answer::TouchFinish),
    done("/me/touch/password", Needs::Own, Answer::TouchPassword),
    fresh(done("/me/password", Needs::Own, Answer::PasswordSet)),
    fresh(done("/me/code", Needs::Own, Answer::CodeStart)),
    fresh(done("/me/code/finish", Needs::Own, Answer::CodeFinish)),
    fresh(done("/me/recovery", Needs::Own, Answer::RecoveryRenew)),
    fresh(done("/me/ways/remove", Needs::Own, Answer::WayRemove)),
    fresh(done("/me/openid", Needs::Own, Answer::OpenIdBind)),
    fresh(done("/me/keys/start", Needs::Own, Answer::KeyStart)),
    fresh(done("/me/keys/finish", Needs::Own, Answer::KeyFinish)),
    fresh(done("/me/keys/remove", Needs::Own, Answer::KeyRemove)),
    fresh(done("/me/keys/apart", Needs::Own, Answer::KeyApart)),
    back("/me/keys/made", Answer::KeyMade),
    done("/me/sessions/end", Needs::Own, Answer::OwnSessionEnd),
    shown_whole(address::OPERATORS, Read::Operators, Answer::Operators),
    fresh(done("/operators/invite", Needs::Change("put-operator"), Answer::Invite)),
    fresh(done("/operators/sessions/end", Needs::Change("put-operator"), Answer::SessionEnd)),
    shown(address::OVERVIEW, Read::Site, Answer::Overview),
    shown("/doors/{id}", Read::Site, Answer::Door),
    ordered("/doors/{id}/unlock/start", OrderAct::Unlock),
    ordered("/doors/{id}/hold/start", OrderAct::Hold(OrderAct::HOLD_MAX)),
    ordered("/doors/{id}/release/start", OrderAct::Release),
    // Only what waits is finished, by whoever was let begin it; and the door judges it.
    done("/doors/{id}/order/finish", Needs::Own, Answer::OrderFinish),
    back("/doors/{id}/order/signed", Answer::OrderSigned),
    // What an operator may not sign, the site refuses to draft; and of drafts each sees what they may sign.
    route(Method::Get, address::CHANGES, Access::Session, Needs::Own, Answer::Changes),
    done("/changes/draft", Needs::Own, Answer::ChangeDraft),
    route(Method::Get, "/changes/{id}", Access::Session, Needs::Own, Answer::ChangeReview),
    done("/changes/{id}/sign/start", Needs::Own, Answer::ChangeSignStart),
    done("/changes/{id}/sign/finish", Needs::Own, Answer::ChangeSignFinish),
    done("/changes/{id}/sign/apart", Needs::Own, Answer::ChangeSignApart),
    back("/changes/{id}/signed", Answer::ChangeSigned),
    done("/changes/{id}/again", Needs::Own, Answer::ChangeAgain),
    done("/changes/{id}/withdraw", Needs::Own, Answer::ChangeWithdraw),
    shown("/changes/at/{index}", Read::Site, Answer::ChangeArrival),
    shown_whole(address::PEOPLE, Read::People, Answer::People),
    shown_whole("/people/{id}", Read::People, Answer::Person),
    fresh(done("/people/{id}/phones/invite", Needs::Change("put-credential"), Answer::My(My::Invite))),
    fresh(done("/people/{id}/phones/lost", Needs::Change("revoke-credential"), Answer::My(My::LostByDesk))),
    // My doors: of whoever has signed in with a phone of their own, and of nobody else. What is opened, the lock judges.
    open(address::MY_SIGN_IN, Answer::My(My::SignIn)),
    ceremony("/my/sign-in/start", Answer::My(My::SignInStart)),
    ceremony("/my/sign-in/finish", Answer::My(My::SignInFinish)),
    open(address::MY_JOIN, Answer::My(My::Join)),
    ceremony("/my/join/start", Answer::My(My::JoinStart)),
    ceremony("/my/join/finish", Answer::My(My::JoinFinish)),
    route(Method::Get, address::MY, Access::Person, Needs::Own, Answer::My(My::Page)),
    by_phone("/my/sign-out", My::SignOut),
    by_phone("/my/doors/{id}/start", My::OpenStart),
    by_phone("/my/doors/{id}/finish", My::OpenFinish),
    by_phone("/my/phones/lost", My::Lost),
    shown(address::ALARMS, Read::Alarms, Answer::Alarms),
    shown(address::MUSTER, Read::Muster, Answer::Muster),
    shown(address::ZONES, Read::Site, Answer::Zones),
    shown_whole(address::LOG, Read::Log, Answer::Log),
    shown(address::LIVE, Read::Site, Answer::Live),
    open("/log/config/checkpoint", Answer::Checkpoint(Log::Config)),
    shown_whole("/log/config/tile/entries/{*place}", Read::Log, Answer::Tile(Log::Config)),
    open("/log/config/tile/{*place}", Answer::Tile(Log::Config)),
    open("/log/events/checkpoint", Answer::Checkpoint(Log::Event)),
    shown_whole("/log/events/tile/entries/{*place}", Read::Log, Answer::Tile(Log::Event)),
    open("/log/events/tile/{*place}", Answer::Tile(Log::Event)),
    route(Method::Get, "/log/keys", Access::Token, Needs::ReadWhole(Read::Keys), Answer::EpochKeys),
    shown_whole(address::SERVICES, Read::Operators, Answer::Services),
    fresh(done("/services/keys/make", Needs::Change("put-service"), Answer::ServiceKey(KeyDeed::Make))),
    fresh(done("/services/keys/rotate", Needs::Change("put-service"), Answer::ServiceKey(KeyDeed::Rotate))),
    fresh(done("/services/keys/revoke", Needs::Change("put-service"), Answer::ServiceKey(KeyDeed::Revoke))),
    // The API: pages' own facts as JSON. Its answers keep to what the asker may read, zone by zone. The document that
    // describes it says nothing of this site, and is closed all the same.
    api("/api/openapi.json", Needs::Own, Api::Document),
    api("/api/v1/site", Needs::Read(Read::Site), Api::Site),
    api("/api/v1/controllers", Needs::Read(Read::Site), Api::Controllers),
    api("/api/v1/doors", Needs::Read(Read::Site), Api::Doors),
    api("/api/v1/doors/{id}", Needs::Read(Read::Site), Api::Door),
    api("/api/v1/zones", Needs::Read(Read::Site), Api::Zones),
    api("/api/v1/people", Needs::Read(Read::People), Api::People),
    api("/api/v1/people/{id}", Needs::Read(Read::People), Api::Person),
    api("/api/v1/events", Needs::Read(Read::Site), Api::Events),
    api("/api/v1/events/stream", Needs::Read(Read::Site), Api::EventStream),
    api("/api/v1/alarms", Needs::Read(Read::Alarms), Api::Alarms),
    api("/api/v1/muster", Needs::Read(Read::Muster), Api::Muster),
    api("/api/v1/operators", Needs::Read(Read::Operators), Api::Operators),
    api("/api/v1/services", Needs::Read(Read::Operators), Api::Services),
    api("/api/v1/changes", Needs::SomeChange, Api::Changes),
    api("/api/v1/changes/{id}", Needs::SomeChange, Api::Change),
    api("/api/v1/changes/at/{index}", Needs::Read(Read::Site), Api::ChangeAt),
    // What is drafted here is put in force by a signature that the hub can not make.
    api_post("/api/v1/changes", Needs::SomeChange, Api::ChangeDraft),
    by_key("/api/v1/changes/{id}/signature", Needs::SomeChange, Api::ChangeSign),
    by_key("/api/v1/doors/{id}/orders", Needs::SomeOrder, Api::OrderDraft),
    by_key("/api/v1/orders/{id}/signature", Needs::SomeOrder, Api::OrderSign),
];

/// Below this lies the API, and nothing else.
pub(crate) const API: &str = "/api/";

/// How a path may be asked for; empty if there is no such path.
pub(crate) fn methods_of(path: &str) -> Vec<Method> {
    ROUTES.iter().filter(|route| fits(route.path, path)).map(|route| route.method).collect()
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with("{*") => return true,
            (Some(open), Some(some)) if open.starts_with('{') && !some.is_empty() => {}
            (Some(word), Some(same)) if word == same => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_is_there_twice() {
        let paths: std::collections::BTreeSet<_> =
            ROUTES.iter().map(|r| (r.method == Method::Get, r.path)).collect();
        assert_eq!(paths.len(), ROUTES.len());
    }

    #[test]
    fn the_api_is_for_who_is_known_and_all_of_it_lies_below_one_path() {
        for route in ROUTES {
            let (answers, lies) = (matches!(route.answer, Answer::Api(_)), route.path.starts_with(API));
            assert!(
                answers == lies && lies == matches!(route.access, Access::Api | Access::Service),
                "{}",
                route.path
            );
        }
    }

    #[test]
    fn a_path_is_known_by_its_segments() {
        let of = |path: &str| methods_of(path).len();
        assert_eq!(
            (of("/api/v1/changes"), of("/api/v1/changes/0a"), of("/api/v1/changes/0a/signature")),
            (2, 1, 1)
        );
        assert_eq!(
            (of("/api/v1/doors//orders"), of("/api/v1/doors/x/y"), of("/api"), of("/log/events/tile/0/x/y")),
            (0, 0, 0, 1)
        );
    }

    #[test]
    fn who_is_signed_in_is_asked_what_policy_permits_and_a_stranger_is_not() {
        for route in ROUTES {
            let stranger = matches!(route.access, Access::Anyone | Access::Signer);
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
