//! The event stream of an open page (WHATWG HTML, Server-sent events): first how things are, then what happens.

use crate::caller::Caller;
use crate::core::Core;
use crate::live_view::{Concerns, News};
use crate::sight::Sight;
use crate::views::{Page, Reader};
use axum::body::{Body, Bytes, HttpBody};
use core::convert::Infallible;
use core::fmt::Write as _;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use hyper::body::Frame;
use lockward_console::BEAT_SECONDS;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::time::interval;

/// Pieces that wait for the browser. One that reads nothing for so long is let go, and comes back by itself.
pub(crate) const PIECES_MAX: usize = 64;

/// What a body is fed from.
pub(crate) struct Pieces(pub(crate) mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// The stream's body, with everything after entry `after` of the event log, as far as its reader may see it. It ends with
/// the session that asked for it: `over` errs then.
pub(crate) fn body(core: Arc<Core>, after: u64, caller: Caller, over: Option<watch::Receiver<()>>) -> Body {
    let (pieces, body) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        let ended = async {
            match over {
                Some(mut over) => while over.changed().await.is_ok() {},
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            // An error is a browser that has gone.
            _ = feed(core, after, caller, pieces) => {}
            () = ended => {}
        }
    });
    Body::new(Pieces(body))
}

struct Gone;

async fn feed(core: Arc<Core>, after: u64, caller: Caller, pieces: mpsc::Sender<Bytes>) -> Result<(), Gone> {
    // Listen first, then look: what happens in between is told twice, and shown once.
    let mut news = core.live.subscribe();
    let who = caller.clone();
    let first = core.blocking(move |core| how_things_are(core, after, &who)).await.ok_or(Gone)?;
    pieces.send(first).await.map_err(|_| Gone)?;
    let mut beats = interval(Duration::from_secs(BEAT_SECONDS.into()));
    beats.reset();
    loop {
        let piece = tokio::select! {
            item = news.recv() => match item {
                Ok(item) => {
                    let who = caller.clone();
                    match core.blocking(move |core| as_seen(core, item, &who)).await.ok_or(Gone)? {
                        Some(item) => written(&item),
                        None => continue,
                    }
                }
                // Too slow: the browser comes back and says where it stopped.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return Ok(()),
            },
            _ = beats.tick() => written(&beat(&core)),
            () = pieces.closed() => return Ok(()),
            () = core.closed() => return Ok(()),
        };
        pieces.send(piece.into()).await.map_err(|_| Gone)?;
    }
}

/// News as this reader may see them now. Most see all of it, as it was made for all.
fn as_seen(core: &Core, news: News, caller: &Caller) -> Option<News> {
    let office = &core.office;
    {
        let site = office.site();
        let sight = Sight::of(caller, office, &site);
        if sight.is_whole(&site) {
            return Some(news);
        }
        if !news.about.are_for(&site, &sight.site) {
            return None;
        }
    }
    if matches!(news.event, "door" | "presence") {
        return Some(news);
    }
    // The site may be another by now; who reads what is asked again with it.
    let (live, site) = (core.live.now(), office.site());
    let reader = Reader::of(caller, office, &site);
    let (whole, now) = (core.live.whole(), office.wall());
    let page = Page { office, site: &site, live: &live, whole, now, reader };
    let data = match (news.event, &news.about) {
        ("bar", _) => lockward_console::bar(&page.bar()),
        ("summary", _) => page.summary(),
        ("controller", Concerns::Controller(id)) => lockward_console::controller_row(&page.controller(*id)?),
        _ => {
            let told = live.feed.iter().rev().find(|told| Some(told.index) == news.id)?;
            lockward_console::event_row(
                &Some(told).filter(|told| page.sees_at(told.event.door)).map(|told| page.event_row(told))?,
            )
        }
    };
    Some(News { data: data.into(), ..news })
}

fn how_things_are(core: &Core, after: u64, caller: &Caller) -> Bytes {
    let office = &core.office;
    let (live, site) = (core.live.now(), office.site());
    let reader = Reader::of(caller, office, &site);
    let (whole, now) = (core.live.whole(), office.wall());
    let page = Page { office, site: &site, live: &live, whole, now, reader };
    let mut out = written(&beat(core));
    let mut tell = |event, data| out.push_str(&written(&News::new(event, Concerns::Everyone, data)));
    tell("summary", page.summary());
    tell("bar", lockward_console::bar(&page.bar()));
    for door in page.doors() {
        tell("door", page.door_fragment(door));
    }
    for row in page.fleet().controllers {
        tell("controller", lockward_console::controller_row(&row));
    }
    for told in live.feed.iter().filter(|told| told.index > after && page.sees_at(told.event.door)) {
        let data = lockward_console::event_row(&page.event_row(told)).into();
        let about = Concerns::Everyone;
        out.push_str(&written(&News { event: "feed", id: Some(told.index), about, data }));
    }
    out.into()
}

fn beat(core: &Core) -> News {
    let now = core.office.wall();
    let here = core.office.site().founding().zone.local(now);
    News::new(
        "beat",
        Concerns::Everyone,
        format!("{:02}:{:02}:{:02}", here.minute / 60, here.minute % 60, here.second),
    )
}

/// `data` is one line, always: the console makes it so.
fn written(news: &News) -> String {
    let mut out = String::with_capacity(news.data.len() + 48);
    if let Some(id) = news.id {
        let _ = writeln!(out, "id: {id}");
    }
    let _ = write!(out, "event: {}\ndata: {}\n\n", news.event, news.data);
    out
}
