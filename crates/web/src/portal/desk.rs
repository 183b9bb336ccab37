//! `/people`, `/audit`, `/shift`: the desk itself.

use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    audit::{self, AuditEntry},
    portal::{
        accounts::{self, Invite},
        people,
        shift::{self, Accepted},
    },
    requests::AtWork,
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_render::{
    csv::csv_line,
    portal::acting::{Done, Mistake},
};
use schakel_store::{
    Reader,
    act::Act,
    audit::{Action, Filter},
};
use serde::{Deserialize, Serialize};

use super::{
    Portal,
    acting::{Went, act, go_on},
    answer,
    findings::file,
    forms::Form,
    visitor::Visitor,
};

/// Entries of the audit log on a page, and in a file.
const ENTRIES: usize = 200;
/// See [`ENTRIES`].
const ENTRIES_IN_A_FILE: usize = 10_000;

/// `GET /people`
pub async fn people(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, people_page).await
}

fn people_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    visitor.page(portal, StatusCode::OK, "people", people::people(reader, visitor.now)?)
}

#[derive(Serialize)]
struct Invited {
    name: String,
    link: String,
}

/// `POST /people`: invites somebody, and shows the link once.
pub async fn invite(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let (actor, at, sent) = (visitor.name().to_owned(), visitor.now, form.clone());
        let invited = portal.asking.carry_out(move |at_work| {
            let by = Act { at, actor: &actor, reason: sent.trimmed("reason") };
            let roles: Vec<PortalRole> = sent.all("role").filter_map(|role| role.parse().ok()).collect();
            let who = Invite {
                name: sent.trimmed("name"),
                display_name: sent.trimmed("display_name"),
                organisation: sent.trimmed("organisation"),
                roles: &roles,
                language: sent.field("language").parse().unwrap_or(Language::Nl),
            };
            accounts::invite(at_work.intake.store(), &by, &who)
        });
        let name = form.trimmed("name").to_owned();
        let mistake = match invited {
            // A link that is worth an account stands on this page only: in no address, cookie or log.
            Ok(Ok(token)) => {
                let link = accounts::link(&portal.config, &token);
                return visitor.page(portal, StatusCode::OK, "invited", Invited { name, link });
            }
            Ok(Err(error)) => super::acting::mistake(error)?,
            Err(_) => Mistake::new("", "wrong-busy"),
        };
        super::acting::ask_again(portal, visitor, reader, form, mistake, people_page)
    })
    .await
}

/// `POST /people/disable`
pub async fn disable(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let name = form.trimmed("name");
        if name == by.actor {
            return Err(Mistake::new("", "wrong-yourself").into());
        }
        accounts::disable(at_work.intake.store(), by, name)?;
        Ok(Done::Disabled)
    };
    act(&portal, &visitor, form, work, people_page).await
}

/// `POST /people/sessions`: ends one of somebody's.
pub async fn end_session(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |_, visitor, reader| {
        let by = Act { at: visitor.now, actor: visitor.name(), reason: "" };
        people::end_session(reader, &by, form.trimmed("name"), form.field("session"))?;
        Ok(go_on(visitor, &form, Went::on_to(Done::SessionEnded, "/people")))
    })
    .await
}

/// Which entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditAsked {
    actor: String,
    subject: String,
    action: String,
    since: String,
    #[serde(skip_serializing)]
    before: String,
    #[serde(skip_serializing)]
    format: String,
}

/// The audit log.
#[derive(Serialize)]
struct AuditPage {
    asked: AuditAsked,
    actions: Vec<&'static str>,
    people: Vec<String>,
    entries: Vec<Shown>,
    query: String,
    /// Where the next page begins; 0: there is none.
    next: u64,
}

/// An entry of it.
#[derive(Serialize)]
struct Shown {
    entry: u64,
    at: String,
    actor_name: String,
    action: String,
    subject: String,
    reason: String,
    detail: String,
    erased: bool,
}

fn detail(entry: &AuditEntry) -> String {
    let json = entry.detail.as_ref().map(ToString::to_string);
    json.or_else(|| entry.text.clone()).unwrap_or_default()
}

/// `GET /audit`, as a page or as a file.
pub async fn audit(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<AuditAsked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter = Filter {
            subject: text(&asked.subject),
            actor: text(&asked.actor)
                .map(|name| audit::actor_number(reader, &name))
                .transpose()
                .unwrap_or(None),
            action: text(&asked.action),
            before: asked.before.parse().ok(),
            since: asked.since.parse::<jiff::civil::Date>().ok().and_then(|day| {
                day.to_zoned(schakel_app::calendar::amsterdam()).ok().map(|at| at.timestamp().as_second())
            }),
        };
        let as_file = asked.format == "csv";
        let most = if as_file { ENTRIES_IN_A_FILE } else { ENTRIES };
        let entries = audit::list(reader, &filter, most)?;
        if as_file {
            return Ok(file("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\"", csv(&entries)));
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("actor", &asked.actor),
                ("subject", &asked.subject),
                ("action", &asked.action),
                ("since", &asked.since),
            ])
            .finish();
        let mut actions: Vec<&'static str> = Action::ALL.iter().map(|one| one.as_str()).collect();
        actions.sort_unstable();
        let people = schakel_app::portal::work::people(reader)?.into_iter().map(|one| one.name).collect();
        let next = entries.last().filter(|_| entries.len() == most).map_or(0, |last| last.entry);
        let entries = entries.into_iter().map(|one| Shown {
            detail: detail(&one),
            entry: one.entry,
            at: one.at,
            actor_name: one.actor_name,
            action: one.action,
            subject: one.subject,
            reason: one.reason.unwrap_or_default(),
            erased: one.erased,
        });
        let entries = entries.collect();
        visitor.page(
            portal,
            StatusCode::OK,
            "audit",
            AuditPage { asked, actions, people, entries, query, next },
        )
    })
    .await
}

fn csv(entries: &[AuditEntry]) -> Vec<u8> {
    let head = ["entry", "at", "actor", "action", "subject", "reason", "detail", "hash"].map(str::to_owned);
    let mut text = csv_line(&head);
    for one in entries {
        text += &csv_line(&[
            one.entry.to_string(),
            one.at.clone(),
            one.actor_name.clone(),
            one.action.clone(),
            one.subject.clone(),
            one.reason.clone().unwrap_or_default(),
            detail(one),
            one.hash.clone(),
        ]);
    }
    text.into_bytes()
}

/// `GET /shift`
pub async fn shift(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, shift_page).await
}

fn shift_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    visitor.page(portal, StatusCode::OK, "shift", shift::page(reader, visitor.name(), visitor.now)?)
}

/// `POST /shift`: hands over.
pub async fn hand_over(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        if form.trimmed("text").is_empty() {
            return Err(Mistake::new("text", "wrong-empty").into());
        }
        shift::hand_over(at_work.intake.store(), by, form.trimmed("text"))?;
        Ok(Done::HandedOver)
    };
    act(&portal, &visitor, form, work, shift_page).await
}

/// `POST /shift/accept`: by somebody else.
pub async fn accept_shift(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let id: i64 = form.word("shift", "wrong-gone")?;
        match shift::accept(at_work.intake.store(), by, id)? {
            Accepted::Yes => Ok(Done::ShiftAccepted),
            Accepted::Own => Err(Mistake::new("", "wrong-own-shift").into()),
            Accepted::Gone => Err(Mistake::new("", "wrong-gone").into()),
        }
    };
    act(&portal, &visitor, form, work, shift_page).await
}
