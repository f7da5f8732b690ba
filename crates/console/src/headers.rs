//! What the browser is told to refuse.

/// Nothing from elsewhere, nothing inline, nobody's frame (W3C Content Security Policy Level 3).
pub const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; manifest-src 'self'; font-src 'self'; form-action 'self' http://localhost:7447; base-uri 'none'; frame-ancestors 'none'";

/// Powers that no page of ours needs, so that no injected one gets them. Passkeys are left to this origin.
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), \
    bluetooth=(), display-capture=(), publickey-credentials-get=(self), publickey-credentials-create=(self)";

/// Headers of every page. `Strict-Transport-Security` is the hub's to add, as it knows whether it speaks TLS.
pub const PAGE_HEADERS: [(&str, &str); 9] = [
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: that would blank the `Origin` of our own forms, which the hub checks.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", PERMISSIONS),
    // Who came and went must not stay in a shared browser's cache.
    ("cache-control", "no-store"),
];

/// Headers of every asset.
pub const ASSET_HEADERS: [(&str, &str); 4] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-cache"),
];
