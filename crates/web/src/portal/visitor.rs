//! Who asks: found out before a page is made, and turned away here when they may not see it.

use std::borrow::Cow;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::Next,
    response::Response,
};
use schakel_app::portal::sign_in::{self, Person, form_token};
use schakel_model::{account::PortalRole, language::Language};
use schakel_render::portal::{
    Desk, Frame, Way,
    acting::{Mistake, Notice},
};
use schakel_rules::access::{Right, may};

use super::{
    Portal, cookies, export,
    head::{html, see_other},
    notices, own, plain,
};

/// Whom a page is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Everybody.
    Anybody,
    /// Whoever has this right.
    Has(Right),
}

/// Who asks, and how they read.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who is signed in.
    pub person: Option<Person>,
    /// Their language.
    pub language: Language,
    /// `light`, `dark`, or empty.
    pub theme: &'static str,
    /// The address, without what is asked of it.
    pub path: String,
    /// The code of the organisation that somebody of a member looks at; empty: the page is about none.
    pub looks_at: String,
    /// What the browser says it is.
    pub agent: String,
    /// What proves that a form of theirs is ours; empty: nobody is signed in.
    pub form_token: String,
    /// The cookie of the first step of signing in.
    pub half_way: String,
    /// What was done just now.
    pub notice: Option<Notice>,
    /// What is wrong with the form that was sent.
    pub mistake: Option<Mistake>,
    /// What was typed into it.
    pub typed: Vec<(String, String)>,
    /// The page that is looked at, with what is asked of it: forms lead back to it.
    pub here: String,
    /// What the browser carries between two steps.
    pub carried: String,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// The ways in the bar, each with the right that it asks for.
const WAYS: &[(Right, &str, &str)] = &[
    (Right::SeeDesk, "morning", "/"),
    (Right::SeeCases, "findings", "/findings"),
    (Right::SeeCases, "vetting-title", "/vetting"),
    (Right::SeeCases, "answers-way", "/answers"),
    (Right::SeeCases, "calls-title", "/calls"),
    (Right::SeeCases, "mail-way", "/outbox"),
    (Right::SeeRegister, "organisations", "/organisations"),
    (Right::SeeCases, "reports-title", "/reports"),
    (Right::SeeRules, "policy-title", "/policy"),
    (Right::SeeCases, "shift-title", "/shift"),
    (Right::ManageAccounts, "people-title", "/people"),
    (Right::SeeAudit, "audit-title", "/audit"),
    (Right::SeeRegister, "explain-way", "/explain"),
    (Right::SeeFigures, "sector-way", "/sector"),
];

/// Those of a member: they go on from the address of an organisation.
const OWN_WAYS: &[(Right, &str, &str)] = &[
    (Right::SeeOwn, "own-front", ""),
    (Right::SeeOwn, "findings", "/findings"),
    (Right::SeeOwn, "own-sent", "/sent"),
    (Right::SeeOwn, "own-weekly", "/weekly"),
    (Right::SeeOwn, "own-register", "/register"),
    (Right::ManageOwnAccounts, "own-people", "/people"),
];

/// Those of a member that are about all.
const SHARED_WAYS: &[(Right, &str, &str)] = &[(Right::SeeOwn, "sector-way", "/sector")];

impl Visitor {
    /// The name they sign in and act with; empty: nobody is signed in.
    pub fn name(&self) -> &str {
        self.person.as_ref().map_or("", |person| &person.account.name)
    }

    /// May they?
    pub fn may(&self, right: Right) -> bool {
        self.person.as_ref().is_some_and(|person| may(&person.account.roles, right))
    }

    /// A page in its frame.
    pub fn page(
        &self,
        portal: &Portal,
        status: StatusCode,
        name: &str,
        page: impl serde::Serialize,
    ) -> anyhow::Result<Response> {
        if status == StatusCode::OK
            && let Some(file) = export::of(name, &self.here, &page)?
        {
            return Ok(file);
        }
        let frame = Frame { export: export::address(name, &self.path, &self.here), ..self.frame(portal) };
        let body = portal.pages.page(name, &frame, page).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let mut response = html(status, body, portal.tls);
        if self.notice.is_some() {
            cookies::forget(response.headers_mut(), cookies::NOTICE);
        }
        Ok(response)
    }

    fn frame(&self, portal: &Portal) -> Frame {
        let roles = self.person.as_ref().map_or(&[][..], |person| &person.account.roles);
        Frame {
            language: self.language,
            theme: self.theme,
            sender: portal.config.sender.clone(),
            path: self.path.clone(),
            person: self
                .person
                .as_ref()
                .map_or_else(String::new, |person| person.account.display_name.clone()),
            form_token: self.form_token.clone(),
            desk: Desk {
                phone: portal.config.portal.desk_phone.clone(),
                mail: portal.config.portal.desk_mail.clone(),
            },
            ways: self.ways(roles),
            notice: self.notice.clone(),
            mistake: self.mistake.clone(),
            typed: self.typed.clone(),
            here: self.here.clone(),
            export: String::new(),
            may: Right::ALL.into_iter().map(|right| (right.as_str(), may(roles, right))).collect(),
            now: self.now,
        }
    }

    fn ways(&self, roles: &[PortalRole]) -> Vec<Way> {
        let own = self.own_address();
        let of_desk = WAYS.iter().map(|(right, key, href)| (*right, *key, Cow::Borrowed(*href)));
        let of_member =
            OWN_WAYS.iter().map(|(right, key, rest)| (*right, *key, Cow::Owned(format!("{own}{rest}"))));
        let shared = SHARED_WAYS.iter().map(|(right, key, href)| (*right, *key, Cow::Borrowed(*href)));
        let theirs = of_desk.chain(of_member).chain(shared).filter(|(right, ..)| may(roles, *right));
        theirs.map(|(_, key, href)| Way { key, href }).collect()
    }

    /// The address of the organisation that somebody of a member looks at: their own, when the page is about none.
    fn own_address(&self) -> String {
        match (self.looks_at.as_str(), &self.person) {
            ("", Some(person)) => own::address(&person.account.organisation),
            (code, _) => own::address(code),
        }
    }
}

/// Finds out who asks, and lets them through or turns them away.
pub async fn receive(
    State((portal, access)): State<(Portal, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(response) = remember_taste(request.method(), request.uri()) {
        return response;
    }
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let asked = portal.clone();
    let here = match *request.method() {
        Method::GET => uri.path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        _ => "/".to_owned(),
    };
    let found = tokio::task::spawn_blocking(move || visitor(&asked, &uri, here, &headers)).await;
    let visitor = match found {
        Ok(Ok(visitor)) => visitor,
        Ok(Err(error)) => {
            tracing::error!(error = %format!("{error:#}"), "nobody can be signed in");
            return plain::nothing();
        }
        Err(_) => return plain::nothing(),
    };
    if let Access::Has(right) = access {
        match &visitor.person {
            None => return turn_to_sign_in(request.method(), request.uri()),
            // The first page is another for a member.
            Some(person) if right == Right::SeeDesk && may(&person.account.roles, Right::SeeOwn) => {
                return see_other(&own::address(&person.account.organisation));
            }
            Some(person) if !may(&person.account.roles, right) => return plain::forbidden(&portal, &visitor),
            Some(_) => {}
        }
    }
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

fn visitor(portal: &Portal, uri: &Uri, here: String, headers: &HeaderMap) -> anyhow::Result<Visitor> {
    let now = portal.clock.now_seconds();
    let cookie = cookies::read(headers, cookies::SESSION);
    let reader = portal.readers.get()?;
    let person = if cookie.is_empty() { None } else { sign_in::person(&reader, now, cookie)? };
    let form_token = person
        .as_ref()
        .map_or_else(String::new, |person| form_token(&reader.secret(), &person.session.token));
    let text =
        |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let chosen = cookies::read(headers, cookies::LANGUAGE).parse().ok();
    let own = person.as_ref().map(|person| person.account.language);
    Ok(Visitor {
        language: chosen.or(own).unwrap_or_else(|| preferred(text(header::ACCEPT_LANGUAGE))),
        theme: match cookies::read(headers, cookies::THEME) {
            "dark" => "dark",
            "light" => "light",
            _ => "",
        },
        path: uri.path().to_owned(),
        looks_at: String::new(),
        here,
        notice: notices::read(&form_token, cookies::read(headers, cookies::NOTICE)),
        mistake: None,
        typed: Vec::new(),
        agent: text(header::USER_AGENT).to_owned(),
        form_token,
        half_way: cookies::read(headers, cookies::HALF_WAY).to_owned(),
        carried: cookies::read(headers, cookies::CARRIED).to_owned(),
        person,
        now,
    })
}

/// English when it is asked for and Dutch is not.
fn preferred(accepted: &str) -> Language {
    let asks = |code: &str| accepted.split(',').any(|one| one.trim().to_ascii_lowercase().starts_with(code));
    if asks("en") && !asks("nl") { Language::En } else { Language::Nl }
}

/// `?lang=` and `?theme=` are remembered, and the page is fetched again without them.
fn remember_taste(method: &Method, uri: &Uri) -> Option<Response> {
    let query = uri.query().filter(|_| method == Method::GET)?;
    let mut tastes: Vec<(&str, &'static str)> = Vec::new();
    let mut rest = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("lang", "nl") => tastes.push((cookies::LANGUAGE, "nl")),
            ("lang", "en") => tastes.push((cookies::LANGUAGE, "en")),
            ("theme", "dark") => tastes.push((cookies::THEME, "dark")),
            ("theme", "light") => tastes.push((cookies::THEME, "light")),
            _ => {
                rest.append_pair(&name, &value);
            }
        }
    }
    if tastes.is_empty() {
        return None;
    }
    let rest = rest.finish();
    let path = if rest.is_empty() { uri.path().to_owned() } else { format!("{}?{rest}", uri.path()) };
    // A path can begin with two slashes, which a browser would take for another host.
    let mut response = see_other(&format!("/{}", path.trim_start_matches('/')));
    for (name, value) in tastes {
        cookies::keep_taste(response.headers_mut(), name, value);
    }
    Some(response)
}

fn turn_to_sign_in(method: &Method, uri: &Uri) -> Response {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let next = if method == Method::GET { wanted } else { "/" };
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    see_other(&format!("/sign-in?{query}"))
}
