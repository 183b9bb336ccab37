//! The pages of the portal: one template each, in any language, in one frame. Every text comes from `locales/portal/<language>.ftl` by its key;
//! everything that is put in is escaped.
//!
//! In a template `t("key", name=value)` is a text, `time(at)`, `day(at)` and `ago(at)` a moment (seconds since 1970) as its reader counts, `moment(text)` one that is written in RFC 3339,
//! `number(n)` a count, `span(seconds)` how long something takes, `problem(classification, feed, identifier)` what is wrong, `steps(classification)` what to do about it in general, `contact(role)` a
//! role of a contact, `typed("name", known)` what stands in a field. A form of somebody who is signed in includes `token`, and shows below a field what is
//! wrong with it: `{{ wrong("name") }}` of `fields`, by `mistake()`.

pub mod account;
pub mod acting;
pub mod csv;
pub mod map;
pub mod morning;
pub mod picture;
pub mod relations;
pub mod sector;

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{Timestamp, tz::TimeZone};
use minijinja::{
    Environment, Error, ErrorKind, State, UndefinedBehavior, Value, context,
    value::{Kwargs, Serde, ValueKind},
};
use schakel_model::{classification::ClassificationType, language::Language};
use serde::Serialize;

use self::acting::{Mistake, Notice};
use crate::{context::title_of, kind::Family, times::LOCAL_ZONE, words::Words};

/// Every page, and the frame around them.
const SOURCES: &[(&str, &str)] = &[
    ("layout", include_str!("../templates/portal/layout.html.j2")),
    ("token", include_str!("../templates/portal/token.html.j2")),
    ("fields", include_str!("../templates/portal/fields.html.j2")),
    ("sign_in", include_str!("../templates/portal/sign_in.html.j2")),
    ("code", include_str!("../templates/portal/code.html.j2")),
    ("invitation", include_str!("../templates/portal/invitation.html.j2")),
    ("password_new", include_str!("../templates/portal/password_new.html.j2")),
    ("app_new", include_str!("../templates/portal/app_new.html.j2")),
    ("new_password", include_str!("../templates/portal/new_password.html.j2")),
    ("new_app", include_str!("../templates/portal/new_app.html.j2")),
    ("recovery", include_str!("../templates/portal/recovery.html.j2")),
    ("message", include_str!("../templates/portal/message.html.j2")),
    ("morning", include_str!("../templates/portal/morning.html.j2")),
    ("ahead", include_str!("../templates/portal/ahead.html.j2")),
    ("account", include_str!("../templates/portal/account.html.j2")),
    ("calls", include_str!("../templates/portal/calls.html.j2")),
    ("explain", include_str!("../templates/portal/explain.html.j2")),
    ("finding", include_str!("../templates/portal/finding.html.j2")),
    ("asset", include_str!("../templates/portal/asset.html.j2")),
    ("contact", include_str!("../templates/portal/contact.html.j2")),
    ("difference", include_str!("../templates/portal/difference.html.j2")),
    ("disputes", include_str!("../templates/portal/disputes.html.j2")),
    ("import", include_str!("../templates/portal/import.html.j2")),
    ("quality", include_str!("../templates/portal/quality.html.j2")),
    ("register_history", include_str!("../templates/portal/register_history.html.j2")),
    ("register_tabs", include_str!("../templates/portal/register_tabs.html.j2")),
    ("reports_tabs", include_str!("../templates/portal/reports_tabs.html.j2")),
    ("rules_tabs", include_str!("../templates/portal/rules_tabs.html.j2")),
    ("sums", include_str!("../templates/portal/sums.html.j2")),
    ("reports", include_str!("../templates/portal/reports.html.j2")),
    ("report", include_str!("../templates/portal/report.html.j2")),
    ("sources", include_str!("../templates/portal/sources.html.j2")),
    ("ledger", include_str!("../templates/portal/ledger.html.j2")),
    ("policy", include_str!("../templates/portal/policy.html.j2")),
    ("texts", include_str!("../templates/portal/texts.html.j2")),
    ("text", include_str!("../templates/portal/text.html.j2")),
    ("people", include_str!("../templates/portal/people.html.j2")),
    ("invited", include_str!("../templates/portal/invited.html.j2")),
    ("audit", include_str!("../templates/portal/audit.html.j2")),
    ("shift", include_str!("../templates/portal/shift.html.j2")),
    ("answers", include_str!("../templates/portal/answers.html.j2")),
    ("arrival", include_str!("../templates/portal/arrival.html.j2")),
    ("vetting", include_str!("../templates/portal/vetting.html.j2")),
    ("answer", include_str!("../templates/portal/answer.html.j2")),
    ("bulk", include_str!("../templates/portal/bulk.html.j2")),
    ("rows", include_str!("../templates/portal/rows.html.j2")),
    ("findings", include_str!("../templates/portal/findings.html.j2")),
    ("organisation", include_str!("../templates/portal/organisation.html.j2")),
    ("organisations", include_str!("../templates/portal/organisations.html.j2")),
    ("own/parts", include_str!("../templates/portal/own/parts.html.j2")),
    ("own/front", include_str!("../templates/portal/own/front.html.j2")),
    ("own/findings", include_str!("../templates/portal/own/findings.html.j2")),
    ("own/finding", include_str!("../templates/portal/own/finding.html.j2")),
    ("own/sent", include_str!("../templates/portal/own/sent.html.j2")),
    ("own/message", include_str!("../templates/portal/own/message.html.j2")),
    ("own/weekly", include_str!("../templates/portal/own/weekly.html.j2")),
    ("own/asset", include_str!("../templates/portal/own/asset.html.j2")),
    ("own/claim_new", include_str!("../templates/portal/own/claim_new.html.j2")),
    ("own/claim", include_str!("../templates/portal/own/claim.html.j2")),
    ("own/contact", include_str!("../templates/portal/own/contact.html.j2")),
    ("own/people", include_str!("../templates/portal/own/people.html.j2")),
    ("own/invited", include_str!("../templates/portal/own/invited.html.j2")),
    ("own/register", include_str!("../templates/portal/own/register.html.j2")),
    ("line", include_str!("../templates/portal/line.html.j2")),
    ("conversation", include_str!("../templates/portal/conversation.html.j2")),
    ("mail_tabs", include_str!("../templates/portal/mail_tabs.html.j2")),
    ("outbox", include_str!("../templates/portal/outbox.html.j2")),
    ("outbox_message", include_str!("../templates/portal/outbox_message.html.j2")),
    ("incoming", include_str!("../templates/portal/incoming.html.j2")),
    ("mailboxes", include_str!("../templates/portal/mailboxes.html.j2")),
    ("breach_received", include_str!("../templates/portal/breach_received.html.j2")),
    ("breaches", include_str!("../templates/portal/breaches.html.j2")),
    ("breach", include_str!("../templates/portal/breach.html.j2")),
    ("sector", include_str!("../templates/portal/sector.html.j2")),
    ("accessibility", include_str!("../templates/portal/accessibility.html.j2")),
];

/// What a browser fetches beside the pages: their addresses.
#[derive(Clone, Debug, Serialize)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The script.
    pub js: String,
    /// The picture in the tab.
    pub icon: String,
}

/// A way in the bar at the top.
#[derive(Clone, Debug, Serialize)]
pub struct Way {
    /// The key of its name.
    pub key: &'static str,
    /// Where it leads.
    pub href: Cow<'static, str>,
}

/// How people reach the desk.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Desk {
    /// Its telephone number; may be empty.
    pub phone: String,
    /// Its mail address; may be empty.
    pub mail: String,
}

/// What stands around a page.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// In which language it is read.
    #[serde(serialize_with = "as_word")]
    pub language: Language,
    /// `light`, `dark`, or empty: as the system says.
    pub theme: &'static str,
    /// Whose portal it is.
    pub sender: String,
    /// How they are reached.
    pub desk: Desk,
    /// The address of the page, without what is asked of it.
    pub path: String,
    /// Who is signed in; empty: nobody.
    pub person: String,
    /// What forms bring along; empty: nobody is signed in.
    pub form_token: String,
    /// The ways that this person has.
    pub ways: Vec<Way>,
    /// Every right by its word, and whether they have it: a form that they may not send is not shown.
    pub may: BTreeMap<&'static str, bool>,
    /// What was done just now.
    pub notice: Option<Notice>,
    /// What is wrong with the form that was sent.
    pub mistake: Option<Mistake>,
    /// What was typed into it, by the names of its fields.
    pub typed: Vec<(String, String)>,
    /// This page, with what is asked of it: forms lead back to it.
    pub here: String,
    /// The address of this list as a file, up to `csv` or `json`; empty: it is no list.
    pub export: String,
    /// Now, in seconds since 1970.
    pub now: i64,
}

fn as_word<S: serde::Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.as_str())
}

/// Fills pages.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    assets: Assets,
}

impl Pages {
    /// With these addresses of what is fetched beside them.
    pub fn new(assets: Assets) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        crate::page::show_as_text(&mut environment);
        environment.add_function("t", text);
        environment.add_function("time", |state: &State<'_, '_>, at: i64| moment(state, at, Style::Time));
        environment.add_function("day", |state: &State<'_, '_>, at: i64| moment(state, at, Style::Day));
        environment.add_function("moment", written);
        environment.add_function("number", number);
        environment.add_function("span", span);
        environment.add_function("typed", typed);
        environment.add_function("mistake", mistake);
        environment.add_function("said", said);
        environment.add_function("problem", problem);
        environment.add_function("steps", steps);
        environment.add_function("contact", contact);
        for (name, source) in SOURCES {
            environment.add_template(name, source).expect("the built-in pages can be read; a test shows it");
        }
        Self { environment, assets }
    }

    /// A page in its frame.
    pub fn page(&self, name: &str, frame: &Frame, page: impl Serialize) -> Result<String, Error> {
        let values = context! {
            frame => Value::from(Serde(frame)),
            assets => Value::from(Serde(&self.assets)),
            page => Value::from(Serde(page)),
        };
        self.environment.get_template(name)?.render(values)
    }
}

/// Is there a text with this key, in every language?
pub fn has_text(key: &str) -> bool {
    [Language::Nl, Language::En].into_iter().all(|language| words(language).has(key))
}

/// The words of a language, read once.
fn words(language: Language) -> &'static Words {
    static WORDS: std::sync::OnceLock<Vec<Words>> = std::sync::OnceLock::new();
    let all = WORDS.get_or_init(|| [Language::Nl, Language::En].map(Words::of_portal).into());
    match language {
        Language::Nl => &all[0],
        Language::En => &all[1],
    }
}

fn language(state: &State<'_, '_>) -> Language {
    let frame = state.lookup("frame").unwrap_or_default();
    let word = frame.get_attr("language").unwrap_or_default();
    word.as_str().and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// `t("key", name=value)`. A key without a text is a fault of ours, and no page comes of it.
fn text(state: &State<'_, '_>, key: String, named: Kwargs) -> Result<String, Error> {
    let words = words(language(state));
    if !words.has(&key) {
        return Err(Error::new(ErrorKind::UndefinedError, format!("there is no text {key}")));
    }
    let mut parts = Vec::new();
    for name in named.args() {
        let value: Value = named.get(name)?;
        let value = match value.kind() {
            ValueKind::Number => i64::try_from(value).map(Part::Number)?,
            _ => Part::Text(value.to_string()),
        };
        parts.push((name.to_owned(), value));
    }
    Ok(words.of_parts(&key, parts))
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// A count: the words around it follow it.
    Number(i64),
    /// Anything else.
    Text(String),
}

#[derive(Clone, Copy)]
enum Style {
    Day,
    Time,
}

/// A moment in the Netherlands: `22 nov 2026` or `22 nov 2026 14:03`.
fn moment(state: &State<'_, '_>, at: i64, style: Style) -> Result<String, Error> {
    let out_of_range = |error: jiff::Error| Error::new(ErrorKind::InvalidOperation, error.to_string());
    let zone = TimeZone::get(LOCAL_ZONE).map_err(out_of_range)?;
    let at = Timestamp::from_second(at).map_err(out_of_range)?.to_zoned(zone);
    let month = words(language(state)).text(&format!("month-{}", at.month()));
    let day = format!("{} {month} {}", at.day(), at.year());
    Ok(match style {
        Style::Day => day,
        Style::Time => format!("{day} {}", at.strftime("%H:%M")),
    })
}

/// A time of RFC 3339 as its reader counts, a day alone when it is midnight in UTC; anything else as it is.
fn written(state: &State<'_, '_>, text: String) -> Result<String, Error> {
    let is_day = text.len() == "2026-11-22".len();
    let full = if is_day { format!("{text}T00:00:00Z") } else { text.clone() };
    match full.parse::<Timestamp>() {
        Ok(at) => moment(state, at.as_second(), if is_day { Style::Day } else { Style::Time }),
        Err(_) => Ok(text),
    }
}

/// A count with its thousands apart, as the language does it.
fn number(state: &State<'_, '_>, count: i64) -> String {
    let apart = match language(state) {
        Language::Nl => '.',
        Language::En => ',',
    };
    let digits = count.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if count < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(apart);
        }
        text.push(digit);
    }
    text
}

/// How long something takes, in the largest unit that fits twice: `at once`, `90 minutes`, `36 hours`, `3 days`.
fn span(state: &State<'_, '_>, seconds: i64) -> String {
    let units = [("span-days", 86_400), ("span-hours", 3_600), ("span-minutes", 60)];
    let unit = units.into_iter().find(|(_, size)| seconds >= 2 * size);
    let (key, size) = unit.unwrap_or(("span-moment", 1));
    words(language(state)).of_parts(key, vec![("count".to_owned(), Part::Number(seconds / size))])
}

/// `typed("name", known)`: what was typed into a field just now; what is known, when nothing was.
fn typed(state: &State<'_, '_>, name: String, known: Value) -> Result<Value, Error> {
    let frame = state.lookup("frame").unwrap_or_default();
    for pair in frame.get_attr("typed")?.try_iter()? {
        if pair.get_item_by_index(0)?.as_str() == Some(&name) {
            return pair.get_item_by_index(1);
        }
    }
    Ok(known)
}

/// `mistake()`: what is wrong with the form that was sent, in the language of the page.
fn mistake(state: &State<'_, '_>) -> Result<String, Error> {
    said(state, state.lookup("frame").unwrap_or_default().get_attr("mistake")?)
}

/// `said(one)`: the text of its `key`, about its `parts`.
fn said(state: &State<'_, '_>, one: Value) -> Result<String, Error> {
    let key = one.get_attr("key")?.to_string();
    let mut parts = Vec::new();
    for pair in one.get_attr("parts")?.try_iter()? {
        let (name, value) = (pair.get_item_by_index(0)?, pair.get_item_by_index(1)?);
        // A telephone number is a text as well.
        parts.push((name.to_string(), Part::Text(value.to_string())));
    }
    Ok(words(language(state)).of_parts(&key, parts))
}

/// What is wrong, by the words of the taxonomy and of the source.
fn problem(state: &State<'_, '_>, classification: String, feed: String, identifier: String) -> String {
    let classification = classification.parse().unwrap_or(ClassificationType::Undetermined);
    title_of(classification, &feed, &identifier, "", words(language(state)))
}

/// What to do about problems like this.
fn steps(state: &State<'_, '_>, classification: String) -> Vec<String> {
    let classification = classification.parse().unwrap_or(ClassificationType::Undetermined);
    let text = words(language(state)).text(&format!("advice-{}", Family::of(classification).word()));
    text.lines().map(str::to_owned).collect()
}

/// The role in which somebody got a message: one of the register, or the word as it is.
fn contact(state: &State<'_, '_>, role: String) -> String {
    let (words, key) = (words(language(state)), format!("contact-{role}"));
    if words.has(&key) { words.text(&key) } else { role }
}

#[cfg(test)]
mod tests;
