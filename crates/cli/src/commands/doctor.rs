//! `schakel doctor`

use schakel_app::doctor::{Level, examine};

use crate::{Context, output::Ending};

pub fn run(context: &Context) -> anyhow::Result<Ending> {
    let found = examine(&context.data, context.clock.now_seconds());
    for one in &found {
        let mark = match one.level {
            Level::Good => "good ",
            Level::Look => "look ",
            Level::Wrong => "WRONG",
        };
        context.out.line(format!("{mark}  {}: {}", one.about, one.text));
    }
    let wrong = found.iter().any(|one| one.level == Level::Wrong);
    context.out.json(&serde_json::json!({ "ok": !wrong, "found": found }))?;
    Ok(if wrong { Ending::Failed } else { Ending::Done })
}
