//! `ingest`: a hub and the controllers that send to it, over real TLS, in one process on the same cores.

use crate::hub::{Writer, announce, lay, start};
use crate::machine;
use crate::report::{Bound, Report};
use crate::rounds::{Failed, ROUNDS_MIN, Track, bootstrap, median};
use crate::world::id;
use clap::Args;
use lockward_hub::Running;
use lockward_store::Log;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Options {
    /// Controllers, each on a link of its own.
    #[arg(long, default_value_t = 100)]
    controllers: usize,
    /// Events of each controller a round.
    #[arg(long, default_value_t = 400)]
    events: usize,
    /// Events that a controller sends at once.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Where to keep the hub's folder; a temporary one if not given.
    #[arg(long)]
    dir: Option<PathBuf>,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// Batches on their way at once: as many as a controller keeps in flight.
const IN_FLIGHT: usize = 4;

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(whole(options))
}

async fn whole(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("ingest");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let dir = kept.path().join("site");
    lay(&dir)?;
    let hub = start(&dir).await?;
    let mut writers = Vec::new();
    for n in 0..options.controllers {
        let name = id('k', n)?;
        announce(&hub, name)?;
        writers.push(Writer::enrol(&hub, name, n as u64).await?);
    }
    report.about(format!(
        "{} controllers on TLS links; {} events each a round, {} at once, {IN_FLIGHT} batches in flight",
        options.controllers, options.events, options.batch
    ));
    report.about("events are sealed and heads signed before the clock starts; sending is on the same cores");
    let mut track = Track {
        name: "an event, from first byte sent to last acknowledged",
        medians: vec![],
        cpu: vec![],
        all: vec![],
    };
    let all = (options.controllers * options.events) as f64;
    for round in 0..=options.rounds.max(ROUNDS_MIN) {
        let mut ready = Vec::new();
        for writer in &mut writers {
            let batches = options.events.div_ceil(options.batch);
            ready.push((0..batches).map(|_| writer.batch(options.batch)).collect::<Result<Vec<_>, _>>()?);
        }
        let (before, cpu) = (machine::now(), machine::process_cpu_ns());
        let tasks: Vec<_> = writers.into_iter().zip(ready).map(|(w, b)| tokio::spawn(send(w, b))).collect();
        writers = Vec::new();
        for task in tasks {
            writers.push(task.await??);
        }
        if round > 0 {
            track.medians.push(before.elapsed().as_nanos() as f64 / all);
            track.cpu.push((machine::process_cpu_ns() - cpu) / all);
        }
    }
    report.track(&track);
    let rate = bootstrap(&track.medians, &[], |all, _| 1e9 / median(all));
    report.goal("events a second", rate, Bound::AtLeast(50_000.0));
    report.check("the hub's count and head of every chain are the sender's", holds(&hub, &writers)?);
    let sent: u64 = writers.iter().map(|w| w.seq).sum();
    let found = leaves(&hub, &writers)?;
    report.check(format!("{sent} events sent, {found} in the hub's log"), sent == found);
    drop(writers);
    hub.stop().await;
    Ok(report)
}

/// Sends with so many batches in flight, and waits for the last acknowledgement.
async fn send(mut writer: Writer, batches: Vec<(u64, Vec<u8>)>) -> Result<Writer, Failed> {
    let (mut waiting, mut last) = (0, 0);
    for (count, frame) in batches {
        if waiting == IN_FLIGHT {
            writer.link.acked().await?;
            waiting -= 1;
        }
        writer.link.send(&frame).await?;
        (waiting, last) = (waiting + 1, count);
    }
    while writer.link.acked().await? < last {}
    Ok(writer)
}

fn holds(hub: &Running, writers: &[Writer]) -> Result<bool, Failed> {
    for writer in writers {
        let known = hub.office().store().source(writer.id.as_str())?;
        if !known.is_some_and(|k| k.count == writer.seq && k.head == writer.prev) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Events of these controllers in the log itself.
fn leaves(hub: &Running, writers: &[Writer]) -> Result<u64, Failed> {
    use lockward_model::Source;
    use lockward_wire::event::Leaf;
    let ids: std::collections::BTreeSet<_> = writers.iter().map(|w| w.id).collect();
    let mut found = 0;
    let count = |_: u64, leaf: &[u8]| {
        if let Ok(Leaf::Event(event)) = Leaf::parse(leaf)
            && matches!(event.source(), Source::Controller(id) if ids.contains(&id))
        {
            found += 1;
        }
        Ok::<_, lockward_store::HubError>(())
    };
    hub.office().store().for_each_entry(Log::Event, 0..u64::MAX, count)?;
    Ok(found)
}
