//! What a state is called, how it is coloured and which sign stands beside it: never colour alone.

/// How good or bad a piece of news is. Always shown as sign and word too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Needs a person now.
    Bad,
    /// Needs a look.
    Warn,
    /// Neither.
    Info,
}

impl Tone {
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "in order",
            Self::Bad => "alarm",
            Self::Warn => "warning",
            Self::Info => "for information",
        }
    }

    pub(crate) fn icon(self) -> Icon {
        match self {
            Self::Good => Icon::Check,
            Self::Bad => Icon::Cross,
            Self::Warn => Icon::Alert,
            Self::Info => Icon::Info,
        }
    }
}

/// The signs that pages draw. Shapes differ, so that each is known without its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Alert,
    Check,
    Cross,
    Info,
    Lock,
    Open,
    Question,
    Shield,
    Unlock,
}

impl Icon {
    /// The strokes, on a field of 24 by 24.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.8 20h18.4zM12 10v4.5M12 17.2v.3",
            Self::Check => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8 12.3l2.8 2.8L16 9.7",
            Self::Cross => "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3zM9 9l6 6M15 9l-6 6",
            Self::Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 11v5M12 7.7v.3",
            Self::Lock => "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
            Self::Open => "M3.5 20h17M6.5 20V4H13M13 4l5 2.5V20M13 4v16",
            Self::Question => {
                "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.4 9.5a2.7 2.7 0 1 1 3.7 2.5c-.8.4-1.1.9-1.1 1.9M12 16.7v.3"
            }
            Self::Shield => {
                "M12 3l7.5 2.8v5.4c0 4.6-3 8-7.5 9.8-4.5-1.8-7.5-5.2-7.5-9.8V5.8zM8.8 12l2.3 2.3 4.2-4.4"
            }
            Self::Unlock => "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 6.8-1.2",
        }
    }
}

/// What a door is doing, as its controller last reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorState {
    /// Bolt out, leaf closed.
    Locked,
    /// As `Locked`, and no one enters until the lockdown ends. Exit stays free.
    LockedDown,
    /// Let go for one passage.
    Released,
    /// Unlocked until something changes: a schedule, an order.
    Unlocked,
    /// Open after a passage that was granted.
    Open,
    /// Open for longer than the door allows.
    HeldOpen,
    /// Opened without a release.
    Forced,
    /// Nothing was ever reported.
    Unknown,
}

impl DoorState {
    /// The state in a word or two, as every page says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Locked => "Locked",
            Self::LockedDown => "Locked down",
            Self::Released => "Released",
            Self::Unlocked => "Unlocked",
            Self::Open => "Open",
            Self::HeldOpen => "Held open",
            Self::Forced => "Forced open",
            Self::Unknown => "Unknown",
        }
    }

    /// How good or bad that is.
    pub fn tone(self) -> Tone {
        match self {
            Self::Locked | Self::LockedDown => Tone::Good,
            Self::Released | Self::Unlocked | Self::Open => Tone::Info,
            Self::HeldOpen | Self::Unknown => Tone::Warn,
            Self::Forced => Tone::Bad,
        }
    }

    pub(crate) fn icon(self) -> Icon {
        match self {
            Self::Locked => Icon::Lock,
            Self::LockedDown => Icon::Shield,
            Self::Released | Self::Unlocked => Icon::Unlock,
            Self::Open => Icon::Open,
            Self::HeldOpen => Icon::Alert,
            Self::Forced => Icon::Cross,
            Self::Unknown => Icon::Question,
        }
    }

    pub(crate) fn class(self) -> Class {
        match self {
            Self::Locked | Self::LockedDown => Class::Secure,
            Self::Released | Self::Open => Class::InUse,
            Self::Unlocked => Class::Unlocked,
            Self::HeldOpen | Self::Forced | Self::Unknown => Class::Attention,
        }
    }
}

/// The four heaps that doors are counted in. Every door lies on exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Secure,
    InUse,
    Unlocked,
    Attention,
}

/// How many doors lie on each heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) secure: usize,
    pub(crate) in_use: usize,
    pub(crate) unlocked: usize,
    pub(crate) attention: usize,
}

impl Tally {
    pub(crate) fn of(classes: impl Iterator<Item = Class>) -> Self {
        classes.fold(Self::default(), |mut tally, class| {
            match class {
                Class::Secure => tally.secure += 1,
                Class::InUse => tally.in_use += 1,
                Class::Unlocked => tally.unlocked += 1,
                Class::Attention => tally.attention += 1,
            }
            tally
        })
    }

    pub(crate) fn total(self) -> usize {
        self.secure + self.in_use + self.unlocked + self.attention
    }

    pub(crate) fn tone(self) -> Tone {
        if self.attention > 0 {
            Tone::Warn
        } else if self.secure == self.total() {
            Tone::Good
        } else {
            Tone::Info
        }
    }

    /// The rest of the sum: what the doors that are not secure are doing.
    pub(crate) fn rest(self) -> String {
        let said: Vec<String> = [
            (self.attention, if self.attention == 1 { "needs attention" } else { "need attention" }),
            (self.unlocked, "unlocked"),
            (self.in_use, "in use"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
        if said.is_empty() { "none open or unlocked".to_owned() } else { said.join(", ") }
    }
}
