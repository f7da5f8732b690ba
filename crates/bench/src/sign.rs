//! `sign`: what people sign, from the browser's touch to what it does: a sign-in, an order at a lock, a change on many
//! controllers; and what a lock takes to look at a signature.

use crate::report::{Bound, Report};
use crate::rounds::{Failed, Lane, Track, bootstrap, interleave, median};
use crate::sign_change::{Fleet, controller};
use crate::sign_key::{Signed, VERIFIED};
use crate::sign_order::{Line, until};
use crate::sign_seat::Seat;
use crate::world::{CHANGES_AN_ENTRY, PEOPLE_AN_ENTRY, Plan, Size};
use clap::Args;
use lockward_hub::{Clock as _, SystemClock};
use lockward_model::{Change, Code};
use std::cell::RefCell;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Options {
    /// Controllers, each as it runs, on a TLS link of its own.
    #[arg(long, default_value_t = 100)]
    controllers: usize,
    /// People with a card at the site.
    #[arg(long, default_value_t = 1_000)]
    people: usize,
    /// Rules of the site.
    #[arg(long, default_value_t = 100)]
    policies: usize,
    /// Sign-ins a round, of each kind.
    #[arg(long, default_value_t = 10)]
    sign_ins: usize,
    /// Orders a round.
    #[arg(long, default_value_t = 5)]
    orders: usize,
    /// Changes a round.
    #[arg(long, default_value_t = 3)]
    changes: usize,
    /// Signatures a round.
    #[arg(long, default_value_t = 200)]
    signatures: usize,
    /// What the door's line runs at.
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// Where to keep hub and controllers; a temporary folder if not given. Mind what disk it is on: all of them share it.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A folder in memory, for a hub that waits for no disk.
    #[arg(long, default_value = "/dev/shm")]
    memory: PathBuf,
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

/// One of the goals: which lane, what it is called, in which unit of nanoseconds, and at most how many of these.
const GOALS: [(&str, &str, f64, f64); 4] = [
    (SIGN_IN, "sign-in, waiting for no disk, ms", 1e6, 1.0),
    (ORDER, "order, signature to lock, ms", 1e6, 20.0),
    (CHANGE, "change of one person, everywhere, ms", 1e6, 250.0),
    (VERIFIED, "a lock looks at a signature, µs", 1e3, 300.0),
];
const SIGN_IN: &str = "sign-in, hub in memory";
const ORDER: &str = "order, to the lock's release";
const CHANGE: &str = "change, until all have it in force";

pub(crate) fn run(options: &Options) -> Result<Report, Failed> {
    let mut report = Report::begin("sign");
    let kept = match &options.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let memory = tempfile::tempdir_in(&options.memory)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let things = things(options)?;
    let mut quick = runtime.block_on(Seat::take(&memory.path().join("hub"), &things))?;
    let mut seat = runtime.block_on(Seat::take(&kept.path().join("hub"), &things))?;
    let line = Line::start(options.baud)?;
    let mut fleet = Fleet::start(&seat.hub, options.controllers.max(1), kept.path(), &line)?;
    line.await_online()?;
    about(&mut report, options);

    let site = seat.hub.office().site().clone();
    let at = SystemClock::default().now().wall;
    let order = Signed::new(&site, at, &seat.key, &seat.key)?;
    let forged = Signed::new(&site, at, &seat.key, &seat.forger)?;
    let answered = RefCell::new((Vec::new(), Vec::new()));
    let mut orders = 0;
    let tracks = {
        let (seat, fleet, orders) = (RefCell::new(&mut seat), RefCell::new(&mut fleet), &mut orders);
        let (answered, line, quick) = (&answered, &line, RefCell::new(&mut quick));
        let [verified, decided] = order.lanes(&site, options.signatures);
        let mut lanes = [
            Lane {
                name: SIGN_IN,
                run: Box::new(|_| runtime.block_on(quick.borrow_mut().sign_ins(options.sign_ins, false))),
            },
            Lane {
                name: "  the check of one that is forged, and no write",
                run: Box::new(|_| runtime.block_on(quick.borrow_mut().sign_ins(options.sign_ins, true))),
            },
            Lane {
                name: "  the same, two durable writes on the disk",
                run: Box::new(|_| runtime.block_on(seat.borrow_mut().sign_ins(options.sign_ins, false))),
            },
            Lane {
                name: ORDER,
                run: Box::new(|round| {
                    let fleet = fleet.borrow();
                    let (found, told) =
                        line.orders(&mut seat.borrow_mut(), fleet.first()?, &runtime, options.orders)?;
                    *orders += found.each.len();
                    keep(&mut answered.borrow_mut().0, round, &told);
                    Ok(found)
                }),
            },
            Lane {
                name: CHANGE,
                run: Box::new(|round| {
                    let (mut fleet, mut seat) = (fleet.borrow_mut(), seat.borrow_mut());
                    let (found, told) = runtime.block_on(fleet.changes(&mut seat, options.changes))?;
                    keep(&mut answered.borrow_mut().1, round, &told);
                    Ok(found)
                }),
            },
            verified,
            decided,
            crate::log::raw(kept.path(), options.signatures)?,
        ];
        interleave(options.rounds, &mut lanes)?
    };
    figures(&mut report, &tracks, &answered.into_inner());
    report.check(
        "a lock obeys the order, and takes no forged signature on it",
        order.is_obeyed(&site) && !forged.holds() && !forged.is_obeyed(&site),
    );
    drop(site);
    checks(&mut report, &runtime, (&mut quick, &mut seat), (&line, fleet, orders))?;
    runtime.block_on(quick.hub.stop());
    runtime.block_on(seat.hub.stop());
    Ok(report)
}

/// The site: doors with a controller each, people with cards, rules.
fn things(options: &Options) -> Result<Vec<Vec<Change>>, Failed> {
    let doors = options.controllers.max(1);
    let mut plan = Plan::new(Size { people: options.people, policies: options.policies, doors }, 1)?;
    let mut all = Vec::new();
    for (n, door) in plan.doors.iter_mut().enumerate() {
        door.controller = controller(n)?;
        all.push(Change::PutController { id: controller(n)?, title: "Bench".parse()? });
    }
    all.extend(plan.places()?);
    let mut things: Vec<Vec<Change>> = all.chunks(CHANGES_AN_ENTRY).map(<[Change]>::to_vec).collect();
    for first in (0..options.people).step_by(PEOPLE_AN_ENTRY) {
        things.push(plan.people(first)?);
    }
    Ok(things)
}

fn about(report: &mut Report, options: &Options) {
    report.about(format!(
        "a hardened site of {} people, {} policies and {} doors; {} controllers as they run, in this process, on TLS links; one \
         disk for all of them and the hub",
        options.people, options.policies, options.controllers, options.controllers
    ));
    report.about(
        "a browser on one TLS connection: a figure begins before it sends the request that has the signature; CPU is that of \
         all machines and of the browser, with drafting, cosigning and all that follows",
    );
    report.about(format!(
        "the order's lock is an output of a simulated OSDP board on a line of {} baud, in a secure channel",
        options.baud
    ));
}

/// The first round only warms up.
fn keep(kept: &mut Vec<f64>, round: usize, told: &[f64]) {
    if round > 0 {
        kept.extend(told);
    }
}

fn figures(report: &mut Report, tracks: &[Track], answered: &(Vec<f64>, Vec<f64>)) {
    for track in tracks {
        report.track(track);
        match track.name {
            ORDER => report.figure("  to the browser's answer", median(&answered.0), "ns"),
            CHANGE => report.figure("  to the browser's answer", median(&answered.1), "ns"),
            _ => {}
        }
    }
    for (lane, name, unit, bound) in GOALS {
        if let Some(track) = tracks.iter().find(|t| t.name == lane) {
            let sure = bootstrap(&track.medians, &[], |all, _| median(all) / unit);
            report.goal(name, sure, Bound::AtMost(bound));
        }
    }
}

fn checks(
    report: &mut Report,
    runtime: &tokio::runtime::Runtime,
    (quick, seat): (&mut Seat, &mut Seat),
    (line, fleet, orders): (&Line, Fleet, usize),
) -> Result<(), Failed> {
    let signed_in = runtime.block_on(quick.is_signed_in())? && runtime.block_on(seat.is_signed_in())?;
    report.check("sessions stand; a sign-in with a forged signature was refused in each round", signed_in);
    let refused = runtime.block_on(line.refuses(seat, fleet.first()?))?;
    report.check("an order with a forged signature, or the hub's own, moves no lock", refused);
    let refused = runtime.block_on(fleet.refuses(seat))?;
    report.check("a change with a forged signature, none, or the hub's own is in force nowhere", refused);
    let put = fleet.put;
    report.check(format!("all controllers have cosigned the {put} changes"), fleet.have_cosigned(seat)?);
    // What a controller has recorded is sent in its own time.
    let all_sent = || seat.records(Code::OrderGiven).is_ok_and(|given| given >= orders);
    let _ = until("every order is on record at the hub", all_sent);
    report.check("each has the hub's very config log on its disk", fleet.stop(&seat.hub)?);
    let (given, lost) = (seat.records(Code::OrderGiven)?, seat.records(Code::OrderRefused)?);
    report.check(
        format!("{orders} orders obeyed, {given} on record, and 1 refused"),
        given == orders && lost == 1,
    );
    Ok(())
}
