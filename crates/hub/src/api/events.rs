//! Events over the API: the log backwards, page by page, and the stream of what happens.

use super::facts::{Facts, store};
use super::lists::{Asked, List};
use super::{Problem, respond, shapes};
use crate::answer;
use crate::caller::Caller;
use crate::core::Core;
use crate::live::Told;
use crate::service_in::still_serves;
use crate::stream::{PIECES_MAX, Pieces};
use crate::tell;
use crate::views::{Page, Reader};
use crate::web::{Desk, Visit};
use axum::body::{Body, Bytes};
use axum::response::Response;
use core::time::Duration;
use lockward_model::{DoorId, Source};
use lockward_policy::Read;
use lockward_store::{ENTRIES_MAX, Log};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::interval;

/// Leaves that one answer looks at, at most: at some 10 µs each, 40 ms. An answer that found less than it may goes on
/// from its cursor.
const LOOKED_AT_MAX: u64 = 4_096;
/// How often a stream says that it stands, and looks whether its key still does.
const BEAT: Duration = Duration::from_secs(10);

impl Facts<'_> {
    fn event(&self, told: &Told) -> Option<shapes::Event> {
        let (event, code) = (&told.event, told.event.body.code());
        let (site, sight) = (self.page.site, &self.page.reader.sight);
        if !self.here.at(site, event.door) {
            return None;
        }
        let named = sight.names_at(site, event.door);
        Some(shapes::Event {
            index: told.index,
            at: event.time.to_string(),
            code: code.as_str().to_owned(),
            says: tell::sentence(code),
            why: tell::reason(site, &sight.site, event),
            alarm: code.is_alarm(),
            door: event.door.map(|door| door.to_string()),
            controller: match event.source {
                Source::Hub => None,
                Source::Controller(id) => Some(id.to_string()),
            },
            person: tell::person(event).filter(|_| named).map(|person| self.person_ref(person)),
        })
    }

    fn at(&self, index: u64, leaf: &[u8]) -> Option<shapes::Event> {
        // Heads of chains are no events, and a body whose key is destroyed tells nothing any more.
        let event = self.page.office.open_leaf(leaf).ok()??;
        self.event(&Told { index, event, late: false })
    }

    /// The newest first.
    pub(super) fn events(&self, asked: &Asked<'_>) -> Result<List<shapes::Event>, Problem> {
        let kept = self.page.office.store();
        let before = asked.number()?;
        if let Some(door) = asked.field("door")? {
            let door = door.parse::<DoorId>().ok().filter(|door| self.sees_door(*door));
            let Some(door) = door else { return Ok(List { items: Vec::new(), next: None }) };
            let limit = u32::try_from(asked.limit + 1).unwrap_or(u32::MAX);
            let rows =
                kept.by_door(door, before.unwrap_or(u64::MAX), limit).map_err(|error| store(&error))?;
            let told =
                |row: &lockward_store::IndexRow| self.at(row.idx, &kept.entry(Log::Event, row.idx).ok()??);
            let next = (rows.len() > asked.limit).then(|| rows.get(asked.limit - 1)).flatten();
            let items = rows.iter().take(asked.limit).filter_map(told).collect();
            return Ok(List { items, next: next.map(|row| row.idx.to_string()) });
        }
        let size = kept.head(Log::Event).map_err(|error| store(&error))?.size();
        let (mut end, mut items) = (before.map_or(size, |before| before.min(size)), Vec::new());
        let lowest = end.saturating_sub(LOOKED_AT_MAX);
        while end > lowest && items.len() < asked.limit {
            let from = end.saturating_sub(ENTRIES_MAX).max(lowest);
            let leaves = kept.entries(Log::Event, from..end).map_err(|error| store(&error))?;
            if leaves.is_empty() {
                break;
            }
            for leaf in leaves.iter().rev() {
                if items.len() == asked.limit {
                    break;
                }
                end -= 1;
                items.extend(self.at(end, leaf));
            }
        }
        Ok(List { items, next: (end > 0).then(|| end.to_string()) })
    }
}

impl Desk {
    /// What happens, as it happens: `id` is the place in the event log, which `Last-Event-ID` gives back.
    pub(super) fn event_stream(&self, visit: &Visit) -> Response {
        let after = match visit.headers.get("last-event-id").map(|v| v.to_str()) {
            None => None,
            Some(Ok(id)) if id.parse::<u64>().is_ok() => id.parse().ok(),
            Some(_) => return respond(Err(Problem::invalid("Last-Event-ID is an event's index"))),
        };
        if let Err(problem) = super::lists::only(visit, &[]) {
            return respond(Err(problem));
        }
        let (pieces, body) = mpsc::channel(PIECES_MAX);
        let (core, caller) = (Arc::clone(&self.core), visit.caller.clone());
        tokio::spawn(async move {
            // An error is a client that has gone.
            let _ = feed(core, caller, after, pieces).await;
        });
        answer::stream(Body::new(Pieces(body)))
    }
}

struct Gone;

async fn feed(
    core: Arc<Core>,
    caller: Caller,
    after: Option<u64>,
    pieces: mpsc::Sender<Bytes>,
) -> Result<(), Gone> {
    // Listen first, then look: what happens in between is told once all the same, by its index.
    let mut news = core.live.subscribe();
    let from = after.unwrap_or_else(|| core.live.now().newest());
    let mut told = from;
    let mut beats = interval(BEAT);
    loop {
        tokio::select! {
            item = news.recv() => match item {
                Ok(item) if item.event == "feed" && item.id.is_some_and(|id| id > told) => {}
                Ok(_) => continue,
                // Too slow: the client comes back and says where it stopped.
                Err(_) => return Ok(()),
            },
            _ = beats.tick() => pieces.send(Bytes::from_static(b": \n\n")).await.map_err(|_| Gone)?,
            () = pieces.closed() => return Ok(()),
            () = core.closed() => return Ok(()),
        }
        let (who, since) = (caller.clone(), told);
        let (piece, to) =
            core.blocking(move |core| written(core, &who, since)).await.flatten().ok_or(Gone)?;
        told = to;
        if !piece.is_empty() {
            pieces.send(piece.into()).await.map_err(|_| Gone)?;
        }
    }
}

/// What happened after entry `since`, as far as this asker may read it now; `None` once the asker is nobody any more.
fn written(core: &Core, caller: &Caller, since: u64) -> Option<(String, u64)> {
    match caller {
        Caller::Nobody | Caller::Person(_) => return None,
        Caller::Operator(who) if who.over.has_changed().is_err() => return None,
        Caller::Service(who) if !still_serves(&core.office, who) => return None,
        Caller::Operator(_) | Caller::Service(_) | Caller::Tool => {}
    }
    let office = &core.office;
    let (live, site) = (core.live.now(), office.site());
    let facts = Facts {
        here: caller.reads(office, &site, Read::Site),
        page: Page {
            office,
            site: &site,
            live: &live,
            whole: core.live.whole(),
            now: office.wall(),
            reader: Reader::of(caller, office, &site),
        },
    };
    let (mut out, mut to) = (String::new(), since);
    for told in live.feed.iter().filter(|told| told.index > since) {
        to = told.index;
        let Some(event) = facts.event(told) else { continue };
        let data = serde_json::to_string(&event).unwrap_or_default();
        out.push_str(&format!("id: {}\nevent: event\ndata: {data}\n\n", told.index));
    }
    Some((out, to))
}
