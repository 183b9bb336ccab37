//! `schakel tell`

use schakel_app::{
    config::{self, Config},
    following::{self, Done, new_cves},
    intake::Intake,
    pipeline::state,
    policy,
    send::{Sent, send_due},
    tell::{Composed, Composer},
    templates, withheld,
};
use schakel_store::{Reader, register};
use serde::Serialize;

use crate::{
    Context,
    args::TellArgs,
    output::{Ending, number},
};

#[derive(Serialize)]
struct NotificationJson {
    notification: u32,
    organisation: String,
    findings: u64,
    recipients: Vec<String>,
    subject: String,
}

pub fn run(context: &Context, args: &TellArgs) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let (notifications, sent) = if args.dry_run {
        (dry_run(context, &config)?, Sent::default())
    } else {
        let mut intake = Intake::open(&context.data, context.clock)?;
        let notifications = compose(context, &config, &mut intake)?;
        let sent = if args.no_send { Sent::default() } else { send(context, &config, &mut intake)? };
        (notifications, sent)
    };
    context.out.line(format!("{} notifications.", number(notifications.len() as u64)));
    if args.dry_run {
        context.out.line("A dry run: nothing was kept, nothing was sent.");
    } else if !args.no_send {
        say_sent(context, &sent);
    }
    context.out.json(&serde_json::json!({ "notifications": notifications, "sent": sent }))?;
    Ok(Ending::Done)
}

/// Makes notifications of everything that waits.
fn compose(context: &Context, config: &Config, intake: &mut Intake) -> anyhow::Result<Vec<NotificationJson>> {
    let reader = intake.store().reader()?;
    let view = intake.view();
    let templates = templates::in_force(&reader)?;
    let composer =
        Composer { reader: &reader, view: &view, config, templates: &templates, now: context.clock.now() };
    let mut notifications = Vec::new();
    composer.compose(Some(intake.store()), &mut |composed| notifications.push(listed(context, composed)))?;
    let notices = composer.compose_recalls(intake.store())?;
    let waits = withheld::look(intake.store(), config, &templates, context.clock.now())?;
    if waits != withheld::Looked::default() {
        context.out.line(format!(
            "Confidential messages: {} leave encrypted now; {} recipients without a key hear that something waits.",
            waits.released, waits.announced
        ));
    }
    if notices > 0 {
        context.out.line(format!("{} notices that take an earlier message back.", number(notices as u64)));
    }
    let policy = policy::in_force(&reader)?;
    while let Some(noticed) = new_cves::notice(&reader)? {
        noticed.keep(intake.store())?;
    }
    let looked = following::look(&reader, &policy.policy, context.clock.now_seconds())?;
    say_done(context, &following::carry_out(&composer, intake.store(), &looked)?);
    Ok(notifications)
}

/// What was due of what was told before.
fn say_done(context: &Context, done: &Done) {
    if done.told_again > 0 {
        context.out.line(format!("{} findings told again.", number(done.told_again)));
    }
    if done.escalated > 0 {
        context.out.line(format!(
            "{} notifications to somebody else, where nobody reacted.",
            number(done.escalated)
        ));
    }
    if done.called > 0 {
        context.out.line(format!("{} to be called: `schakel call list`.", number(done.called)));
    }
    if done.closed > 0 {
        context.out.line(format!("{} findings closed.", number(done.closed)));
    }
}

fn dry_run(context: &Context, config: &Config) -> anyhow::Result<Vec<NotificationJson>> {
    let reader = Reader::open(&context.data)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let templates = templates::in_force(&reader)?;
    let composer =
        Composer { reader: &reader, view: &view, config, templates: &templates, now: context.clock.now() };
    let mut notifications = Vec::new();
    composer.compose(None, &mut |composed| notifications.push(listed(context, composed)))?;
    Ok(notifications)
}

fn listed(context: &Context, composed: &Composed) -> NotificationJson {
    let (code, name) = &composed.organisation;
    context.out.line(format!(
        "#{}  {code} {name}: {} findings, to {}",
        composed.notification.id,
        number(composed.notification.findings),
        composed.recipients.join(", ")
    ));
    NotificationJson {
        notification: composed.notification.id.0,
        organisation: code.clone(),
        findings: composed.notification.findings,
        recipients: composed.recipients.clone(),
        subject: composed.message.subject.clone(),
    }
}

/// Sends what is due.
pub fn send(context: &Context, config: &Config, intake: &mut Intake) -> anyhow::Result<Sent> {
    let mut outbox = intake.store().outbox_writer()?;
    let mut frames = intake.store().reader()?.frames()?;
    send_due(&mut outbox, &mut frames, config, &context.clock, &|| false)
}

/// What became of what was due.
pub fn say_sent(context: &Context, sent: &Sent) {
    context.out.line(format!(
        "Mails: {} accepted, {} to be tried again, {} given up, {} put off by the storm brake.",
        number(sent.accepted),
        number(sent.later),
        number(sent.given_up),
        number(sent.braked)
    ));
}
