//! The files that pages load: stylesheets, scripts, icons and an app's manifest, all part of the binary.

/// The stylesheet.
pub const APP_CSS: &str = include_str!("../assets/app.css");
/// The script that keeps a page live.
pub const APP_JS: &str = include_str!("../assets/app.js");
/// The script that asks for a passkey's touch.
pub const PASSKEY_JS: &str = include_str!("../assets/passkey.js");
/// The script of the signer's pages.
pub const SIGNER_JS: &str = include_str!("../assets/signer.js");
/// The script of a phone's pages.
pub const MY_JS: &str = include_str!("../assets/my.js");
/// The stylesheet of a phone's pages, beside the one of all.
pub const MY_CSS: &str = include_str!("../assets/my.css");
/// What makes a phone's pages an app that can be installed (W3C Web Application Manifest).
pub const MY_MANIFEST: &str = include_str!("../assets/my.webmanifest");
/// The app's icon, which leaves room for the shape that a phone cuts it to.
pub const MY_ICON_SVG: &str = include_str!("../assets/my-icon.svg");
/// The same for phones whose home screen takes no vectors: 180 pixels each way.
pub const MY_ICON_PNG: &[u8] = include_bytes!("../assets/my-icon.png");
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
    pub body: &'static [u8],
}

/// All of them. No session is needed to read these.
pub const ASSETS: [Asset; 10] = [
    Asset { path: "/assets/app.css", media_type: "text/css; charset=utf-8", body: APP_CSS.as_bytes() },
    Asset { path: "/assets/app.js", media_type: "text/javascript; charset=utf-8", body: APP_JS.as_bytes() },
    Asset {
        path: "/assets/passkey.js",
        media_type: "text/javascript; charset=utf-8",
        body: PASSKEY_JS.as_bytes(),
    },
    Asset {
        path: "/assets/signer.js",
        media_type: "text/javascript; charset=utf-8",
        body: SIGNER_JS.as_bytes(),
    },
    Asset { path: "/assets/my.js", media_type: "text/javascript; charset=utf-8", body: MY_JS.as_bytes() },
    Asset { path: "/assets/my.css", media_type: "text/css; charset=utf-8", body: MY_CSS.as_bytes() },
    Asset {
        path: "/assets/my.webmanifest",
        media_type: "application/manifest+json",
        body: MY_MANIFEST.as_bytes(),
    },
    Asset { path: "/assets/my-icon.svg", media_type: "image/svg+xml", body: MY_ICON_SVG.as_bytes() },
    Asset { path: "/assets/my-icon.png", media_type: "image/png", body: MY_ICON_PNG },
    Asset { path: "/assets/icon.svg", media_type: "image/svg+xml", body: ICON_SVG.as_bytes() },
];
