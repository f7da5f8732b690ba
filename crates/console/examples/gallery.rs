//! Writes every page with sample data into a folder, so that people can look at them:
//! `cargo run -p lockward-console --example gallery -- DIR`, then serve `DIR` with any static file server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a program for whoever works on the pages")]

#[path = "../tests/sample/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod sample;

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(dir) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("say which folder to write to"));
    };
    let say = |text: &str| text.to_owned();
    for (path, html) in sample::pages(&say) {
        let folder = dir.join(path.trim_start_matches('/'));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.html"), html)?;
    }
    for asset in lockward_console::ASSETS {
        let file = dir.join(asset.path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&dir))?;
        fs::write(file, asset.body)?;
    }
    Ok(())
}
