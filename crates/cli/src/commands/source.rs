//! `schakel source`

use clap::{Args, Subcommand};
use schakel_app::{
    explain::rfc3339,
    feed_health,
    sources::{self, settings},
};
use schakel_model::{
    source::{Credibility, Reliability, ShownAs, Source, SourceKind, Trust},
    tlp::Tlp,
};
use schakel_store::{Reader, Store, act::Act, sources as stored};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum SourceCommand {
    /// Add a source; a person looks at what it sends until it is trusted
    Add {
        /// The name it is called by, for example divd: lower-case letters, digits, - and .
        code: String,
        #[command(flatten)]
        settings: Box<Settings>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Change the settings of a source
    Change {
        /// Its code, from `schakel source list`
        code: String,
        #[command(flatten)]
        settings: Box<Settings>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Refuse everything from a source from now on
    Block {
        /// Its code, from `schakel source list`
        code: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The sources, with what they have sent
    List,
    /// One source: its settings, its tokens, its record
    Show {
        /// Its code, from `schakel source list`
        code: String,
    },
    /// Does each feed come as it usually does: rhythm, size, columns
    Health,
    /// Tokens by which a source proves itself over HTTP
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum TokenCommand {
    /// Make a token; it is shown once
    Add {
        /// The source's code, from `schakel source list`
        code: String,
        /// What it is for, for example "script on host a"
        #[arg(long, default_value = "")]
        label: String,
    },
    /// Let a token count no more, at once
    Revoke {
        /// The source's code, from `schakel source list`
        code: String,
        /// Its number, from `schakel source show`
        token: u32,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct Settings {
    /// The name people know
    #[arg(long)]
    name: Option<String>,
    /// researcher, feed, cert, member, own, authority, other
    #[arg(long)]
    kind: Option<SourceKind>,
    /// The mail address to write to
    #[arg(long)]
    contact: Option<String>,
    /// automatic, vetted, blocked: may it be taken in without a person looking
    #[arg(long)]
    trust: Option<Trust>,
    /// How reliable it is (Admiralty code): A (completely) to E (not at all), F (cannot be judged)
    #[arg(long)]
    reliability: Option<Reliability>,
    /// How credible its items are (Admiralty code): 1 (confirmed) to 5 (improbable), 6 (cannot be judged)
    #[arg(long)]
    credibility: Option<Credibility>,
    /// The marking of what bears none: CLEAR, GREEN, AMBER, AMBER+STRICT, RED
    #[arg(long)]
    tlp: Option<Tlp>,
    /// May those who are affected be told (IEP)
    #[arg(long, value_name = "true|false")]
    may_notify: Option<bool>,
    /// May its addresses and names be looked up outside (IEP)
    #[arg(long, value_name = "true|false")]
    may_look_up: Option<bool>,
    /// What recipients see of it: name, nothing, or as:PSEUDONYM
    #[arg(long)]
    shown_as: Option<ShownAs>,
    /// A report is expected every so many hours; 0: learnt from what comes
    #[arg(long, value_name = "HOURS")]
    every_hours: Option<u32>,
    /// The formats it may send without a person looking, with commas: shadowserver,xarf; "" for every one
    #[arg(long, value_name = "FORMATS")]
    formats: Option<String>,
    /// The largest report it may send, in MiB; 0: no limit of its own
    #[arg(long, value_name = "MIB")]
    size_max: Option<u64>,
    /// Further reports in an hour wait for a person; 0: no limit
    #[arg(long, value_name = "REPORTS")]
    per_hour_max: Option<u32>,
    /// It goes before the others, and on when others flood us
    #[arg(long, value_name = "true|false")]
    critical: Option<bool>,
    /// The licence or terms of its data
    #[arg(long)]
    licence: Option<String>,
    /// A mail address or a domain it writes from (may be given several times)
    #[arg(long, value_name = "SENDER")]
    add_sender: Vec<String>,
    /// An address or domain it writes from no more (may be given several times)
    #[arg(long, value_name = "SENDER")]
    remove_sender: Vec<String>,
    /// Why
    #[arg(long, default_value = "")]
    reason: String,
}

impl Settings {
    fn apply(&self, source: &mut Source) {
        fn set<T: Clone>(to: &mut T, from: &Option<T>) {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
        set(&mut source.name, &self.name);
        set(&mut source.kind, &self.kind);
        set(&mut source.contact, &self.contact);
        set(&mut source.trust, &self.trust);
        set(&mut source.reliability, &self.reliability);
        set(&mut source.credibility, &self.credibility);
        set(&mut source.may_notify, &self.may_notify);
        set(&mut source.may_look_up, &self.may_look_up);
        set(&mut source.shown_as, &self.shown_as);
        set(&mut source.critical, &self.critical);
        set(&mut source.licence, &self.licence);
        set(&mut source.tlp, &self.tlp.map(Some));
        let some = |number: u64| (number > 0).then_some(number);
        set(&mut source.bytes_max, &self.size_max.map(|mib| some(mib.saturating_mul(1 << 20))));
        set(&mut source.reports_per_hour_max, &self.per_hour_max.map(|most| (most > 0).then_some(most)));
        let seconds = |hours: u32| (hours > 0).then_some(hours.saturating_mul(3_600));
        set(&mut source.rhythm_seconds, &self.every_hours.map(seconds));
        if let Some(formats) = &self.formats {
            source.formats =
                formats.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        }
        source.senders.retain(|sender| !self.remove_sender.contains(sender));
        for sender in &self.add_sender {
            let sender = sender.trim().to_lowercase();
            if !source.senders.contains(&sender) {
                source.senders.push(sender);
            }
        }
    }
}

pub fn run(context: &Context, command: &SourceCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    match command {
        SourceCommand::Add { code, settings, dry_run } => {
            let mut source = Source::new(code);
            settings.apply(&mut source);
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason: &settings.reason };
            let added = context.change(*dry_run, |store| sources::add(store, act, &source))?;
            done(context, added.as_ref(), "added")
        }
        SourceCommand::Change { code, settings, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason: &settings.reason };
            let changed = context.change(*dry_run, |store| {
                let before = sources::standing(&store.reader()?, code)?;
                let mut after = before.clone();
                settings.apply(&mut after);
                sources::change(store, act, &before, &after)
            })?;
            done(context, changed.as_ref(), "changed")
        }
        SourceCommand::Block { code, reason, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason };
            let blocked = context.change(*dry_run, |store| {
                let before = sources::standing(&store.reader()?, code)?;
                let after = Source { trust: Trust::Blocked, ..before.clone() };
                sources::change(store, act, &before, &after)
            })?;
            done(context, blocked.as_ref(), "blocked")
        }
        SourceCommand::List => list(context),
        SourceCommand::Health => health(context),
        SourceCommand::Show { code } => show(context, code),
        SourceCommand::Token(TokenCommand::Add { code, label }) => {
            let actor = context.actor()?;
            let mut store = Store::open(&context.data)?;
            let source = sources::standing(&store.reader()?, code)?;
            let act = Act { at: now, actor: actor.name(), reason: "" };
            let (id, token) = store.add_source_token(act, &source, label)?;
            context.out.line(format!(
                "Token {id} of {code}. It is shown only now; give it to the source by a safe way:"
            ));
            context.out.line(&token);
            context.out.json(&json!({ "ok": true, "source": code, "token": id, "secret": token }))?;
            Ok(Ending::Done)
        }
        SourceCommand::Token(TokenCommand::Revoke { code, token, reason, dry_run }) => {
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason };
            let revoked = context.change(*dry_run, |store| {
                let source = sources::standing(&store.reader()?, code)?;
                let revoked = store.revoke_source_token(act, &source, *token)?;
                anyhow::ensure!(
                    revoked,
                    "{code} has no token {token} that still counts. `schakel source show {code}` lists them"
                );
                Ok(())
            })?;
            if revoked.is_some() {
                context.out.line(format!("Token {token} of {code} counts no more."));
                context.out.json(&json!({ "ok": true, "source": code, "token": token }))?;
            }
            Ok(Ending::Done)
        }
    }
}

fn done(context: &Context, source: Option<&Source>, what: &str) -> anyhow::Result<Ending> {
    if let Some(source) = source {
        context.out.line(format!("Source {} was {what}: {}.", source.code, trust(source)));
        context.out.json(&json!({ "ok": true, "source": settings(source) }))?;
    }
    Ok(Ending::Done)
}

fn trust(source: &Source) -> &'static str {
    match source.trust {
        Trust::Automatic => "what it sends is taken in",
        Trust::Vetted => "what it sends waits for a person",
        Trust::Blocked => "what it sends is refused",
    }
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for source in reader.read(stored::list)? {
        let record = reader.read(|connection| stored::record(connection, source.id))?;
        rows.push(vec![
            source.code.clone(),
            plain(&source.name, 40),
            source.kind.to_string(),
            source.trust.to_string(),
            format!("{}{}", source.reliability, source.credibility),
            number(record.reports),
            number(record.rows),
            number(record.rejected),
            number(record.new_findings),
            record.last_at.map(rfc3339).unwrap_or_default(),
        ]);
        values.push(with_record(&source, &record));
    }
    if rows.is_empty() {
        context.out.line("No sources yet. `schakel source add CODE` adds one; files in incoming/ need none.");
    } else {
        let headings = [
            "source",
            "name",
            "kind",
            "trust",
            "grade",
            "reports",
            "rows",
            "rejected",
            "new findings",
            "last report",
        ];
        context.out.table(&headings, &rows, &[5, 6, 7, 8]);
    }
    context.out.json(&json!({ "sources": values }))?;
    Ok(Ending::Done)
}

fn with_record(source: &Source, record: &stored::Record) -> Value {
    let mut value = settings(source);
    value["record"] = json!({
        "reports": record.reports,
        "rows": record.rows,
        "rejected": record.rejected,
        "events": record.events,
        "new_findings": record.new_findings,
        "refused": record.refused,
        "told": record.told,
        "answered": record.answered,
        "fixed": record.fixed,
        "false_positives": record.false_positives,
        "last_at": record.last_at.map(rfc3339),
    });
    value
}

fn show(context: &Context, code: &str) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let source = sources::standing(&reader, code)?;
    let record = reader.read(|connection| stored::record(connection, source.id))?;
    let tokens = reader.read(|connection| stored::tokens(connection, source.id))?;
    let mut value = with_record(&source, &record);
    let out = &context.out;
    out.line(format!("{}: {}", source.code, trust(&source)));
    for (key, setting) in settings(&source).as_object().into_iter().flatten() {
        let text = match setting {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            Value::Array(list) => {
                let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
            }
            other => other.to_string(),
        };
        out.line(format!("  {key:<21} {}", plain(&text, 200)));
    }
    out.line(format!(
        "{} reports, {} rows, {} of them rejected; {} findings were new with it; {} arrivals refused; the last report: {}",
        number(record.reports),
        number(record.rows),
        number(record.rejected),
        number(record.new_findings),
        number(record.refused),
        record.last_at.map_or("none yet".to_owned(), rfc3339),
    ));
    if record.told > 0 {
        out.line(format!(
            "{} of its findings were told; {} were answered: {} fixed, {} false positives",
            number(record.told),
            number(record.answered),
            number(record.fixed),
            number(record.false_positives),
        ));
    }
    for token in &tokens {
        let state = token.revoked_at.map_or("counts".to_owned(), |at| format!("revoked {}", rfc3339(at)));
        out.line(format!(
            "token {}  {}  made {}  {state}",
            token.id,
            plain(&token.label, 60),
            rfc3339(token.created_at)
        ));
    }
    value["tokens"] = tokens
        .iter()
        .map(|token| {
            json!({
                "token": token.id,
                "label": token.label,
                "created_at": rfc3339(token.created_at),
                "revoked_at": token.revoked_at.map(rfc3339),
            })
        })
        .collect();
    out.json(&value)?;
    Ok(Ending::Done)
}

fn health(context: &Context) -> anyhow::Result<Ending> {
    let feeds = feed_health::all(&Reader::open(&context.data)?, context.clock.now_seconds())?;
    let hours = |seconds: i64| match seconds {
        0..3_600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    };
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for one in &feeds {
        let health = &one.health;
        let alarms: Vec<&str> = health.alarms.iter().map(|alarm| alarm.as_str()).collect();
        let state = match (&alarms[..], health.every_seconds) {
            ([], None) => "learning".to_owned(),
            ([], Some(_)) => "as usual".to_owned(),
            (alarms, _) => alarms.join(", ").replace('_', " "),
        };
        rows.push(vec![
            one.source.clone(),
            one.feed.clone(),
            rfc3339(health.last_at),
            health.every_seconds.map(hours).unwrap_or_default(),
            number(health.last_rows),
            health.usual_rows.map(number).unwrap_or_default(),
            state,
        ]);
        values.push(json!({
            "source": one.source, "provider": one.provider, "feed": one.feed, "last_at": rfc3339(health.last_at),
            "every_seconds": health.every_seconds, "last_rows": health.last_rows, "usual_rows": health.usual_rows, "alarms": alarms,
        }));
    }
    if rows.is_empty() {
        context.out.line("Nothing has come yet of which a rhythm could be learnt.");
    } else {
        context.out.table(
            &["source", "feed", "last", "every", "rows", "usual rows", "state"],
            &rows,
            &[4, 5],
        );
    }
    context.out.json(&json!({ "feeds": values }))?;
    Ok(Ending::Done)
}
