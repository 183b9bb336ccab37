//! `schakel template`

use std::{fs, io::Read, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use schakel_app::{
    access_log, config,
    explain::rfc3339,
    line_difference::{self, Line},
    pipeline::state,
    tell::Composer,
    templates,
};
use schakel_model::{ids::NotificationId, language::Language};
use schakel_render::{
    message::Message,
    templates::{Replacement, TEMPLATE_BYTES_MAX, TemplateProblem, names},
};
use schakel_store::{
    Reader,
    act::Act,
    register,
    templates::{self as stored, TemplateVersion},
};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, plain, print_line},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum TemplateCommand {
    /// The templates, and which of them the desk has changed
    List,
    /// Print the text in force, for example to change it in a file
    Show(Which),
    /// Put the text of a file into force, after it was tried with all sample data
    Set {
        #[command(flatten)]
        which: Which,
        /// The file; - reads standard input
        file: PathBuf,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show a mail with sample data, or as a real notification would read
    Preview {
        #[command(flatten)]
        which: Which,
        /// Show it with what this notification told; who looks is recorded
        #[arg(long, value_name = "NUMBER")]
        notification: Option<u32>,
        /// A text that is not in force yet
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Every version: who changed it, when and why
    History(Which),
    /// What is different between the built-in text, or a version, and the text in force
    Diff {
        #[command(flatten)]
        which: Which,
        /// A version, from `history` [default: the built-in text]
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
    },
    /// Put the version before into force again
    Undo {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Try every template in force with sample data and say what is wrong
    Check,
}

/// Which template.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Its name, from `schakel template list`, for example notification.txt or advice/rdp
    name: String,
    /// In which language: nl or en
    #[arg(long, default_value = "nl")]
    language: Language,
}

pub fn run(context: &Context, command: &TemplateCommand) -> anyhow::Result<Ending> {
    match command {
        TemplateCommand::List => list(context),
        TemplateCommand::Show(which) => show(context, which),
        TemplateCommand::Set { which, file, reason, dry_run } => {
            let text = read(file)?;
            let Which { name, language } = which;
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let candidate = Replacement { language: *language, name, text: &text };
            let done = context.change(*dry_run, |store| templates::set(store, &act, candidate))?;
            let Some(version) = done else { return Ok(Ending::Done) };
            context.out.line(format!(
                "{name} ({language}) is in force as version {version}. `schakel template undo {name} --language {language}` takes it back."
            ));
            context.out.json(&json!({ "ok": true, "version": version }))?;
            Ok(Ending::Done)
        }
        TemplateCommand::Preview { which, notification, file } => {
            preview(context, which, notification.map(NotificationId), file.as_ref())
        }
        TemplateCommand::History(which) => history(context, which),
        TemplateCommand::Diff { which, version } => diff(context, which, *version),
        TemplateCommand::Undo { which, reason, dry_run } => {
            let Which { name, language } = which;
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let done = context.change(*dry_run, |store| templates::undo(store, &act, *language, name))?;
            let Some((version, before)) = done else { return Ok(Ending::Done) };
            let what = match before.filter(|one| one.text.is_some()) {
                Some(before) => format!("as it was in version {}", before.id),
                None => "the built-in text".to_owned(),
            };
            context.out.line(format!("{name} ({language}) is {what} again, as version {version}."));
            context.out.json(&json!({ "ok": true, "version": version }))?;
            Ok(Ending::Done)
        }
        TemplateCommand::Check => check(context),
    }
}

/// A file that could be a template; what is much larger is none, and not read to its end.
fn read(file: &PathBuf) -> anyhow::Result<String> {
    let most = TEMPLATE_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        fs::File::open(file).and_then(|opened| opened.take(most).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", file.display()))
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let own = Reader::open(&context.data)?.read(stored::in_force)?;
    let of = |language, name: &str| own.iter().find(|one| one.language == language && one.name == name);
    let words = |version: Option<&TemplateVersion>| match version {
        Some(version) => format!("version {} by {}", version.id, plain(&version.actor, 40)),
        None => "built in".to_owned(),
    };
    let rows: Vec<_> = names()
        .into_iter()
        .map(|name| {
            let cells = Language::ALL.map(|language| words(of(language, &name)));
            std::iter::once(name).chain(cells).collect::<Vec<_>>()
        })
        .collect();
    context.out.table(&["name", "nl", "en"], &rows, &[]);
    let values: Vec<_> = names()
        .iter()
        .map(|name| {
            let version = |language| of(language, name).map(|version| version.id);
            json!({ "name": name, "nl": version(Language::Nl), "en": version(Language::En) })
        })
        .collect();
    context.out.json(&json!({ "templates": values }))?;
    Ok(Ending::Done)
}

fn show(context: &Context, which: &Which) -> anyhow::Result<Ending> {
    let (text, own) = templates::text(&Reader::open(&context.data)?, which.language, &which.name)?;
    if context.out.is_json() {
        let version = own.map(|own| own.id);
        context.out.json(&json!({ "name": which.name, "language": which.language.as_str(), "version": version, "text": text }))?;
    } else {
        print_line(text.strip_suffix('\n').unwrap_or(&text));
    }
    Ok(Ending::Done)
}

fn preview(
    context: &Context,
    which: &Which,
    notification: Option<NotificationId>,
    file: Option<&PathBuf>,
) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let Which { name, language } = which;
    templates::known(*language, name)?;
    let in_force = match file {
        None => templates::in_force(&reader)?,
        Some(file) => {
            let text = read(file)?;
            let candidate = Replacement { language: *language, name, text: &text };
            let (tried, problems) = templates::tried(&reader, candidate)?;
            match tried.filter(|_| problems.is_empty()) {
                Some(tried) => tried,
                None => return wrong(context, &problems),
            }
        }
    };
    let messages = match notification {
        None => in_force.samples(*language, name)?,
        Some(id) => {
            let config = config::load(&context.data)?;
            let view = state::register_view(&reader, reader.read(register::version)?)?;
            let composer = Composer {
                reader: &reader,
                view: &view,
                config: &config,
                templates: &in_force,
                now: context.clock.now(),
            };
            let (notification, message) = composer.again(id)?;
            let actor = context.actor()?;
            if access_log::is_confidential(notification.tlp) {
                context.looker(&reader, &actor).item(&format!("notification:{}", id.0), notification.tlp)?;
            }
            vec![message]
        }
    };
    for message in &messages {
        context.out.line(format!("Subject: {}\n\n{}", message.subject, message.text));
        for attachment in &message.attachments {
            context.out.line(format!("Attachment: {} ({} bytes)", attachment.name, attachment.bytes.len()));
        }
    }
    context.out.json(&json!({ "messages": messages.iter().map(message_json).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

fn message_json(message: &Message) -> Value {
    let attachments: Vec<_> = message.attachments.iter().map(|attachment| &attachment.name).collect();
    json!({ "subject": message.subject, "text": message.text, "attachments": attachments })
}

fn history(context: &Context, which: &Which) -> anyhow::Result<Ending> {
    let versions = templates::history(&Reader::open(&context.data)?, which.language, &which.name)?;
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let what = if version.text.is_some() { "changed" } else { "built in again" };
            vec![
                version.id.to_string(),
                rfc3339(version.at),
                plain(&version.actor, 40),
                what.to_owned(),
                plain(&version.reason, 80),
            ]
        })
        .collect();
    if rows.is_empty() {
        context
            .out
            .line(format!("{} ({}) is the built-in text and was never changed.", which.name, which.language));
    } else {
        context.out.table(&["version", "when", "who", "what", "why"], &rows, &[0]);
    }
    let values: Vec<_> = versions
        .iter()
        .map(|version| {
            json!({
                "version": version.id, "at": rfc3339(version.at), "actor": version.actor, "reason": version.reason,
                "built_in": version.text.is_none(),
            })
        })
        .collect();
    context.out.json(&json!({ "versions": values }))?;
    Ok(Ending::Done)
}

fn diff(context: &Context, which: &Which, version: Option<u32>) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let built_in = templates::known(which.language, &which.name)?;
    let (now, _) = templates::text(&reader, which.language, &which.name)?;
    let before = match version {
        None => built_in.to_owned(),
        Some(id) => {
            let versions = templates::history(&reader, which.language, &which.name)?;
            let found = versions.into_iter().find(|one| one.id == id);
            let found =
                found.with_context(|| format!("{} has no version {id} in {}", which.name, which.language))?;
            found.text.unwrap_or_else(|| built_in.to_owned())
        }
    };
    let lines: Vec<String> = line_difference::lines(&before, &now)
        .into_iter()
        .filter_map(|line| match line {
            Line::Both(_) => None,
            Line::Gone(text) => Some(format!("- {text}")),
            Line::New(text) => Some(format!("+ {text}")),
        })
        .collect();
    if lines.is_empty() {
        context.out.line("They are the same.");
    }
    lines.iter().for_each(|line| context.out.line(line));
    context.out.json(&json!({ "lines": lines }))?;
    Ok(Ending::Done)
}

fn check(context: &Context) -> anyhow::Result<Ending> {
    let problems = templates::in_force(&Reader::open(&context.data)?)?.check();
    if !problems.is_empty() {
        return wrong(context, &problems);
    }
    context.out.line("All templates render with sample data.");
    context.out.json(&json!({ "ok": true, "problems": [] }))?;
    Ok(Ending::Done)
}

fn wrong(context: &Context, problems: &[TemplateProblem]) -> anyhow::Result<Ending> {
    problems.iter().for_each(|problem| context.out.line(problem.to_string()));
    let values: Vec<_> = problems
        .iter()
        .map(|one| json!({ "template": one.template, "line": one.line, "problem": one.problem }))
        .collect();
    context.out.json(&json!({ "ok": false, "problems": values }))?;
    Ok(Ending::Failed)
}
