//! `schakel check-mail`

use schakel_app::{
    check_mail::{Line, check},
    config,
};
use schakel_lookup::Lookup;
use serde_json::json;

use crate::{
    Context,
    output::{Ending, plain},
};

pub fn run(context: &Context) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let lines = check(&config, &Lookup::new(&config.outgoing)?)?;
    let cells: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![line.about.to_owned(), line.state.to_owned(), plain(&line.name, 80), plain(&line.why, 120)]
        })
        .collect();
    context.out.table(&["record", "state", "name", "why"], &cells, &[]);
    let to_publish: Vec<&Line> = lines.iter().filter(|line| !line.publish.is_empty()).collect();
    if !to_publish.is_empty() {
        context.out.line("");
        context.out.line("To publish, for example:");
        for line in to_publish {
            let kind = match line.about {
                "DANE" => "TLSA",
                "MX" => "MX",
                _ => "TXT",
            };
            context.out.line(format!("{}. IN {kind} {}", line.name, line.publish));
        }
    }
    context.out.line("");
    context.out.line("What DNSSEC vouches for is said by the resolver: it is worth as much as the way to it. Use one on this machine.");
    let all_right = lines.iter().all(|line| line.state == "right");
    context.out.json(&json!({ "ok": all_right, "records": lines }))?;
    Ok(if all_right { Ending::Done } else { Ending::Failed })
}
