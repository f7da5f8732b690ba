//! The OpenAPI 3.1 document: its paths are the table's own routes, its schemas the shapes that answers are made of.

use super::lists::{LIMIT, LIMIT_MAX, TEXT_MAX};
use super::shapes;
use crate::routes::{API, Answer, Api, Method, ROUTES, Route};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What the document says of one route, besides its path.
struct Told {
    summary: &'static str,
    /// What is answered where all is well: status and schema.
    answer: (u16, &'static str),
    /// Whether that is a list with a cursor.
    list: bool,
    /// What its query may hold besides the list's own.
    query: &'static [(&'static str, &'static str)],
    /// The schema of its body.
    body: Option<&'static str>,
    /// What else it answers, besides what all do.
    also: &'static [u16],
}

const READ: Told =
    Told { summary: "", answer: (200, ""), list: false, query: &[], body: None, also: &[304, 422] };
const LIST: Told = Told { list: true, ..READ };
const ONE: Told = Told { also: &[304, 404, 422], ..READ };
const POST: Told = Told { also: &[400, 404, 409, 413, 415, 422], ..READ };

fn told(api: Api) -> Told {
    match api {
        Api::Document => Told { summary: "This document", answer: (200, "Document"), also: &[304], ..READ },
        Api::Site => Told { summary: "The site", answer: (200, "Site"), ..READ },
        Api::Controllers => {
            Told { summary: "Controllers and their links", answer: (200, "Controller"), ..LIST }
        }
        Api::Doors => Told {
            summary: "Doors, and what they are doing",
            answer: (200, "Door"),
            query: &[("zone", "Only doors that lead into this zone.")],
            ..LIST
        },
        Api::Door => Told { summary: "One door", answer: (200, "Door"), ..ONE },
        Api::Zones => Told { summary: "Zones", answer: (200, "Zone"), ..LIST },
        Api::People => Told {
            summary: "People, by name",
            answer: (200, "Person"),
            query: &[("q", "Part of a name or an id.")],
            also: &[304, 404, 422],
            ..LIST
        },
        Api::Person => Told { summary: "One person", answer: (200, "PersonWhole"), ..ONE },
        Api::Events => Told {
            summary: "Events, the newest first. An answer may hold fewer than asked for and still have a `next`.",
            answer: (200, "Event"),
            query: &[("door", "Only events of this door.")],
            ..LIST
        },
        Api::EventStream => Told {
            summary: "Events as they happen (server-sent events): `data` is an Event, `id` its index",
            answer: (200, "EventStream"),
            also: &[422],
            ..READ
        },
        Api::Alarms => Told {
            summary: "Alarms: those that stand, then those that ended, the newest first",
            answer: (200, "Alarm"),
            ..LIST
        },
        Api::Muster => {
            Told { summary: "Who is where, as far as doors have seen", answer: (200, "Muster"), ..READ }
        }
        Api::Operators => Told { summary: "Who may change the site", answer: (200, "Operator"), ..LIST },
        Api::Services => Told { summary: "Services, and their API keys", answer: (200, "Service"), ..LIST },
        Api::Changes => Told {
            summary: "Changes that the asker drafted, or may sign, and that wait for signatures",
            answer: (200, "ChangeDraft"),
            ..LIST
        },
        Api::Change => Told { summary: "One change that waits", answer: (200, "ChangeDraft"), ..ONE },
        Api::ChangeAt => Told {
            summary: "How far an entry of the config log has come, door by door",
            answer: (200, "Arrival"),
            ..ONE
        },
        Api::ChangeDraft => Told {
            summary: "Drafts a change file. Nothing is changed before a signature.",
            answer: (201, "ChangeDraft"),
            body: Some("ChangeWanted"),
            also: &[400, 409, 412, 413, 415, 422],
            ..POST
        },
        Api::ChangeSign => Told {
            summary: "Puts a draft in force with the service's own signature",
            answer: (200, "InForce"),
            body: Some("SignatureGiven"),
            ..POST
        },
        Api::OrderDraft => Told {
            summary: "Drafts an order to a door, with its controller's number, good for a minute. Nothing moves before a signature.",
            answer: (201, "OrderDraft"),
            body: Some("OrderWanted"),
            also: &[400, 404, 409, 413, 415, 422, 503],
            ..POST
        },
        Api::OrderSign => Told {
            summary: "Gives a draft to the door with the service's own signature, and says what the door made of it",
            answer: (200, "Obeyed"),
            body: Some("SignatureGiven"),
            also: &[400, 404, 409, 413, 415, 422, 503, 504],
            ..POST
        },
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn list_of(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "additionalProperties": false,
        "properties": {
            "items": { "type": "array", "items": reference(name), "maxItems": LIMIT_MAX },
            "next": {
                "type": ["string", "null"],
                "description": "Given back as `cursor`, it goes on from here; none at the end.",
            },
        },
    })
}

fn words(status: u16) -> &'static str {
    match status {
        200 => "As asked",
        201 => "Drafted",
        304 => "What you have is still so (If-None-Match)",
        400 => "The body is no JSON",
        401 => "Nobody is known by what was sent: no key, or one that does not serve",
        403 => "No policy permits it, or the signature is another's",
        404 => "There is no such thing, or none that the asker may read",
        409 => "It can not be done now; the code says why",
        412 => "The site is not as it was when it was read (If-Match)",
        413 => "The body is too long",
        415 => "The body is not called `application/json`",
        421 => "The hub does not answer to this host name",
        422 => "Something in the request can not be",
        429 => "Too much at once",
        500 => "The hub failed; doors are not affected",
        503 => "The door's controller is away or busy; nothing was done",
        _ => "The door's controller has not answered; its records will say",
    }
}

fn header(says: &str, kind: &str) -> Value {
    json!({ "description": says, "schema": { "type": kind } })
}

fn response(status: u16, api: Api, told: &Told) -> Value {
    let mut response = json!({ "description": words(status) });
    let content = match (status, told.answer) {
        (304, _) => None,
        (status, (well, schema)) if status == well => Some(match (api, told.list) {
            (Api::EventStream, _) => json!({ "text/event-stream": { "schema": { "type": "string" } } }),
            (Api::Document, _) => json!({ "application/json": { "schema": { "type": "object" } } }),
            (_, true) => json!({ "application/json": { "schema": list_of(schema) } }),
            (_, false) => json!({ "application/json": { "schema": reference(schema) } }),
        }),
        _ => Some(json!({ "application/problem+json": { "schema": reference("Problem") } })),
    };
    let headers = match status {
        200 | 304 if told.body.is_none() && api != Api::EventStream => {
            Some(json!({ "ETag": header("Names what was told.", "string") }))
        }
        201 => Some(json!({ "Location": header("Where it is, or where its signature goes.", "string") })),
        429 | 503 => Some(json!({ "Retry-After": header("In so many seconds.", "integer") })),
        _ => None,
    };
    if let Some(object) = response.as_object_mut() {
        object.extend(content.map(|content| ("content".to_owned(), content)));
        object.extend(headers.map(|headers| ("headers".to_owned(), headers)));
    }
    response
}

fn parameter(place: &str, name: &str, says: &str, schema: &Value) -> Value {
    json!({ "in": place, "name": name, "description": says, "required": place == "path", "schema": schema })
}

fn parameters(route: &Route, api: Api, told: &Told) -> Vec<Value> {
    let id = json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "minLength": 1, "maxLength": 32 });
    let text = json!({ "type": "string", "minLength": 1, "maxLength": TEXT_MAX });
    let mut all = Vec::new();
    for open in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let (says, schema) = match open {
            "index" => ("The entry's index.", json!({ "type": "integer", "minimum": 0 })),
            _ => ("Its id.", id.clone()),
        };
        all.push(parameter("path", open, says, &schema));
    }
    if told.list {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT });
        all.push(parameter("query", "limit", "How many at most.", &limit));
        all.push(parameter("query", "cursor", "The `next` of the answer before.", &text));
    }
    all.extend(told.query.iter().map(|(name, says)| parameter("query", name, says, &text)));
    match route.method {
        Method::Get if api == Api::EventStream => {
            let index = json!({ "type": "integer", "minimum": 0 });
            all.push(parameter(
                "header",
                "Last-Event-ID",
                "The index of the last event that was seen.",
                &index,
            ));
        }
        Method::Get => {
            all.push(parameter(
                "header",
                "If-None-Match",
                "An ETag of this address.",
                &json!({ "type": "string" }),
            ));
        }
        Method::Post => {
            let key = json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" });
            let says =
                "The same request under the same key is carried out once, and answered alike for a day.";
            all.push(parameter("header", "Idempotency-Key", says, &key));
        }
    }
    if api == Api::ChangeDraft {
        let says = "The ETag of /api/v1/site: drafted only if the site is as it was then.";
        all.push(parameter("header", "If-Match", says, &json!({ "type": "string" })));
    }
    all
}

fn operation(route: &Route, api: Api) -> Value {
    let told = told(api);
    let all = [told.answer.0, 401, 403, 421, 429, 500];
    let statuses: std::collections::BTreeSet<u16> =
        all.into_iter().chain(told.also.iter().copied()).collect();
    let responses: Map<String, Value> =
        statuses.iter().map(|status| (status.to_string(), response(*status, api, &told))).collect();
    let mut operation = json!({
        "operationId": format!("{api:?}"),
        "summary": told.summary,
        "parameters": parameters(route, api, &told),
        "responses": responses,
    });
    if let (Some(body), Some(object)) = (told.body, operation.as_object_mut()) {
        let content = json!({ "application/json": { "schema": reference(body) } });
        object.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}

fn schemas() -> Map<String, Value> {
    let mut all: Vec<(String, RefOr<Schema>)> = Vec::new();
    fn add<T: ToSchema + PartialSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((T::name().into_owned(), T::schema()));
        T::schemas(all);
    }
    add::<shapes::Site>(&mut all);
    add::<shapes::Controller>(&mut all);
    add::<shapes::Door>(&mut all);
    add::<shapes::Zone>(&mut all);
    add::<shapes::Person>(&mut all);
    add::<shapes::PersonWhole>(&mut all);
    add::<shapes::Event>(&mut all);
    add::<shapes::Alarm>(&mut all);
    add::<shapes::Muster>(&mut all);
    add::<shapes::Operator>(&mut all);
    add::<shapes::Service>(&mut all);
    add::<shapes::OrderWanted>(&mut all);
    add::<shapes::OrderDraft>(&mut all);
    add::<shapes::SignatureGiven>(&mut all);
    add::<shapes::Obeyed>(&mut all);
    add::<shapes::ChangeWanted>(&mut all);
    add::<shapes::ChangeDraft>(&mut all);
    add::<shapes::InForce>(&mut all);
    add::<shapes::Arrival>(&mut all);
    add::<shapes::Problem>(&mut all);
    all.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES.iter().filter(|route| route.path.starts_with(API)) {
        let Answer::Api(api) = route.answer else { continue };
        let method = if route.method == Method::Get { "get" } else { "post" };
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(method.into(), operation(route, api));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lockward",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What pages show, and drafts of changes and orders. An API key reads and drafts; only a service's \
                own Ed25519 signature changes anything or moves a bolt. Unknown fields and parameters are refused.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "apiKey": { "type": "http", "scheme": "bearer", "description": "`lw_…`: an API key of a service." },
            },
        },
        "security": [{ "apiKey": [] }],
    })
}
