//! What every page must be, whatever text the site's data holds: inert, well formed, and pointing nowhere else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod html;
mod sample;

use std::collections::HashSet;

use html::{Tag, read};
use lockward_console::*;
use proptest::prelude::*;
use sample::Say;

fn plain(text: &str) -> String {
    text.to_owned()
}

fn fragments(say: Say) -> Vec<(&'static str, String)> {
    vec![
        ("feed", event_row(&sample::event(say, 48_205))),
        ("feed, refused", event_row(&sample::event(say, 48_211))),
        ("door", door_card(&sample::door_card_sample(say))),
        ("compartment", compartment(&sample::compartment_sample(say))),
        ("controller", controller_row(&sample::controller_sample(say))),
        ("bar", bar(&sample::frame(say, None).bar)),
        ("summary", summary(&sample::zones(say), &sample::fleet(say))),
    ]
}

fn all(say: Say) -> Vec<(&'static str, String)> {
    let mut all = sample::pages(say);
    all.extend(fragments(say));
    all
}

fn tags(html: &str) -> Vec<Tag> {
    read(html).unwrap().tags
}

/// Texts that try to become markup, to end a stream's line, or to hide.
fn hostile() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "\" style=\"position:fixed",
        "</title></main><iframe src=//evil.example>",
        "javascript:alert(1)",
        "//evil.example/",
        "../../../sign-out",
        "line one\r\ndata: forged\r\n\r\nevent: door",
        "<!--",
        "]]>",
        "&lt;script&gt;",
        "\u{202e}drawkcab\u{0}",
    ])
    .prop_map(str::to_owned);
    prop_oneof![known.clone(), ".{1,40}", (".{0,8}", known, ".{0,8}").prop_map(|(a, b, c)| a + &b + &c)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The tags and attributes of a page are those of the template: no text adds, ends or renames one.
    #[test]
    fn no_text_in_any_field_becomes_markup(text in hostile()) {
        let said = |_: &str| text.clone();
        for ((name, evil), (_, good)) in all(&said).into_iter().zip(all(&plain)) {
            let (evil, good) = (read(&evil), read(&good));
            let evil = evil.map_err(|e| TestCaseError::fail(format!("{name}: {e}")))?;
            prop_assert_eq!(evil.skeleton(), good.unwrap().skeleton(), "{}", name);
        }
    }

    #[test]
    fn no_text_in_any_field_leads_elsewhere(text in hostile()) {
        let said = |_: &str| text.clone();
        for (name, page) in all(&said) {
            for tag in tags(&page) {
                for key in ["href", "src", "action", "data-src"] {
                    let Some(to) = tag.get(key) else { continue };
                    let here = to.starts_with('/') && !to.starts_with("//") || to.starts_with('#');
                    prop_assert!(here, "{}: {}", name, to);
                    prop_assert!(to.split('/').all(|part| part != "." && part != ".."), "{}: {}", name, to);
                }
            }
        }
    }

    #[test]
    fn no_text_in_any_field_ends_the_line_of_an_event_stream(text in hostile()) {
        let said = |_: &str| text.clone();
        for (name, fragment) in fragments(&said) {
            prop_assert!(!fragment.contains(['\n', '\r']), "{}", name);
        }
    }
}

#[test]
fn every_page_has_language_title_viewport_and_one_heading() {
    for (path, page) in sample::pages(&plain) {
        assert!(page.starts_with("<!doctype html>"), "{path}");
        let tags = tags(&page);
        let has = |name: &str, key: &str, value: &str| {
            tags.iter().any(|t| t.name == name && t.get(key) == Some(value))
        };
        assert!(has("html", "lang", "en"), "{path}");
        assert!(has("meta", "name", "viewport"), "{path}");
        assert!(has("meta", "charset", "utf-8"), "{path}");
        for once in ["title", "h1", "main"] {
            assert_eq!(tags.iter().filter(|t| t.name == once).count(), 1, "{path}: {once}");
        }
    }
}

#[test]
fn no_page_needs_what_the_content_policy_refuses() {
    for (path, page) in all(&plain) {
        for tag in tags(&page) {
            assert_ne!(tag.name, "style", "{path}");
            let ours = tag.get("src").is_some_and(|src| {
                ["/assets/app.js", "/assets/passkey.js", "/assets/my.js", "/assets/signer.js"].contains(&src)
            });
            assert!(tag.name != "script" || ours, "{path}");
            for (key, _) in &tag.attributes {
                assert!(key != "style" && !key.starts_with("on"), "{path}: {key}");
            }
        }
    }
    assert!(!APP_CSS.contains("url(") && !APP_CSS.contains("@import"));
    assert!(!MY_CSS.contains("url(") && !MY_CSS.contains("@import"));
    for script in [APP_JS, PASSKEY_JS, MY_JS, SIGNER_JS] {
        assert!(!script.contains("eval") && !script.contains("innerHTML") && !script.contains(".style"));
        assert!(script.lines().count() < 220);
    }
    assert!(!CSP.contains("unsafe") && CSP.starts_with("default-src 'none'"));
}

#[test]
fn ids_are_unique_and_labels_point_at_something() {
    for (path, page) in sample::pages(&plain) {
        let tags = tags(&page);
        let mut ids = HashSet::new();
        for id in tags.iter().filter_map(|t| t.get("id")) {
            assert!(ids.insert(id), "{path}: `{id}` twice");
        }
        for tag in &tags {
            let refers = [
                tag.get("for"),
                tag.get("aria-labelledby"),
                tag.get("href").and_then(|h| h.strip_prefix('#')),
            ];
            for id in refers.into_iter().flatten() {
                assert!(ids.contains(id), "{path}: nothing is `{id}`");
            }
        }
    }
}

#[test]
fn every_fragment_carries_the_id_that_the_overview_knows() {
    let page = overview(&sample::overview_view(&plain));
    let ids: Vec<String> = tags(&page).iter().filter_map(|t| t.get("id").map(str::to_owned)).collect();
    for (name, fragment) in fragments(&plain) {
        let first = tags(&fragment)[0].get("id").unwrap().to_owned();
        assert!(ids.contains(&first), "{name}: `{first}`");
    }
    assert!(summary(&sample::zones(&plain), &sample::fleet(&plain)).contains("id=\"tally-warehouse\""));
}

#[test]
fn counts_stand_against_their_denominator() {
    let text = summary(&sample::zones(&plain), &sample::fleet(&plain));
    for said in [
        "<b>5</b> of 12 secure",
        "<b>6</b> of 8 secure",
        "<b>3</b> of 5 connected",
        "<b>3</b> of 5 at change 12",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn given_a_controller_is_gone_then_its_doors_are_not_counted_as_secure() {
    let mut zones = sample::zones(&plain);
    let before = summary(&zones, &sample::fleet(&plain));
    assert!(before.contains("<b>5</b> of 12 secure"));
    let hall = zones[1].doors.iter_mut().find(|card| card.id == "hall-a").unwrap();
    assert_eq!(hall.state, DoorState::Locked);
    hall.unconfirmed_since = Some(Moment { text: plain("13:59:00"), iso: plain("2026-11-22T13:59:00Z") });
    let after = summary(&zones, &sample::fleet(&plain));
    assert!(after.contains("<b>4</b> of 12 secure"));
    assert!(after.contains("not confirmed"));
}

#[test]
fn given_a_dead_reader_then_its_door_needs_attention_though_locked() {
    let zones = |tone| {
        let mut zones = sample::zones(&plain);
        zones[1].doors.retain(|card| card.id == "hall-a");
        zones[1].doors[0].reader = Part { word: plain("no answer"), tone };
        vec![zones.remove(1)]
    };
    let fleet = sample::fleet(&plain);
    assert!(summary(&zones(Tone::Bad), &fleet).contains("Reader: no answer"));
    assert!(summary(&zones(Tone::Good), &fleet).contains("No door needs attention"));
}

#[test]
fn exceptions_come_first() {
    let page = overview(&sample::overview_view(&plain));
    let at = |needle: &str| page.find(needle).unwrap_or_else(|| panic!("no `{needle}`"));
    assert!(at("Needs attention") < at("id=\"doors\""));
    // Alarms before warnings in the summary; in a zone, doors that need attention before the others.
    assert!(at("Forced open") < at("Held open"));
    assert!(at("id=\"door-server\"") < at("id=\"door-hall-a\""));
    assert!(at("id=\"door-dock-3\"") < at("id=\"door-hall-a\""));
}

#[test]
fn given_many_exceptions_then_the_summary_says_how_many_it_leaves_out() {
    let mut zones = sample::zones(&plain);
    let forced = |n: usize| DoorCard {
        id: format!("more-{n}"),
        state: DoorState::Forced,
        ..sample::door_card_sample(&plain)
    };
    zones[0].doors.extend((0..40).map(forced));
    let text = summary(&zones, &sample::fleet(&plain));
    assert!(text.contains("and 36 more"), "6 and 40, less the 10 that are listed");
    assert!(text.contains("of 52 secure"));
}

#[test]
fn a_page_that_is_not_live_says_so_and_opens_no_stream() {
    let page = people(&sample::people_view(&plain));
    assert!(page.contains("Not live") && !page.contains("data-src"));
    let page = overview(&sample::overview_view(&plain));
    assert!(page.contains("data-src=\"/live\"") && page.contains("data-after=\"48211\""));
    // Before the script has heard a beat, even a live page claims nothing.
    assert!(page.contains("data-state=\"off\"") && !page.contains("data-state=\"live\""));
}

#[test]
fn late_events_are_marked_and_others_are_not() {
    let row = |late| event_row(&EventRow { late, ..sample::event(&plain, 1) });
    assert!(row(true).contains(">late<"));
    assert!(!row(false).contains(">late<"));
}

#[test]
fn no_tone_is_told_by_colour_alone() {
    for tone in [Tone::Good, Tone::Bad, Tone::Warn, Tone::Info] {
        let row = event_row(&EventRow { tone, ..sample::event(&plain, 1) });
        let word = ["in order", "alarm", "warning", "for information"]
            .into_iter()
            .filter(|word| row.contains(&format!("{word}: ")))
            .count();
        assert_eq!(word, 1, "{tone:?}");
        assert!(row.contains("<path d="));
    }
}

#[test]
fn an_erased_person_is_called_erased_in_title_and_heading() {
    let page = person(&sample::person_view(&plain, Name::Erased));
    assert!(page.contains("<h1><em>Erased person</em></h1>"));
    assert!(page.contains("<title>Erased person · "));
}

#[test]
fn a_visitor_without_a_session_learns_nothing_of_the_site() {
    let said = |text: &str| if text == "DOOR_UNKNOWN" { text.to_owned() } else { "of-the-site".to_owned() };
    let view = ErrorView { detail: None, ..sample::error_view(&said, Fault::Forbidden, false) };
    for page in [
        sign_in(Invited::Plainly, None, &WaysIn::default()),
        sign_in(Invited::Expired, None, &WaysIn { password: true, openid: None }),
        set_up(None, &WaysIn::default(), None),
        second_factor("login.example", false, true),
        error(&view),
    ] {
        assert!(!page.contains("of-the-site"));
        assert!(!page.contains("<nav") && !page.contains("app.js"));
    }
}

#[test]
fn error_pages_show_the_stable_code_and_know_their_status() {
    for (fault, status) in [(Fault::NotFound, 404), (Fault::Forbidden, 403), (Fault::Failed, 500)] {
        assert_eq!(fault.status(), status);
        for signed_in in [true, false] {
            assert!(error(&sample::error_view(&plain, fault, signed_in)).contains("DOOR_UNKNOWN"));
        }
    }
}

#[test]
fn pages_ask_only_for_assets_that_exist() {
    for (path, page) in sample::pages(&plain) {
        for tag in tags(&page) {
            let Some(file) = tag.get("src").or(tag.get("href")).filter(|to| to.starts_with("/assets/"))
            else {
                continue;
            };
            assert!(ASSETS.iter().any(|asset| asset.path == file), "{path}: {file}");
        }
    }
}

#[test]
fn no_template_switches_escaping_off() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut seen = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for off in ["|safe", "| safe", "|escape(", "| escape(", "{% filter", "{%- filter"] {
            assert!(!text.contains(off), "{}: {off}", path.display());
        }
        seen += 1;
    }
    assert!(seen > 10);
}
