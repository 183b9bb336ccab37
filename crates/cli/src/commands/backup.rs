//! `schakel backup` and `schakel restore`

use std::path::Path;

use schakel_app::{config, intake::Intake, privacy, retention, verify::verify};
use schakel_store::{
    Reader,
    backup::{self, Waiting},
};

use crate::{
    Context,
    args::{RestoreArgs, RestoreCommand},
    output::Ending,
};

pub fn run(context: &Context, target: &Path) -> anyhow::Result<Ending> {
    backup::backup(&Reader::open(&context.data)?, target)?;
    context.out.line(format!("{} holds a whole copy.", target.display()));
    context.out.line("secrets/ in it makes the keys of findings: keep it as safe as the reports themselves.");
    context.out.json(&serde_json::json!({ "ok": true, "target": target }))?;
    Ok(Ending::Done)
}

pub fn restore(context: &Context, args: &RestoreArgs) -> anyhow::Result<Ending> {
    match (&args.source, &args.command) {
        (_, Some(RestoreCommand::Confirm { send_waiting, .. })) => {
            let actor = context.actor()?;
            // Sightings that a crash has left are counted first: their rows may go.
            let mut store = Intake::open(&context.data, context.clock)?.close()?;
            let waiting = if *send_waiting { Waiting::Send } else { Waiting::Hold };
            let now = context.clock.now_seconds();
            // The backup may have brought back what was erased since, or what is old by now.
            let config = config::load(&context.data)?;
            let again = privacy::erase_again(&mut store, &config, &actor, now)?;
            if again > 0 {
                context.out.line(format!("{again} erasures of before were done again."));
            }
            let plans = retention::plan(&store.reader()?, &config, now)?;
            let old = retention::run(&mut store, &config, &actor, now, &plans)?;
            if !old.is_empty() {
                let classes: Vec<_> = old.keys().copied().collect();
                context.out.line(format!("Erased what is old by now: {}.", classes.join(", ")));
            }
            backup::confirm_restore(&mut store, now, actor.name(), waiting)?;
            context.out.line("Sending goes on.");
            context.out.json(&serde_json::json!({ "ok": true }))?;
            Ok(Ending::Done)
        }
        (Some(source), None) => {
            let store = backup::restore(source, &context.data)?;
            let verified = verify(&store.reader()?, &|_| {})?;
            for violation in &verified.violations {
                context
                    .out
                    .line(format!("WRONG {}: {}: {}", violation.invariant, violation.id, violation.detail));
            }
            context.out.line(format!("Restored into {}. Sending is paused.", context.data.root().display()));
            context.out.line("What was waiting when the backup was made may have been told since. Say what should happen with it:");
            context.out.line("  schakel restore confirm --hold-waiting   hold it, and show it in the ledger");
            context.out.line("  schakel restore confirm --send-waiting   it was not told: send it");
            context.out.json(&verified)?;
            Ok(if verified.ok { Ending::Done } else { Ending::Failed })
        }
        (None, None) => anyhow::bail!("say which backup to bring back: schakel restore DIR"),
    }
}
