//! The files that pages load: one stylesheet, two scripts, one icon, all part of the binary.

/// The stylesheet.
pub const APP_CSS: &str = include_str!("../assets/app.css");
/// The script that keeps a page live.
pub const APP_JS: &str = include_str!("../assets/app.js");
/// The script that asks for a passkey's touch.
pub const PASSKEY_JS: &str = include_str!("../assets/passkey.js");
/// The icon.
pub const ICON_SVG: &str = include_str!("../assets/icon.svg");

/// A file that pages load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Path on this hub.
    pub path: &'static str,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// The file.
    pub body: &'static str,
}

/// All of them. No session is needed to read these.
pub const ASSETS: [Asset; 4] = [
    Asset { path: "/assets/app.css", media_type: "text/css; charset=utf-8", body: APP_CSS },
    Asset { path: "/assets/app.js", media_type: "text/javascript; charset=utf-8", body: APP_JS },
    Asset { path: "/assets/passkey.js", media_type: "text/javascript; charset=utf-8", body: PASSKEY_JS },
    Asset { path: "/assets/icon.svg", media_type: "image/svg+xml", body: ICON_SVG },
];
