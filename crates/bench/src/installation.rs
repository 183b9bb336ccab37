//! An installation with the demo's constituency: 342 municipalities and about 1,400 prefixes.

use std::{fs, path::Path};

use anyhow::Context;
use schakel_app::{
    intake::Intake,
    register::{Import, standing},
};
use schakel_demo::constituency;
use schakel_model::clock::Clock;
use schakel_store::{act::Act, data_dir::DataDir};

/// Opens the data directory; a new one gets the register first.
pub fn open(data: &Path) -> anyhow::Result<Intake> {
    let data = DataDir::new(data);
    data.create()?;
    let mut intake = Intake::open(&data, Clock::system())?;
    if intake.view().register.organisations.is_empty() {
        load_register(&mut intake, &data.root().join("register"))?;
    }
    Ok(intake)
}

fn load_register(intake: &mut Intake, folder: &Path) -> anyhow::Result<()> {
    let files = constituency::register_files();
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in [
        ("organisations.csv", files.organisations),
        ("assets.csv", files.assets),
        ("contacts.csv", files.contacts),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let import = Import::read(&[folder.to_owned()], &Default::default(), standing(intake.store())?)?;
    anyhow::ensure!(import.reading.errors == 0, "the register has errors: {:?}", import.reading.problems);
    let at = Clock::system().now_seconds();
    import.apply(
        intake.store(),
        &import.diff(),
        Act { at, actor: "bench", reason: "the demo's constituency" },
    )?;
    intake.reload_register()
}
