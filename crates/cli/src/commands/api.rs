//! `schakel api`: asks a running Schakel over HTTP, so that scripts need no other program for it. The key stands in a file or in the environment,
//! never among the arguments, which everybody on the machine can see.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use schakel_app::config;
use schakel_lookup::api::{Answer, ApiClient};
use serde_json::Value;

use crate::{
    Context,
    output::{Ending, plain, print_line, say},
};

/// Where the service is, before the configuration.
const URL: &str = "SCHAKEL_API_URL";
/// The key.
const TOKEN: &str = "SCHAKEL_API_TOKEN";

/// Pages that --all follows: more is a question to ask in parts.
const PAGES_MAX: usize = 10_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
#[value(rename_all = "UPPER")]
#[allow(missing_docs)]
pub enum ApiMethod {
    Get,
    Post,
}

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ApiArgs {
    /// GET looks, POST does something
    #[arg(ignore_case = true)]
    method: ApiMethod,
    /// Below /api/v1, for example "/findings?severity=high&open=true"
    path: String,
    /// What is posted: a file with JSON, or - for standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// All pages of a list as one
    #[arg(long)]
    all: bool,
    /// The same POST with the same key is done once: of your making, for when you try again
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

pub fn run(context: &Context, args: &ApiArgs) -> anyhow::Result<Ending> {
    let client = client(context)?;
    let body = body(args)?;
    let key = args.idempotency_key.as_deref();
    let answer = client.ask(&args.path, body.as_deref(), key)?;
    if !is_success(&answer) {
        return refused(&answer);
    }
    if !args.all || answer.next.is_none() {
        let mut out = std::io::stdout().lock();
        out.write_all(&answer.body)?;
        if !answer.body.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
        return Ok(Ending::Done);
    }
    all(&client, answer)
}

/// The pages of a list, put together.
fn all(client: &ApiClient, first: Answer) -> anyhow::Result<Ending> {
    let mut items = Vec::new();
    let mut answer = first;
    for _ in 0..PAGES_MAX {
        if !is_success(&answer) {
            return refused(&answer);
        }
        let mut page: Value =
            serde_json::from_slice(&answer.body).context("the service does not answer with JSON")?;
        match page["items"].take() {
            Value::Array(more) => items.extend(more),
            _ => bail!("this is no list: leave --all out"),
        }
        match &answer.next {
            None => {
                print_line(&serde_json::json!({ "items": items }).to_string());
                return Ok(Ending::Done);
            }
            Some(next) => answer = client.ask(next, None, None)?,
        }
    }
    bail!("there are more than {PAGES_MAX} pages: ask for less at once")
}

fn client(context: &Context) -> anyhow::Result<ApiClient> {
    let config = config::load(&context.data)?;
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let url = set(URL).unwrap_or_else(|| config.api.client.url.clone());
    ensure!(!url.is_empty(), "say where the service is: {URL}, or api.client.url in schakel.toml");
    let file = &config.api.client.token_file;
    let token = match set(TOKEN) {
        Some(token) => token,
        None if !file.as_os_str().is_empty() => {
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => bail!("there is no key: {TOKEN}, or api.client.token_file in schakel.toml"),
    };
    Ok(ApiClient::new(&url, token.trim(), &config.outgoing)?)
}

fn body(args: &ApiArgs) -> anyhow::Result<Option<Vec<u8>>> {
    let bytes = match (args.method, &args.body) {
        (ApiMethod::Get, None) => return Ok(None),
        (ApiMethod::Get, Some(_)) => bail!("a GET has no body"),
        (ApiMethod::Post, None) => b"{}".to_vec(),
        (ApiMethod::Post, Some(path)) if path.as_os_str() == "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            bytes
        }
        (ApiMethod::Post, Some(path)) => {
            fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
        }
    };
    Ok(Some(bytes))
}

fn is_success(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

/// Problem details as sentences. What the other side says is shown as plain text.
fn refused(answer: &Answer) -> anyhow::Result<Ending> {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |value: &Value| plain(value.as_str().unwrap_or_default(), 500);
    let (title, detail) = (text(&problem["title"]), text(&problem["detail"]));
    say(format!("error: {} {title}: {detail}", answer.status));
    for fault in problem["errors"].as_array().into_iter().flatten() {
        say(format!("  {} {}: {}", text(&fault["in"]), text(&fault["location"]), text(&fault["detail"])));
    }
    Ok(Ending::Failed)
}
