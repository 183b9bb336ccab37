//! Builds the portal's styles and script with Node.js, and lists them for `portal::assets`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, exit},
};

/// What the build of the styles reads, besides its packages.
const INPUTS: [&str; 4] = ["package.json", "package-lock.json", "build.mjs", "src"];

fn main() {
    let ui = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("ui");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", ui.join(input).display());
    }
    if env::var_os("CARGO_FEATURE_PORTAL").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let assets = out.join("assets");
    if Command::new("node").arg("--version").output().is_err() {
        println!(
            "cargo::warning=Node.js was not found, so the portal is built without its styles: every page works, none is pretty. \
             Install Node.js 20 or newer with npm and build again, or build without the portal: --no-default-features"
        );
        bare(&assets);
        write(&out.join("assets.rs"), list(&assets).as_bytes());
        return;
    }
    let work = out.join("ui");
    copy_inputs(&ui, &work);
    // Packages are fetched again only when the lockfile asks for others.
    let lock = fs::read(ui.join("package-lock.json")).unwrap_or_default();
    let fetched = work.join("fetched.lock");
    if fs::read(&fetched).ok().as_deref() != Some(&lock[..]) {
        run(&work, "npm", &["ci", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]);
        write(&fetched, &lock);
    }
    run(&work, "node", &["build.mjs", &assets.display().to_string()]);
    write(&out.join("assets.rs"), list(&assets).as_bytes());
}

/// Files with nothing in them, under the names that pages ask for.
fn bare(assets: &Path) {
    let _ = fs::remove_dir_all(assets);
    fs::create_dir_all(assets)
        .unwrap_or_else(|error| fail(&format!("cannot make {}: {error}", assets.display())));
    for name in ["portal-css.none.css", "portal-js.none.js", "icon.none.svg"] {
        write(&assets.join(name), b"");
    }
}

/// Beside the sources nothing is made: several builds may go on at once.
fn copy_inputs(ui: &Path, work: &Path) {
    let copy = |name: &Path| {
        let to = work.join(name);
        let folder = to.parent().expect("it lies in a folder");
        fs::create_dir_all(folder).and_then(|()| fs::copy(ui.join(name), &to)).unwrap_or_else(|error| {
            fail(&format!("cannot copy {} to {}: {error}", name.display(), to.display()))
        });
    };
    for input in INPUTS {
        match fs::read_dir(ui.join(input)) {
            Ok(entries) => entries
                .filter_map(Result::ok)
                .for_each(|entry| copy(&Path::new(input).join(entry.file_name()))),
            Err(_) => copy(Path::new(input)),
        }
    }
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let ended = Command::new(program).args(arguments).current_dir(folder).status();
    match ended {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("`{program} {}` ended with {status}", arguments.join(" "))),
        Err(error) => fail(&format!("`{program}` cannot be run ({error})")),
    }
}

/// Ends the build with what to do about it.
fn fail(what: &str) -> ! {
    eprintln!("{what}.");
    eprintln!(
        "The styles of the portal are built with Node.js 20 or newer and npm, which fetches their packages."
    );
    eprintln!("Install them (Debian: apt-get install nodejs npm), or build without the portal:");
    eprintln!("    cargo run --release --no-default-features -- demo");
    exit(1)
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| fail(&format!("cannot write {}: {error}", path.display())));
}

/// The files as an array of name and bytes.
fn list(assets: &Path) -> String {
    let mut names: Vec<String> = fs::read_dir(assets)
        .unwrap_or_else(|error| fail(&format!("cannot read {}: {error}", assets.display())))
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let mut text = String::from("&[\n");
    for name in names {
        let path = assets.join(&name);
        text.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", path.display().to_string()));
    }
    text.push_str("]\n");
    text
}
