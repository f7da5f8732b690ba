//! Every route of the hub, with who may take it. The table is the router: what is not in it does not exist.

use lockward_console::address;
use lockward_store::Log;

/// Who may take a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the hub.
    Anyone,
    /// Who has signed in, or brings a token.
    Session,
    /// Who brings a token. A session does not do: no page may be led to such a route.
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Health,
    Asset,
    SignIn,
    Enter,
    Overview,
    Door,
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
    /// Its path, as the router has it.
    pub path: &'static str,
    /// Who may take it.
    pub access: Access,
    pub(crate) answer: Answer,
}

const fn route(path: &'static str, access: Access, answer: Answer) -> Route {
    Route { path, access, answer }
}

/// All of them. Checkpoints and hashes are anybody's: they say nothing but that nothing was rewritten. Entries tell when
/// which door was used, though their bodies are sealed; whoever follows them brings a session or a token. The epochs' keys
/// open all bodies at once: they go to a token alone, over TLS or the loopback as everything here, and on record.
pub const ROUTES: [Route; 20] = [
    route("/healthz", Access::Anyone, Answer::Health),
    route("/assets/{file}", Access::Anyone, Answer::Asset),
    route(address::SIGN_IN, Access::Anyone, Answer::SignIn),
    route("/enter", Access::Anyone, Answer::Enter),
    route(address::OVERVIEW, Access::Session, Answer::Overview),
    route("/doors/{id}", Access::Session, Answer::Door),
    route(address::PEOPLE, Access::Session, Answer::People),
    route("/people/{id}", Access::Session, Answer::Person),
    route(address::ALARMS, Access::Session, Answer::Alarms),
    route(address::MUSTER, Access::Session, Answer::Muster),
    route(address::ZONES, Access::Session, Answer::Zones),
    route(address::LOG, Access::Session, Answer::Log),
    route(address::LIVE, Access::Session, Answer::Live),
    route("/log/config/checkpoint", Access::Anyone, Answer::Checkpoint(Log::Config)),
    route("/log/config/tile/entries/{*place}", Access::Session, Answer::Tile(Log::Config)),
    route("/log/config/tile/{*place}", Access::Anyone, Answer::Tile(Log::Config)),
    route("/log/events/checkpoint", Access::Anyone, Answer::Checkpoint(Log::Event)),
    route("/log/events/tile/entries/{*place}", Access::Session, Answer::Tile(Log::Event)),
    route("/log/events/tile/{*place}", Access::Anyone, Answer::Tile(Log::Event)),
    route("/log/keys", Access::Token, Answer::EpochKeys),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_is_there_twice() {
        let paths: std::collections::BTreeSet<_> = ROUTES.iter().map(|r| r.path).collect();
        assert_eq!(paths.len(), ROUTES.len());
    }
}
