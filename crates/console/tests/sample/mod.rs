//! One full set of views, for the gallery and for the tests. Every text goes through `say`, so that a test can put
//! its own into every field.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use lockward_console::*;

/// Turns a sample text into the text that is used.
pub(crate) type Say<'a> = &'a dyn Fn(&str) -> String;

fn at(say: Say, text: &str) -> Moment {
    Moment { text: say(text), iso: say(&format!("2026-11-22T{text}+01:00")) }
}

pub(crate) fn frame(say: Say, after: Option<u64>) -> Frame {
    Frame {
        site: say("Hafenstraße Fulfilment"),
        operator: Some(say("Mara Lindqvist")),
        sees: Sees::ALL,
        people_sign: true,
        banner: Some(Banner {
            tone: Tone::Info,
            text: say("Demonstration day: people, readers and locks are simulated."),
        }),
        bar: Bar { alarms: 3, lockdowns: vec![say("Warehouse")] },
        as_of: at(say, "14:02:31"),
        after,
    }
}

fn part(say: Say, word: &str, tone: Tone) -> Part {
    Part { word: say(word), tone }
}

fn card(say: Say, id: &str, name: &str, kind: &str, state: DoorState, source: &str) -> DoorCard {
    let (lock, contact) = match state {
        DoorState::Locked | DoorState::LockedDown => ("bolted", "closed"),
        DoorState::Released | DoorState::Unlocked => ("released", "closed"),
        DoorState::Open | DoorState::HeldOpen => ("released", "open"),
        DoorState::Forced => ("bolted", "open"),
        DoorState::Unknown => ("unknown", "unknown"),
    };
    DoorCard {
        id: say(id),
        name: say(name),
        kind: say(kind),
        state,
        source: say(source),
        since: Some(at(say, "13:57:10")),
        unconfirmed_since: None,
        lock: part(say, lock, Tone::Good),
        contact: part(say, contact, Tone::Good),
        reader: part(say, "secure channel", Tone::Good),
        noticed: Vec::new(),
    }
}

pub(crate) fn door_card_sample(say: Say) -> DoorCard {
    DoorCard {
        contact: part(say, "open for 74 s of 30 s", Tone::Warn),
        noticed: vec![(say("Request to exit"), part(say, "wire cut", Tone::Bad))],
        ..card(say, "dock-3", "Dock 3", "gate", DoorState::HeldOpen, "after a granted entry")
    }
}

pub(crate) fn compartment_sample(say: Say) -> Compartment {
    Compartment {
        id: say("locker-1"),
        label: say("L1"),
        state: DoorState::Locked,
        note: say("in use"),
        unconfirmed_since: Some(at(say, "13:41:07")),
    }
}

pub(crate) fn controller_sample(say: Say) -> ControllerRow {
    ControllerRow {
        id: say("ctl-yard"),
        name: say("Yard controller"),
        doors: 3,
        connected: false,
        heard: Some(at(say, "13:41:07")),
        applied: Some(11),
        current: 12,
    }
}

pub(crate) fn zones(say: Say) -> Vec<Zone> {
    use DoorState::{Forced, Locked, LockedDown, Open, Released, Unlocked};
    let yard = |id, name, kind| DoorCard {
        unconfirmed_since: Some(at(say, "13:41:07")),
        ..card(say, id, name, kind, Locked, "by default")
    };
    let cell = |n: usize, state, note: &str| Compartment {
        id: say(&format!("locker-{n}")),
        label: say(&format!("L{n}")),
        state,
        note: say(note),
        unconfirmed_since: None,
    };
    vec![
        Zone {
            id: say("front"),
            name: say("Front of house"),
            states: vec![],
            doors: vec![
                card(
                    say,
                    "main",
                    "Main entrance",
                    "entrance",
                    Unlocked,
                    "by schedule “Day shift” until 18:00",
                ),
                card(say, "staff", "Staff entrance", "entrance", Released, "for one passage"),
                card(say, "office", "Office", "room", Locked, "by default"),
                card(say, "meeting", "Meeting room", "room", Locked, "by default"),
            ],
            banks: vec![Bank {
                name: say("Lockers at the staff entrance"),
                compartments: (1..=8)
                    .map(|n| match n {
                        1 => compartment_sample(say),
                        4 => cell(n, Open, "in use"),
                        2 | 5 | 7 => cell(n, Locked, "free"),
                        _ => cell(n, Locked, "in use"),
                    })
                    .collect(),
            }],
        },
        Zone {
            id: say("warehouse"),
            name: say("Warehouse"),
            states: vec![ZoneState { word: say("locked down"), tone: Tone::Warn }],
            doors: vec![
                card(say, "hall-a", "Hall A", "entrance", Locked, "by schedule “Night” until 06:00"),
                card(say, "cage", "High-value cage", "cage", LockedDown, "by order of M. Lindqvist"),
                card(say, "server", "Server room", "room", Forced, "opened without a release"),
                card(say, "safe", "Cash safe", "safe", Locked, "by default"),
                door_card_sample(say),
            ],
            banks: vec![],
        },
        Zone {
            id: say("yard"),
            name: say("Yard"),
            states: vec![],
            doors: vec![
                yard("gate-n", "North gate", "gate"),
                yard("gate-s", "South gate", "gate"),
                card(
                    say,
                    "cabinet",
                    "Key cabinet",
                    "cabinet",
                    DoorState::Unknown,
                    "nothing was ever reported",
                ),
            ],
            banks: vec![],
        },
    ]
}

pub(crate) fn fleet(say: Say) -> Fleet {
    let ok = |id: &str, name: &str, doors| ControllerRow {
        id: say(id),
        name: say(name),
        doors,
        connected: true,
        heard: Some(at(say, "14:02:30")),
        applied: Some(12),
        current: 12,
    };
    let new = ControllerRow {
        connected: false,
        heard: None,
        applied: None,
        ..ok("ctl-new", "Annex controller", 0)
    };
    Fleet {
        config_size: 12,
        shown: true,
        controllers: vec![
            ok("ctl-front", "Front controller", 4),
            ok("ctl-hall", "Hall controller", 5),
            ok("ctl-lockers", "Locker controller", 8),
            controller_sample(say),
            new,
        ],
    }
}

pub(crate) fn event(say: Say, seq: u64) -> EventRow {
    let (tone, code, sentence, reason) = match seq % 6 {
        0 => (Tone::Bad, "DOOR_FORCED", "Forced open", Some("the contact opened without a release")),
        1 => (Tone::Warn, "DENIED_SCHEDULE", "Refused", Some("outside “Day shift”; nothing else permits")),
        2 => (Tone::Info, "EXIT_REQUEST", "Exit", None),
        _ => (Tone::Good, "GRANTED", "Entry granted", Some("card, by rule “Pickers to halls”")),
    };
    let people =
        [("p1", "Ada Okafor"), ("p2", "Tomasz Wiśniewski"), ("p3", "Nour El-Amin"), ("p4", "Jun Tanaka")];
    let doors = [("hall-a", "Hall A"), ("staff", "Staff entrance"), ("dock-3", "Dock 3")];
    let door = doors[usize::try_from(seq).unwrap() % doors.len()];
    let person = people[usize::try_from(seq).unwrap() % people.len()];
    let named = tone == Tone::Good || tone == Tone::Warn;
    EventRow {
        seq,
        time: at(say, &format!("14:{:02}:{:02}", seq / 7 % 60, seq * 11 % 60)),
        code: say(code),
        sentence: say(sentence),
        reason: reason.map(say),
        door: Some(Link::door(&say(door.0), say(door.1))),
        person: named.then(|| Link::person(&say(person.0), say(person.1))),
        tone,
        late: seq.is_multiple_of(5),
    }
}

fn events(say: Say, count: u64) -> Vec<EventRow> {
    (0..count).map(|n| event(say, 48_211 - n)).collect()
}

pub(crate) fn overview_view(say: Say) -> OverviewView {
    OverviewView {
        frame: frame(say, Some(48_211)),
        zones: zones(say),
        fleet: fleet(say),
        events: events(say, 24),
    }
}

pub(crate) fn door_view(say: Say) -> DoorView {
    let fact = |name: &str, value: &str| Fact { name: say(name), value: say(value) };
    DoorView {
        frame: frame(say, Some(48_211)),
        card: door_card_sample(say),
        from_zone: say("Yard"),
        to_zone: say("Warehouse"),
        controller: say("Hall controller"),
        facts: vec![
            fact("Asks for", "card; card and PIN from 18:00 to 06:00"),
            fact("Released for", "5 s"),
            fact("Held open after", "30 s"),
            fact("Without power it is", "locked from outside, free from inside"),
            fact("Configuration", "change 12, applied 0.4 s after it was signed"),
        ],
        next: vec![
            Transition { at: at(say, "18:00:00"), what: say("card and PIN instead of card") },
            Transition { at: at(say, "06:00:00"), what: say("card alone") },
        ],
        orders: Orders { unlock: true, hold: true, release: true, signer: true, apart: true },
        may_enter: MayEnter {
            people: 84,
            of: 200,
            via: vec![
                Via { group: say("Pickers"), people: 72, when: say("Day shift") },
                Via { group: say("Security"), people: 12, when: say("any time") },
            ],
        },
        events: events(say, 12)
            .into_iter()
            .map(|row| EventRow { door: Some(Link::door(&say("dock-3"), say("Dock 3"))), ..row })
            .collect(),
    }
}

pub(crate) fn person_view(say: Say, name: Name) -> PersonView {
    let access = |id: &str, door: &str, zone: &str, when: &str, rule: &str| DoorAccess {
        door: Link::door(&say(id), say(door)),
        zone: say(zone),
        when: say(when),
        rule: say(rule),
    };
    PersonView {
        frame: frame(say, Some(48_211)),
        may_invite: true,
        may_cut_off: true,
        id: say("p1"),
        name,
        standing: Standing::Active,
        groups: vec![say("Pickers"), say("First aiders")],
        credentials: vec![
            CredentialRow {
                phone: None,
                kind: say("Card"),
                validity: say("until 31 March 2027"),
                tone: Tone::Good,
            },
            CredentialRow {
                phone: Some(say("phone-1a2b")),
                kind: say("Phone"),
                validity: say("no end"),
                tone: Tone::Good,
            },
            CredentialRow { phone: None, kind: say("PIN"), validity: say("no end"), tone: Tone::Good },
            CredentialRow {
                phone: None,
                kind: say("Card"),
                validity: say("reported lost 3 May 2026"),
                tone: Tone::Bad,
            },
        ],
        doors: vec![
            access("main", "Main entrance", "Front of house", "Day shift", "Everybody in the day"),
            access("staff", "Staff entrance", "Front of house", "any time", "Staff"),
            access("hall-a", "Hall A", "Warehouse", "Day shift", "Pickers to halls"),
            access("dock-3", "Dock 3", "Warehouse", "Day shift", "Pickers to halls"),
        ],
        doors_total: 20,
        events: events(say, 10).into_iter().filter(|row| row.person.is_some()).collect(),
    }
}

pub(crate) fn people_view(say: Say) -> PeopleView {
    let row = |id: &str, name: Name, standing, groups: &[&str], seen: bool| PersonRow {
        id: say(id),
        name,
        standing,
        groups: groups.iter().map(|g| say(g)).collect(),
        seen: seen.then(|| (at(say, "13:58:02"), Link::door(&say("hall-a"), say("Hall A")))),
    };
    let known = |name: &str| Name::Known(say(name));
    PeopleView {
        frame: frame(say, None),
        query: say("pick"),
        rows: vec![
            row("p1", known("Ada Okafor"), Standing::Active, &["Pickers", "First aiders"], true),
            row("p2", known("Tomasz Wiśniewski"), Standing::Active, &["Pickers"], true),
            row("p3", known("Nour El-Amin"), Standing::Suspended, &["Pickers"], false),
            row("p4", Name::Erased, Standing::Ended, &[], false),
            row("p5", known("Jun Tanaka"), Standing::Active, &["Pickers", "Forklift", "Security"], true),
        ],
        matched: 72,
        total: 200,
        next: Some(say("p5")),
    }
}

pub(crate) fn log_view(say: Say) -> LogView {
    let word = |name: &str, size: Option<u64>| Cosignature {
        witness: say(name),
        size,
        at: size.map(|_| at(say, "14:01:58")),
    };
    let panel = |title: &str, entry: (&str, &str), size, cosignatures| LogPanel {
        title: say(title),
        entry: (say(entry.0), say(entry.1)),
        size,
        root: say("9mKDkXl4pQ3hWbT6gZ0b1Tn0n4oT0m1cNq1y0QmZ5eA="),
        signed_at: at(say, "14:01:57"),
        checkpoint: say(&format!(
            "hafenstrasse.example/{title}\n{size}\n9mKDkXl4pQ3hWbT6gZ0b1Tn0n4oT0m1cNq1y0QmZ5eA=\n\n— hafenstrasse.example/{title} \
             Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        )),
        cosignatures,
        verify_command: say("lockward log verify https://lockward.hafenstrasse.example"),
    };
    LogView {
        frame: frame(say, None),
        logs: vec![
            panel(
                "config",
                ("change", "changes"),
                12,
                vec![
                    word("Front controller", Some(12)),
                    word("Hall controller", Some(12)),
                    word("Locker controller", Some(12)),
                    word("Yard controller", Some(11)),
                    word("Annex controller", None),
                ],
            ),
            panel(
                "events",
                ("event", "events"),
                48_211,
                vec![
                    word("Front controller", Some(48_211)),
                    word("Hall controller", Some(48_102)),
                    word("Yard controller", Some(40_000)),
                ],
            ),
        ],
    }
}

fn alarm(say: Say, times: u64, cleared: bool) -> AlarmRow {
    AlarmRow {
        sentence: say("Door forced open"),
        code: say("DOOR_FORCED"),
        door: Some(Link::door(&say("server"), say("Server room"))),
        place: Some(say("Hall controller")),
        since: at(say, "13:57:10"),
        last: at(say, "14:01:12"),
        times,
        instruction: say("Look at the door: nobody was let through it."),
        cleared: cleared.then(|| at(say, "14:02:00")),
    }
}

pub(crate) fn alarms_view(say: Say) -> AlarmsView {
    AlarmsView {
        frame: frame(say, Some(48_211)),
        standing: vec![alarm(say, 14, false), AlarmRow { door: None, ..alarm(say, 1, false) }],
        total: 3,
        cleared: vec![alarm(say, 1, true)],
        reading: false,
    }
}

pub(crate) fn muster_view(say: Say) -> MusterView {
    let present = |id: &str, name: &str, doubt: Option<&str>| Present {
        person: Link::person(&say(id), say(name)),
        since: at(say, "08:57:10"),
        by: Some(Link::door(&say("hall-a"), say("Hall A"))),
        doubt: doubt.map(say),
    };
    MusterView {
        frame: frame(say, Some(48_211)),
        zones: vec![
            MusterZone {
                name: say("Front of house"),
                known: 1,
                unsure: 0,
                most: None,
                people: vec![present("p1", "Ada Okafor", None)],
            },
            MusterZone {
                name: say("Warehouse"),
                known: 1,
                unsure: 1,
                most: Some(2),
                people: vec![
                    present("p2", "Tomasz Wiśniewski", None),
                    present("p3", "Nour El-Amin", Some("somebody left at 13:40 whom no door could name")),
                ],
            },
        ],
        inside: 3,
        unknown: Some(Unknown {
            people: vec![Missing {
                person: Link::person(&say("p5"), say("Jun Tanaka")),
                why: say("what was known was forgiven"),
            }],
            never_seen: 140,
        }),
        reading: true,
    }
}

fn one_door(say: Say) -> Doors {
    Doors { shown: vec![Link::door("gate", say("North gate"))], more: 0 }
}

pub(crate) fn zones_view(say: Say) -> ZonesView {
    ZonesView {
        frame: frame(say, Some(48_211)),
        zones: vec![ZoneRow {
            name: say("Warehouse"),
            within: Some(say("Site")),
            states: vec![
                ZoneState { word: say("locked down"), tone: Tone::Warn },
                ZoneState { word: say("threat level 3 of 4"), tone: Tone::Warn },
            ],
            facts: vec![Fact { name: say("Most people"), value: say("2") }],
            lockdown: LockdownPreview {
                since: Some(at(say, "07:55:04")),
                doors: Doors {
                    shown: vec![Link::door("gate", say("North gate")), Link::door("dock-1", say("Dock 1"))],
                    more: 22,
                },
                unlocked: vec![(one_door(say), say("by a schedule"))],
                still: Still::These(vec![StillOpens {
                    doors: one_door(say),
                    people: vec![StillEnters {
                        person: Link::person("p-7", say("Grace Hopper")),
                        how: say("card and PIN, by policy guards"),
                    }],
                    more: 3,
                }]),
                buttons: one_door(say),
            },
        }],
    }
}

pub(crate) fn error_view(say: Say, fault: Fault, signed_in: bool) -> ErrorView {
    ErrorView {
        frame: signed_in.then(|| frame(say, None)),
        fault,
        code: say("DOOR_UNKNOWN"),
        detail: Some(say("no door `dock-33` on this site; see the overview for all doors")),
    }
}

/// Every page, with the path that it would have on a hub.
fn session(say: Say, current: bool) -> SessionRow {
    SessionRow {
        handle: say("5d0b3c9e21aa47f0"),
        opened: at(say, "08:12:05"),
        seen: at(say, "14:02:30"),
        from: say("192.0.2.17"),
        browser: say("Chromium on Linux"),
        with: (!current).then_some("password"),
        current,
    }
}

fn me_view(say: Say) -> MeView {
    let key = |title: &str, origin: Option<&str>, current: bool| KeyRow {
        title: say(title),
        id: say("9f86d081884c7d65"),
        origin: origin.map(say),
        signers: origin == Some("http://localhost:7447"),
        used: current.then(|| at(say, "08:12:05")),
        current,
        removable: origin.is_some() && !current,
    };
    MeView {
        frame: frame(say, Some(48_211)),
        title: say("Mara Lindqvist"),
        roles: vec![say("owner"), say("guard")],
        until: Some(at(say, "18:00:00")),
        keys: vec![
            key("blue security key", Some("https://hub.example:8443"), true),
            key("key in the drawer", Some("https://hub.example:8443"), false),
            key("signing key", Some("http://localhost:7447"), false),
            key("laptop", None, false),
        ],
        sessions: vec![session(say, true), session(say, false)],
        may_add: true,
        drafts: true,
        elsewhere: None,
        ways: OwnWays {
            may_password: true,
            may_openid: Some(say("login.example")),
            password: true,
            codes: Some(8),
            changed: Some(at(say, "08:12:05")),
            held: Some(at(say, "18:00:00")),
            accounts: vec![AccountRow {
                issuer: say("https://login.example"),
                subject: say("248289761001"),
                bound: at(say, "08:12:05"),
                used: Some(at(say, "14:02:30")),
            }],
        },
    }
}

fn ways_in(say: Say) -> WaysIn {
    WaysIn { password: true, openid: Some(say("login.example")) }
}

fn code_app_view(say: Say) -> CodeApp {
    CodeApp {
        action: "/me/code/finish",
        enrolment: say("0123456789abcdef"),
        outline: "M4 4h7v1h-7zM4 5h1v1h-1zM10 5h1v1h-1zM4 6h1v1h-1zM6 6h3v3h-3z".into(),
        width: 45,
        secret: say("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"),
        wrong: true,
        touch: true,
    }
}

fn operators_view(say: Say) -> OperatorsView {
    let row = |id: &str, title: &str, roles: &[&str], holds: bool| OperatorRow {
        id: say(id),
        title: say(title),
        roles: roles.iter().map(|r| say(r)).collect(),
        until: (!holds).then(|| at(say, "18:00:00")),
        holds,
        passkeys: 2,
        files: 1,
        sessions: if holds { vec![session(say, false)] } else { vec![] },
    };
    OperatorsView {
        frame: frame(say, Some(48_211)),
        rows: vec![
            row("mara", "Mara Lindqvist", &["owner"], true),
            row("theo", "Theo Example", &["guard", "people"], true),
            row("wim", "Wim the installer", &["installer"], false),
        ],
        may_invite: true,
        invited: Some((say("Theo Example"), say("https://hub.example:8443/set-up#key=0123456789abcdef"))),
        hardened: false,
    }
}

fn services_view(say: Say) -> ServicesView {
    let key = |label: &str, scope: &str, ended: bool| ApiKeyLine {
        id: say("k7f3q2m5xa"),
        label: say(label),
        // Without a scope there is none to tell.
        scope: if scope.is_empty() { String::new() } else { say(scope) },
        ends: at(say, "18:00:00"),
        ended,
        used: (!ended).then(|| (say("2026-11-22"), say("192.0.2.7"))),
    };
    let row = |id: &str, holds: bool, keys: Vec<ApiKeyLine>| ServiceRow {
        id: say(id),
        key: say("1d17fe2d7b8404b5"),
        until: (!holds).then(|| at(say, "12:00:00")),
        holds,
        keys,
    };
    let keys = vec![key("dock terminal", "read:site order:unlock", false), key("old terminal", "", true)];
    ServicesView {
        frame: frame(say, Some(48_211)),
        rows: vec![row("wms", true, keys), row("pms", true, vec![]), row("hr-import", false, vec![])],
        may_make: true,
        made: Some(MadeKey {
            service: say("wms"),
            text: say("lw_k7f3q2m5xa_d7hkiuh5wo3wnv26wckc7ngc2wpmj4vwnsu6kn6zrqoll5zpblzazh4z27w"),
            ends: at(say, "18:00:00"),
            old_ends: Some(at(say, "12:00:00")),
        }),
        wrong: None,
        days_max: 366,
    }
}

fn draft_page(say: Say, apart: bool) -> DraftPage {
    let statement = |id: &str, word, tone, why: Option<&str>| StatementRow {
        id: say(id),
        says: say("nobody enters zone `vault` without a card and a PIN"),
        word,
        tone,
        why: why.map(say),
    };
    DraftPage {
        frame: frame(say, Some(48_211)),
        id: "7c1d09aa".to_owned(),
        reason: Some(say("night shift")),
        by: say("Mara Lindqvist"),
        drafted: at(say, "09:12:00"),
        changes: 2,
        told: say("+ rule `night` for group `night-shift`"),
        schedules: say("night: opens Mon 22:00"),
        access: say("vault: + 3 people"),
        remarks: vec![
            (Tone::Bad, say("the vault opens with a card alone")),
            (Tone::Info, say("more people")),
        ],
        statements: Some(StatementsView {
            rows: vec![
                statement(
                    "two",
                    "broken by this change",
                    Tone::Bad,
                    Some("p7 enters door `vault` with a card"),
                ),
                statement("three", "proved", Tone::Good, None),
            ],
            of: 3,
            done: !apart,
            failed: None,
        }),
        second: true,
        apart,
        or_second: apart,
        signer: apart,
        signed: vec![say("Jo Weber")],
        overtaken: false,
        own: true,
        signing: Signing::Passkey,
    }
}

fn my_view(say: Say) -> MyView {
    let door = |id: &str, title: &str, why| MyDoor { id: id.to_owned(), title: say(title), why };
    MyView {
        site: say("Hafenstraße Fulfilment"),
        doors: vec![
            door("north", "North gate", None),
            door("office", "Office, ground floor", None),
            door("cold", "Cold store", Some("Not at this time.")),
        ],
        phones: vec![
            MyPhone { id: "phone-1a2b3c4d5e6f".to_owned(), current: true },
            MyPhone { id: "phone-9f8e7d6c5b4a".to_owned(), current: false },
        ],
        lost: None,
        elsewhere: None,
    }
}

fn phone_invite_view(say: Say) -> PhoneInvite {
    PhoneInvite {
        frame: frame(say, None),
        id: "p1".to_owned(),
        name: Name::Known(say("Ada Okafor")),
        link: say("https://hub.example:8443/my/join#key=5f1e"),
        qr: Some((29, "M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM14 14h1v1h-1z".to_owned())),
        minutes: 60,
        people_sign: true,
    }
}

fn cut_off(say: Say) -> CutOff {
    CutOff { at: 812, there: 4, of: 5, took_ms: 180, missing: vec![say("Cold store")] }
}

/// To whom the signer answers is no text: it reads the address itself, and refuses what is none.
fn back(say: Say) -> Back {
    Back {
        url: "/changes/0a/signed".into(),
        origin: say("https://hub.example:8443"),
        ticket: say("9f86d081"),
    }
}

fn sign_view(say: Say) -> SignView {
    SignView {
        title: say("2 changes of a site"),
        facts: vec![("Site", say("9f86d081884c7d65")), ("Reason", say("The night shift may use the dock"))],
        lines: vec![say("group night: title \"Night shift\""), say("rule old: removed")],
        challenge: say("n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"),
        keys: say("AQID"),
        back: back(say),
    }
}

fn make_view(say: Say, back: Option<Back>) -> MakeView {
    MakeView {
        operator: say("mara"),
        title: say("Mara Lindqvist"),
        handle: say("AQID"),
        keys: say(""),
        challenge: say("n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"),
        back,
    }
}

pub(crate) fn pages(say: Say) -> Vec<(&'static str, String)> {
    let erased = PersonView {
        standing: Standing::Ended,
        groups: vec![],
        credentials: vec![],
        doors: vec![],
        events: vec![],
        ..person_view(say, Name::Erased)
    };
    vec![
        ("/", overview(&overview_view(say))),
        ("/doors/dock-3", door(&door_view(say))),
        ("/alarms", alarms(&alarms_view(say))),
        ("/muster", muster(&muster_view(say))),
        ("/zones", lockward_console::zones(&zones_view(say))),
        ("/people", people(&people_view(say))),
        ("/people/p1", person(&person_view(say, Name::Known(say("Ada Okafor"))))),
        ("/people/p4", person(&erased)),
        ("/log", log(&log_view(say))),
        ("/errors/404", error(&error_view(say, Fault::NotFound, true))),
        ("/errors/403", error(&error_view(say, Fault::Forbidden, true))),
        ("/errors/500", error(&error_view(say, Fault::Failed, false))),
        ("/sign-in", sign_in(Invited::Plainly, None, &WaysIn::default())),
        ("/sign-in-expired", sign_in(Invited::Expired, None, &WaysIn::default())),
        (
            "/sign-in-elsewhere",
            sign_in(Invited::Registered, Some(&say("https://hub.example:8443")), &WaysIn::default()),
        ),
        ("/set-up", set_up(None, &WaysIn::default(), None)),
        ("/set-up-elsewhere", set_up(Some(&say("https://hub.example:8443")), &WaysIn::default(), None)),
        ("/signer", signer_home()),
        ("/signer/sign", signer_sign(&sign_view(say))),
        ("/signer/make", signer_make(&make_view(say, Some(back(say))))),
        ("/signer/make-alone", signer_make(&make_view(say, None))),
        (
            "/signer/record",
            signer_record(&say("[[operator_key]]\noperator = \"mara\""), &say("9f86d081884c7d65")),
        ),
        ("/signer/refused", signer_refused(&say("this did not come from a page that you look at"))),
        (
            "/returned",
            returned(&say("The door is released."), &say("You signed the order."), "/doors/dock-3"),
        ),
        ("/me", me(&me_view(say), None)),
        (
            "/me-hardened",
            me(&MeView { may_add: false, keys: vec![], ways: OwnWays::default(), ..me_view(say) }, None),
        ),
        ("/me-wrong", me(&me_view(say), Some(&say("a password has 12 characters or more")))),
        ("/sign-in-ways", sign_in(Invited::Wrong, None, &ways_in(say))),
        ("/sign-in-begun", sign_in(Invited::TooManyBegun, None, &ways_in(say))),
        ("/set-up-ways", set_up(None, &ways_in(say), Some(&say("a password has 12 characters or more")))),
        ("/code-app", code_app(&code_app_view(say))),
        (
            "/recovery-codes",
            recovery_codes(&["ABCD-EFGH-2345-6723-MNOP-QRST"; 10].map(say), "/me", "To your keys"),
        ),
        ("/second-factor", second_factor(&say("login.example"), true, true)),
        ("/operators", operators(&operators_view(say))),
        ("/services", services(&services_view(say))),
        ("/changes/7c1d09aa", draft(&draft_page(say, false))),
        ("/changes/7c1d09aa-apart", draft(&draft_page(say, true))),
        (
            "/services-wrong",
            services(&ServicesView { made: None, wrong: Some(say("no such service")), ..services_view(say) }),
        ),
        ("/my", my(&my_view(say))),
        (
            "/my-none",
            my(&MyView { doors: vec![], elsewhere: Some(say("https://hub.example:8443")), ..my_view(say) }),
        ),
        ("/my/sign-in", my_sign_in("waits", None)),
        ("/my/join", my_join(None)),
        ("/people/p1/phones/invite", phone_invite(&phone_invite_view(say))),
        (
            "/people/p1/phones/lost",
            phone_lost(&frame(say, None), "p1", &Name::Known(say("Ada Okafor")), &cut_off(say)),
        ),
    ]
}
