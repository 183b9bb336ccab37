//! `schakel register quality` and `schakel register unrouted`

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use schakel_app::{
    claims::organisation,
    config,
    name_look_ups::{self, Limits, Which},
    pipeline::state,
    quality::{MemberQuality, members},
    register::write_whole,
    unrouted::{By, Cluster, clusters},
};
use schakel_lookup::Lookup;
use schakel_model::register::Register;
use schakel_store::{Reader, register};

use crate::{
    Context,
    output::{Ending, number, plain, say},
};

use super::ingest::progress_bar;

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct QualityArgs {
    /// One member, by its code
    pub code: Option<String>,
    /// Look up now whether the names resolve: of the member, or of all
    #[arg(long)]
    pub look_up: bool,
    /// Write a table of all members to this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Show at most this many, the worst first
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct UnroutedArgs {
    /// Put together by prefix (/24, /48) or by registrable domain [default: by address, else by name]
    #[arg(long)]
    pub by: Option<ByWord>,
    /// Write all of it to this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Show at most this many
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// By what it is put together.
#[derive(Clone, Copy, ValueEnum)]
#[allow(missing_docs)]
pub enum ByWord {
    Prefix,
    Domain,
}

pub fn quality(context: &Context, args: &QualityArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    if args.look_up {
        look_up(context, &reader, &view.register, args.code.as_deref())?;
    }
    let members = members(&reader, &view, args.code.as_deref(), context.clock.now_seconds())?;
    if let (Some(code), true) = (&args.code, members.is_empty()) {
        bail!("there is no organisation {code}");
    }
    let out = &context.out;
    match &members[..] {
        [member] if args.code.is_some() => {
            out.line(format!("{} {}: {} of 100", member.code, plain(&member.name, 60), member.score));
            for reason in &member.reasons {
                out.line(format!("  {:>3} % of {:>2}  {}", reason.percent, reason.weight, reason.why));
            }
            for gone in &member.names_gone {
                out.line(format!("  {} does not resolve since {}.", plain(&gone.name, 80), gone.since));
            }
        }
        members => {
            let cells: Vec<_> = members
                .iter()
                .take(args.limit)
                .map(|member| {
                    let worst = member.reasons.iter().find(|reason| reason.percent < 100);
                    vec![
                        member.code.clone(),
                        plain(&member.name, 35),
                        member.score.to_string(),
                        number(u64::from(member.assets)),
                        number(member.findings),
                        number(member.unrouted_near),
                        worst.map(|reason| plain(&reason.why, 70)).unwrap_or_default(),
                    ]
                })
                .collect();
            let headings = ["code", "organisation", "score", "assets", "findings", "near", "what costs most"];
            out.table(&headings, &cells, &[2, 3, 4, 5]);
            out.line(format!(
                "{} members. `schakel register quality CODE` says why.",
                number(members.len() as u64)
            ));
        }
    }
    if let Some(path) = &args.csv {
        write(context, path, &quality_csv(&members))?;
    }
    out.json(&serde_json::json!({ "members": members }))?;
    Ok(Ending::Done)
}

/// Looks names up; what is found is on standard error, for what comes next is the answer.
fn look_up(
    context: &Context,
    reader: &Reader,
    register: &Register,
    code: Option<&str>,
) -> anyhow::Result<()> {
    let whose = match code {
        Some(code) => Some(organisation(register, code)?.id),
        None => None,
    };
    let lookup = Lookup::new(&config::load(&context.data)?.outgoing)?;
    let bar = progress_bar("names looked up");
    let now = context.clock.now_seconds();
    let found =
        name_look_ups::look_up(reader, &lookup, register, Which::All(whose), Limits::NONE, now, &|done| {
            bar.set_position(done as u64)
        })?;
    bar.finish_and_clear();
    say(format!(
        "{} names resolve, {} do not, {} had no answer. A name counts as gone when it does not resolve twice, a day apart.",
        number(found.resolve as u64),
        number(found.gone as u64),
        number(found.unknown as u64)
    ));
    if found.left > 0 {
        say(format!(
            "No name server answers, so {} names were not looked up. See [outgoing] resolvers in the configuration.",
            number(found.left as u64)
        ));
    }
    Ok(())
}

pub fn unrouted(context: &Context, args: &UnroutedArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let by = args.by.map(|by| match by {
        ByWord::Prefix => By::Prefix,
        ByWord::Domain => By::Domain,
    });
    let clusters = clusters(&reader, by)?;
    let cells: Vec<_> = clusters
        .iter()
        .take(args.limit)
        .map(|cluster| {
            vec![
                plain(&cluster.cluster, 45),
                number(cluster.findings),
                number(cluster.events),
                cluster.first_seen.clone(),
                cluster.last_seen.clone(),
                plain(&kinds(cluster, 3), 60),
                cluster.example.clone(),
            ]
        })
        .collect();
    let headings = ["where", "findings", "events", "first seen", "last seen", "kinds", "example"];
    context.out.table(&headings, &cells, &[1, 2]);
    context.out.line(format!("{} places with findings of nobody.", number(clusters.len() as u64)));
    if let Some(path) = &args.csv {
        write(context, path, &unrouted_csv(&clusters))?;
    }
    context.out.json(&serde_json::json!({ "clusters": clusters }))?;
    Ok(Ending::Done)
}

fn write(context: &Context, path: &Path, text: &str) -> anyhow::Result<()> {
    write_whole(path, text.as_bytes())?;
    context.out.line(format!("Written to {}.", path.display()));
    Ok(())
}

fn kinds(cluster: &Cluster, most: usize) -> String {
    let kinds = cluster.kinds.iter().take(most).map(|kind| format!("{} {}", kind.findings, kind.kind));
    kinds.collect::<Vec<_>>().join(", ")
}

fn quality_csv(members: &[MemberQuality]) -> String {
    let mut text = "code,name,score,assets,findings,unrouted_near,reasons\n".to_owned();
    for member in members {
        let reasons: Vec<_> = member.reasons.iter().map(|reason| reason.why.as_str()).collect();
        let fields = [
            member.code.clone(),
            member.name.clone(),
            member.score.to_string(),
            member.assets.to_string(),
            member.findings.to_string(),
            member.unrouted_near.to_string(),
            reasons.join(" "),
        ];
        text += &schakel_render::csv::csv_line(&fields);
    }
    text
}

fn unrouted_csv(clusters: &[Cluster]) -> String {
    let mut text = "cluster,by,findings,events,first_seen,last_seen,kinds,example\n".to_owned();
    for cluster in clusters {
        let fields = [
            cluster.cluster.clone(),
            cluster.by.to_owned(),
            cluster.findings.to_string(),
            cluster.events.to_string(),
            cluster.first_seen.clone(),
            cluster.last_seen.clone(),
            kinds(cluster, usize::MAX),
            cluster.example.clone(),
        ];
        text += &schakel_render::csv::csv_line(&fields);
    }
    text
}
