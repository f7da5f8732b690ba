//! What the file may say, and what it is told when it may not.

use super::*;
use lockward_inputs::Rest;
use std::os::unix::fs::PermissionsExt;

const KEY: &str = "8f3a91c2d4e5b6071829aabbccddee01";
const GOOD: &str = r#"
    controller = "dock"
    folder = "store"
    hub = "hub.example:7443"
    [[bus]]
    name = "a"
    serial = "/dev/ttyS1"
    baud = 115200
    [[bus.device]]
    address = 0
    key_file = "reader-0.key"
    [[bus.device]]
    address = 1
    key_file = "reader-0.key"
    codes = "00cafe01"
    [building]
    power = "none"
    battery = "none"
    fire = "none"
    tamper = "none"
    [[door]]
    id = "dock-1"
    fails = "secure"
    reader = { bus = "a", address = 0, keypad = true }
    lock = { gpio = { chip = "/dev/gpiochip0", line = 17, active_low = false } }
    contact = { osdp = { bus = "a", address = 0, number = 0 }, active = "open" }
    exit = "none"
"#;
const BOARD: &str = "\n[[board]]\nname = \"io\"\ntcp = \"10.0.0.8:502\"\nunit = 1\nwatchdog = false\n";
const CONTACT: &str = "{ osdp = { bus = \"a\", address = 0, number = 0 }, active = \"open\" }";
const LOCK: &str = "{ gpio = { chip = \"/dev/gpiochip0\", line = 17, active_low = false } }";

fn parse_with_key(text: &str, key: &str, mode: u32) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    for name in ["reader-0.key", "reader-1.key", "board-100.key"] {
        let file = dir.path().join(name);
        std::fs::write(&file, key).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    Config::parse(text, &dir.path().join("door.toml"))
}

fn parse(text: &str) -> Config {
    parse_with_key(text, KEY, 0o600).unwrap_or_else(|e| panic!("{e}"))
}

fn complaint(text: &str) -> String {
    parse_with_key(text, KEY, 0o600).err().map(|e| e.to_string()).unwrap_or_default()
}

/// The file with another contact.
fn contact(wire: &str) -> String {
    GOOD.replace(CONTACT, wire) + BOARD
}

/// The file with more lines for its door.
fn with(lines: &str) -> String {
    format!("{GOOD}\n{lines}\n")
}

#[test]
fn a_whole_file_is_read() {
    let config = parse_with_key(GOOD, &format!("{KEY}\n"), 0o600).unwrap();
    assert_eq!(config.doors.len(), 1);
    assert_eq!(config.buses[0].devices[0].address, 0);
    assert_eq!(config.buses[0].devices[1].codes.as_deref(), Some(&[0x00, 0xca, 0xfe, 0x01][..]));
    assert_eq!(config.warnings(), Vec::<String>::new());
}

#[test]
fn the_examples_of_the_manual_are_sound() {
    let manual = include_str!("../../../../docs/OPERATING.md");
    // Those below the heading of the file; the others are of change files and statements.
    let manual =
        manual.split_once("### `door.toml`").unwrap().1.split_once("## What a reader tells").unwrap().0;
    let blocks: Vec<_> = manual.split("```toml\n").skip(1).filter_map(|b| b.split("```").next()).collect();
    let [file, bands, cabin] = blocks[..] else { panic!("{} examples", blocks.len()) };
    assert_eq!(parse(file).warnings(), Vec::<String>::new());
    let other = file.replace("supervised = \"1k+1k\"", bands.trim());
    assert!(other != file && parse(&other).doors[0].contact.is_some());
    let floor = |id: &str| {
        format!(
            "[[door]]\nid = \"{id}\"\nfails = \"secure\"\nlock = \"simulated\"\ncontact = \"none\"\nexit = \"none\"\n"
        )
    };
    let reader = "[[bus.device]]\naddress = 4\nkey_file = \"reader-1.key\"\n[[board]]";
    let lift = file.replacen("[[board]]", reader, 1) + &floor("first") + &floor("second") + cabin;
    assert_eq!(parse(&lift).cabins[0].floors, [1, 2]);
}

#[test]
fn what_matters_has_no_default() {
    for (line, name) in [
        ("fails = \"secure\"", "fails"),
        ("exit = \"none\"", "exit"),
        ("fire = \"none\"", "fire"),
        ("power = \"none\"", "power"),
        ("baud = 115200", "baud"),
    ] {
        assert!(complaint(&GOOD.replace(line, "")).contains(&format!("missing field `{name}`")), "{name}");
    }
    assert!(complaint(&GOOD.replace(", active = \"open\"", "")).contains("missing field `active`"));
}

#[test]
fn an_unknown_word_is_refused_and_named() {
    assert!(complaint(&GOOD.replace("baud =", "buad =")).contains("unknown field `buad`"));
    let found = complaint(&GOOD.replace("active = \"open\"", "activ = \"open\""));
    assert!(found.contains("door `dock-1`, `contact`: unknown field `activ`"), "{found}");
    assert!(complaint(&GOOD.replace("exit = \"none\"", "exit = \"nine\"")).contains("`nine` is no input"));
    assert!(complaint(&GOOD.replace("\"open\"", "\"ajar\"")).contains("unknown variant `ajar`"));
}

#[test]
fn a_default_key_is_refused() {
    let found = parse_with_key(GOOD, "303132333435363738393a3b3c3d3e3f", 0o600).err().unwrap().to_string();
    assert!(found.contains("OSDP_DEFAULT_KEY"), "{found}");
    assert!(!found.contains("3031"), "the key itself must not be shown");
}

#[test]
fn a_key_file_that_others_can_read_or_that_holds_no_key_is_refused() {
    let found = parse_with_key(GOOD, KEY, 0o644).err().unwrap().to_string();
    assert!(found.contains("chmod 600"), "{found}");
    for no_key in ["", "8f3a", "8f3a91c2d4e5b6071829aabbccddee0x", "8f3a91c2d4e5b6071829aabbccddee0101"] {
        let found = parse_with_key(GOOD, no_key, 0o600).err().unwrap().to_string();
        assert!(found.contains("32 hex digits"), "{found}");
    }
}

#[test]
fn a_wire_used_twice_is_refused() {
    let twice = |old: &str, new: &str| complaint(&GOOD.replace(old, new)).contains("in use twice");
    assert!(twice("exit = \"none\"", &format!("exit = {CONTACT}")));
    assert!(twice("fire = \"none\"", &format!("fire = {CONTACT}")), "across the building");
    let line = "{ gpio = { chip = \"/dev/gpiochip0\", line = 17, active_low = true }, active = \"open\" }";
    assert!(twice("exit = \"none\"", &format!("exit = {line}")), "in and out");
    let output = "{ osdp = { bus = \"a\", address = 1, number = 0 } }";
    let inside = "contact = { osdp = { bus = \"a\", address = 1, number = 0 }, active = \"open\" }";
    let both = GOOD.replace(LOCK, output).replace(&format!("contact = {CONTACT}"), inside);
    assert_eq!(complaint(&both), "", "a device counts its inputs and its outputs apart");
    let adc = "{ adc = { device = \"/iio\", channel = 1, full_scale = 9, supply = 9, pull_up = 9, \
               back = { channel = 1, ohms = 9 } }, supervised = \"1k+1k\", active = \"open\" }";
    assert!(twice(CONTACT, adc), "out and back");
}

#[test]
fn what_no_line_or_hub_can_be_is_refused() {
    assert!(complaint(&GOOD.replace("baud = 115200", "baud = 7")).contains("7 baud"));
    assert!(complaint(&GOOD.replace("hub.example:7443", "hub.example")).contains("address and port"));
    let far = GOOD.replace("address = 0,", "address = 200,").replace("address = 0\n", "address = 200\n");
    assert!(complaint(&far).contains("200 is no device's address"));
    assert!(
        complaint(&GOOD.replace("address = 1\n", "address = 0\n")).contains("two devices at one address")
    );
    let second = "[[bus]]\nname = \"b\"\nserial = \"/dev/ttyS1\"\nbaud = 9600\n";
    assert!(complaint(&with(second)).contains("a line that another bus is on"));
    for codes in ["00caf", "00ca", "00caxx"] {
        assert!(complaint(&GOOD.replace("00cafe01", codes)).contains("`codes` is"), "{codes}");
    }
}

#[test]
fn a_device_that_nobody_described_is_refused() {
    let other = GOOD.replace("reader = { bus = \"a\", address = 0,", "reader = { bus = \"a\", address = 5,");
    assert!(complaint(&other).contains("device 5 on bus `a`"));
    let board = contact("{ modbus = { board = \"oi\", input = 1 }, active = \"open\" }");
    assert!(complaint(&board).contains("board `oi`, which no [[board]] describes"));
}

#[test]
fn an_input_names_one_source_that_reads_it() {
    for wire in [
        "{ active = \"open\" }",
        "{ gpio = { chip = \"/c\", line = 1, active_low = true }, modbus = { board = \"io\", input = 1 }, active = \"open\" }",
    ] {
        assert!(complaint(&contact(wire)).contains("one of `gpio`, `osdp`, `modbus` and `adc`"), "{wire}");
    }
    let both = "{ modbus = { board = \"io\", input = 1, register = 2 }, active = \"open\" }";
    assert!(complaint(&contact(both)).contains("either `input`, or `register`"));
}

#[test]
fn a_gpio_input_may_say_which_resistor_of_its_chip_holds_it() {
    let wire = |bias: &str| {
        let gpio = format!("gpio = {{ chip = \"/c\", line = 1, active_low = true{bias} }}");
        GOOD.replace(CONTACT, &format!("{{ {gpio}, active = \"open\" }}"))
    };
    let found = |text: &str| match parse(&wire(text)).doors.remove(0).contact.unwrap().source {
        Source::Gpio { bias, .. } => bias,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(""), None);
    assert_eq!(found(", bias = \"pull-up\""), Some(Bias::PullUp));
    assert_eq!(found(", bias = \"pull-down\""), Some(Bias::PullDown));
    assert_eq!(found(", bias = \"disabled\""), Some(Bias::Disabled));
    assert!(complaint(&wire(", bias = \"up\"")).contains("`pull-up`"));
    let lock = LOCK.replace("active_low", "bias = \"pull-up\", active_low");
    assert!(complaint(&GOOD.replace(LOCK, &lock)).contains("bias"), "an output has none");
}

#[test]
fn supervision_is_for_sources_that_measure_resistance_and_they_are_never_without() {
    for source in [
        "gpio = { chip = \"/c\", line = 1, active_low = true }",
        "osdp = { bus = \"a\", address = 0, number = 0 }",
        "modbus = { board = \"io\", input = 1 }",
    ] {
        let wire = format!("{{ {source}, supervised = \"1k+1k\", active = \"open\" }}");
        assert!(complaint(&contact(&wire)).contains("measures resistance"), "{source}");
    }
    let register =
        "modbus = { board = \"io\", register = 2, full_scale = 4095, supply = 4000, pull_up = 1000 }";
    assert!(
        complaint(&contact(&format!("{{ {register}, active = \"open\" }}"))).contains("needs `supervised`")
    );

    let wire = format!("{{ {register}, supervised = \"2k2+8k2\", active = \"open\" }}");
    let found = parse(&contact(&wire)).doors.remove(0).contact.unwrap();
    assert_eq!(found.supervised, Some(lockward_inputs::Bands::series_2k2_across_8k2(Rest::Closed)));
    let wire = format!("{{ {register}, supervised = \"4k7\", active = \"open\" }}");
    assert!(complaint(&contact(&wire)).contains("`4k7` is unknown"));
    let bands = "{ short_to = 500, low = [700, 1300], high = [1250, 2600], cut_from = 6000, hysteresis = 5 }";
    let wire = format!("{{ {register}, supervised = {bands}, active = \"open\" }}");
    assert!(complaint(&contact(&wire)).contains("they overlap"));
    let wire = wire.replace("1250", "1600");
    assert!(parse(&contact(&wire)).doors[0].contact.as_ref().unwrap().supervised.is_some());
}

#[test]
fn a_device_tells_of_its_own_power_and_case_and_of_nothing_else() {
    let own = "{ device = { bus = \"a\", address = 1 } }";
    let text = GOOD.replace("power = \"none\"", &format!("power = {own}"));
    let text = text.replace("tamper = \"none\"", &format!("tamper = {own}"));
    assert_eq!(parse(&text).building.inputs().count(), 2);
    assert!(complaint(&text.replace("address = 1 } }", "address = 7 } }")).contains("device 7 on bus `a`"));
    assert!(
        complaint(&GOOD.replace("fire = \"none\"", &format!("fire = {own}")))
            .contains("unknown field `device`")
    );
}

#[test]
fn a_converter_of_this_machine_is_named_by_its_files() {
    let adc = "{ adc = { device = \"/sys/bus/iio/devices/iio:device0\", channel = 2, full_scale = 4095, \
               supply = 4000, pull_up = 1000, back = { channel = 3, ohms = 100 } }, supervised = \"1k+1k\", \
               active = \"closed\" }";
    let text = GOOD.replace(CONTACT, adc);
    let found = parse(&text).doors.remove(0).contact.unwrap();
    let Source::Adc { out, back, .. } = found.source else { panic!() };
    assert_eq!(out, Path::new("/sys/bus/iio/devices/iio:device0/in_voltage2_raw"));
    assert_eq!(back.as_deref(), Some(Path::new("/sys/bus/iio/devices/iio:device0/in_voltage3_raw")));
    assert_eq!(found.rest, Rest::Open);
    assert!(complaint(&text.replace("pull_up = 1000", "pull_up = 0")).contains("`pull_up` is 0"));
}

#[test]
fn a50_a_lock_on_the_reader_outside_is_refused_unless_that_is_accepted_and_then_told() {
    let outside = GOOD.replace(LOCK, "{ osdp = { bus = \"a\", address = 0, number = 0 } }");
    let found = complaint(&outside);
    assert!(found.contains("TOPOLOGY_UNSAFE") && found.contains("lock_outside = \"accepted\""), "{found}");
    let accepted = outside + "lock_outside = \"accepted\"\n";
    let warnings = parse(&accepted).warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("[TOPOLOGY_UNSAFE]"), "{warnings:?}");
    assert!(complaint(&accepted.replace("\"accepted\"", "\"yes\"")).contains("unknown variant `yes`"));
    assert!(complaint(&with("lock_outside = \"accepted\"")).contains("remove the line"));
    // Inside it is where it belongs.
    let inside = GOOD.replace(LOCK, "{ osdp = { bus = \"a\", address = 1, number = 0 } }")
        + "exit_reader = { bus = \"a\", address = 1, keypad = false }\n";
    assert_eq!(parse(&inside).warnings(), Vec::<String>::new());
}

#[test]
fn a_reader_serves_one_side_of_one_door() {
    let same = with("exit_reader = { bus = \"a\", address = 0, keypad = true }");
    assert!(complaint(&same).contains("serves another door already"));
    let config = parse(&with("exit_reader = { bus = \"a\", address = 1, keypad = false }"));
    let sides: Vec<_> = config.doors[0].readers().map(|(side, r)| (side, r.address)).collect();
    assert_eq!(sides, [(lockward_model::Side::Entry, 0), (lockward_model::Side::Exit, 1)]);
}

#[test]
fn a_lock_on_a_board_without_a_watchdog_is_told() {
    let coil = GOOD.replace(LOCK, "{ modbus = { board = \"io\", coil = 3 } }") + BOARD;
    let warnings = parse(&coil).warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("without a watchdog"), "{warnings:?}");
    let with_one = coil.replace("watchdog = false", "watchdog = true");
    assert_eq!(parse(&with_one).warnings(), Vec::<String>::new());
}

#[test]
fn modbus_and_osdp_share_no_line_and_boards_of_one_line_agree() {
    let serial = |name: &str, device: &str, unit: u8, baud: u32| {
        format!(
            "[[board]]\nname = \"{name}\"\nserial = \"{device}\"\nbaud = {baud}\nparity = \"even\"\nunit = {unit}\n\
             watchdog = true\n"
        )
    };
    assert!(complaint(&with(&serial("io", "/dev/ttyS1", 1, 19200))).contains("share no line"));
    let two =
        |unit, baud| with(&(serial("io", "/dev/ttyS2", 1, 19200) + &serial("ob", "/dev/ttyS2", unit, baud)));
    let used = |text: String| {
        let input = |board| format!("{{ modbus = {{ board = \"{board}\", input = 1 }}, active = \"open\" }}");
        text.replace(CONTACT, &input("io")).replace("exit = \"none\"", &format!("exit = {}", input("ob")))
    };
    assert_eq!(parse(&used(two(2, 19200))).boards.len(), 2);
    assert!(complaint(&two(2, 19200)).contains("has no inputs, registers or coils"));
    assert!(complaint(&used(two(2, 1200))).contains("one `baud`"));
    assert!(complaint(&used(two(248, 19200))).contains("unit 248"));
    assert!(complaint(&two(1, 19200)).contains("has unit 1"));
    assert!(complaint(&two(2, 9600)).contains("one `baud` and one `parity`"));
    let bare = serial("io", "/dev/ttyS2", 1, 19200).replace("parity = \"even\"\n", "");
    assert!(complaint(&with(&bare)).contains("give `baud` and `parity`"));
}

#[test]
fn a_cabin_gives_its_reader_to_its_floors_and_only_floors_have_buttons() {
    let floor = |id: &str, more: &str| {
        format!(
            "[[door]]\nid = \"{id}\"\nfails = \"secure\"\nlock = \"simulated\"\ncontact = \"none\"\nexit = \"none\"\n\
             {more}\n"
        )
    };
    let cabin = "[[cabin]]\nname = \"lift\"\nreader = { bus = \"a\", address = 1, keypad = true }\n\
                 floors = [\"first\", \"second\"]\n";
    let lift =
        |first: &str| with(&(floor("first", first) + &floor("second", "called = \"simulated\"") + cabin));
    let config = parse(&lift("button = \"simulated\""));
    assert_eq!(config.cabins[0].floors, [1, 2]);
    assert!(config.doors[1..].iter().all(|d| d.reader.as_ref() == Some(&config.cabins[0].reader)));
    assert!(config.doors[1].button.is_some() && config.doors[2].called.is_some());

    let own = lift("reader = { bus = \"a\", address = 0, keypad = true }");
    assert!(complaint(&own).contains("has a `reader` and is a floor"));
    assert!(complaint(&with("button = \"simulated\"")).contains("no [[cabin]] goes there"));
    assert!(
        complaint(&lift("").replace("\"second\"]", "\"third\"]")).contains("`third`, which is no [[door]]")
    );
    assert!(complaint(&lift("").replace("\"first\", \"second\"", "")).contains("has no floors"));
    let taken = lift("").replace("address = 1, keypad", "address = 0, keypad");
    assert!(complaint(&taken).contains("serves another door already"));
}
