//! `schakel verify`

use schakel_app::verify::verify;
use schakel_store::Reader;

use crate::{
    Context,
    output::{Ending, number, plain},
};

use super::ingest::progress_bar;

pub fn run(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let bar = progress_bar("rows checked");
    let verified = verify(&reader, &|rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    for (what, count) in &verified.checked {
        context.out.line(format!("  {what:<44}{:>14}", number(*count)));
    }
    for violation in &verified.violations {
        context.out.line(format!(
            "WRONG {}: {}: {}",
            violation.invariant,
            violation.id,
            plain(&violation.detail, 300)
        ));
    }
    if verified.not_listed > 0 {
        context.out.line(format!("and {} more", number(verified.not_listed)));
    }
    context.out.line(if verified.ok {
        "Everything that is stored follows again from the raw reports."
    } else {
        "The store does not hold what it should. Keep a copy, and restore a backup."
    });
    context.out.json(&verified)?;
    Ok(if verified.ok { Ending::Done } else { Ending::Failed })
}
