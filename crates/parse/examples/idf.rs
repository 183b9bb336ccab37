//! Shows files as IDF, one event a line: `cargo run -p schakel-parse --example idf -- OUT_FOLDER FILE…`. For comparing with the
//! reference; the program itself does this with `schakel parse`.

use std::{error::Error, fs, path::Path};

use schakel_parse::{Plan, PlanOptions, Records, idf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("OUT_FOLDER FILE…")?;
    for file in arguments {
        let bytes = fs::read(&file)?;
        let plan = Plan::for_file(&file, &bytes, &PlanOptions::default())?;
        let body = &bytes[plan.body_offset()..];
        let mut records = Records::new();
        plan.cutter().cut(body, true, usize::MAX, &mut records);
        let events = records.iter(body).filter_map(|record| plan.event(record).ok());
        let lines: String = events.map(|event| idf::to_json(&event) + "\n").collect();
        let stem = Path::new(&file).file_stem().unwrap_or_default();
        fs::write(Path::new(&out).join(stem).with_extension("jsonl"), lines)?;
    }
    Ok(())
}
