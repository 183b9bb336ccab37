//! `/api/v1/uploads`: a report in pieces, over as many connections as it takes: tus 1.0.0 (<https://tus.io/protocols/resumable-upload>) with
//! its extensions creation, termination, expiration and checksum.
//!
//! The piece that makes it whole hands it to the spool; its receipt stands in the answer, and in that to `HEAD` from then on.

use std::io;

use axum::{
    body::Body,
    extract::{Extension, Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use ring::digest;
use schakel_app::{
    doors::SpoolDoor,
    uploads::{AppendError, KEPT_SECONDS, Progress},
};
use schakel_model::arrival::{Door, Envelope, Receipt};

use super::{
    Api,
    body::{Broken, Paced, Pieces},
    caller::Caller,
    problem::Problem,
};
use crate::listener::Peer;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,termination,expiration,checksum";
const ALGORITHMS: &str = "sha1,sha256";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// Ours: the number of the report that an upload became.
const RECEIPT: HeaderName = HeaderName::from_static("schakel-receipt");

/// "Checksum Mismatch", a status of tus's own.
const CHECKSUM_MISMATCH: u16 = 460;

/// `OPTIONS`: what we can do. Nobody in particular may ask.
pub(super) async fn options() -> Response {
    let head = [
        (TUS_RESUMABLE, VERSION),
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, EXTENSIONS),
        (TUS_CHECKSUM_ALGORITHM, ALGORITHMS),
    ];
    (StatusCode::NO_CONTENT, head).into_response()
}

/// `POST`: begins one.
pub(super) async fn create(State(api): State<Api>, Caller(source): Caller, head: HeaderMap) -> Response {
    let begin = async {
        speaks_our_version(&head)?;
        let length = number(&head, &UPLOAD_LENGTH)?;
        if length == 0 {
            return Err(Problem::bad("Upload-Length is 0: a report has bytes."));
        }
        let envelope = Envelope {
            door: Door::Api,
            source: source.code,
            received_at: api.clock.now_seconds(),
            name: name_in_metadata(&head),
            sender: String::new(),
            peer: None,
        };
        let (door, ends_at) = (api.door()?, envelope.received_at.saturating_add(KEPT_SECONDS));
        let id = tokio::task::spawn_blocking(move || door.begin_upload(&envelope, length)).await;
        let id = id.map_err(Problem::trouble)??;
        let head = [(LOCATION, value(format!("/api/v1/uploads/{id}"))), (UPLOAD_EXPIRES, date(ends_at))];
        Ok((StatusCode::CREATED, head).into_response())
    };
    in_tus(begin.await)
}

/// `HEAD`: how far it is.
pub(super) async fn show(
    State(api): State<Api>,
    Caller(source): Caller,
    Path(id): Path<String>,
    Extension(peer): Extension<Peer>,
    head: HeaderMap,
) -> Response {
    let look = async {
        speaks_our_version(&head)?;
        let (door, now) = (api.door()?, api.clock.now_seconds());
        let envelope = envelope(source.code, now, peer);
        let look = move || progress(&door, envelope, &id, now);
        let progress = tokio::task::spawn_blocking(look).await.map_err(Problem::trouble)??;
        let mut response = StatusCode::OK.into_response();
        let head = response.headers_mut();
        head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        head.insert(UPLOAD_OFFSET, HeaderValue::from(progress.offset));
        head.insert(UPLOAD_LENGTH, HeaderValue::from(progress.length));
        head.insert(UPLOAD_EXPIRES, date(progress.ends_at));
        if let Some(receipt) = progress.receipt {
            head.insert(RECEIPT, value(receipt.to_string()));
        }
        Ok(response)
    };
    in_tus(look.await)
}

/// How far it is. One that is whole and was not handed over, because there was no room or we stopped, is handed over now.
fn progress(door: &SpoolDoor, envelope: Envelope, id: &str, now: i64) -> Result<Progress, Problem> {
    let look = door.uploads().progress(&envelope.source, id, now).map_err(Problem::trouble)?;
    let mut progress = look.ok_or_else(Problem::not_found)?;
    if progress.offset == progress.length && progress.receipt.is_none() {
        progress.receipt = Some(door.keep_upload(envelope, id)?);
    }
    Ok(progress)
}

/// `PATCH`: more bytes of it.
pub(super) async fn append(
    State(api): State<Api>,
    Caller(source): Caller,
    Path(id): Path<String>,
    Extension(peer): Extension<Peer>,
    head: HeaderMap,
    body: Body,
) -> Response {
    let add = async {
        speaks_our_version(&head)?;
        if head.get(CONTENT_TYPE).is_none_or(|value| value != "application/offset+octet-stream") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Content-Type must be application/offset+octet-stream.",
            ));
        }
        let piece = Piece {
            envelope: envelope(source.code, api.clock.now_seconds(), peer),
            id,
            offset: number(&head, &UPLOAD_OFFSET)?,
            checksum: checksum(&head)?,
        };
        let door = api.door()?;
        let stream = api.streams.take(&piece.envelope.source).ok_or_else(Problem::busy)?;
        let work = move |pieces| {
            let added = piece.add(&door, pieces);
            drop(stream);
            added
        };
        let (offset, receipt) = Paced::new(body).feed(work).await.map_err(Problem::trouble)??;
        let mut response =
            (StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, HeaderValue::from(offset))]).into_response();
        if let Some(receipt) = receipt {
            response.headers_mut().insert(RECEIPT, value(receipt.to_string()));
        }
        Ok(response)
    };
    in_tus(add.await)
}

/// `DELETE`: away with it.
pub(super) async fn remove(
    State(api): State<Api>,
    Caller(source): Caller,
    Path(id): Path<String>,
    head: HeaderMap,
) -> Response {
    let remove = async {
        speaks_our_version(&head)?;
        let (door, now) = (api.door()?, api.clock.now_seconds());
        let removed = tokio::task::spawn_blocking(move || door.uploads().remove(&source.code, &id, now));
        removed.await.map_err(Problem::trouble)??;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    in_tus(remove.await)
}

/// What one request adds.
struct Piece {
    envelope: Envelope,
    id: String,
    offset: u64,
    checksum: Option<Checksum>,
}

impl Piece {
    /// Writes what comes. Gives how far it is now, and its receipt when that is all. What broke off stays, unless its checksum was to be
    /// right.
    fn add(self, door: &SpoolDoor, mut pieces: Pieces) -> Result<(u64, Option<Receipt>), Problem> {
        let Envelope { source, received_at, .. } = &self.envelope;
        let mut appending = door.uploads().append(source, &self.id, self.offset, *received_at)?;
        let mut sum = self.checksum.as_ref().map(|checksum| digest::Context::new(checksum.algorithm));
        let broken = loop {
            match pieces.next() {
                Ok(None) => break None,
                Ok(Some(piece)) if piece.len() as u64 > appending.room() => {
                    appending.cut_back_to(self.offset).map_err(Problem::trouble)?;
                    return Err(Problem::bad("There are more bytes than Upload-Length says."));
                }
                Ok(Some(piece)) => {
                    appending.push(&piece).map_err(Problem::trouble)?;
                    sum.iter_mut().for_each(|sum| sum.update(&piece));
                }
                Err(broken) => break Some(broken),
            }
        };
        if let (Some(checksum), Some(sum)) = (&self.checksum, sum)
            && (broken.is_some() || sum.finish().as_ref() != checksum.expected)
        {
            appending.cut_back_to(self.offset).map_err(Problem::trouble)?;
            if broken.is_none() {
                return Err(mismatch());
            }
        }
        let (offset, is_whole) = appending.finish().map_err(Problem::trouble)?;
        match broken {
            Some(Broken::Slow) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "The bytes came too slowly; ask with HEAD where to go on.",
            )),
            // Nobody is there to read this any more.
            Some(Broken::Cut) => Err(Problem::bad("The request broke off.")),
            None if is_whole => Ok((offset, Some(door.keep_upload(self.envelope, &self.id)?))),
            None => Ok((offset, None)),
        }
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Unknown => Self::not_found(),
            AppendError::Busy => Self::new(StatusCode::LOCKED, "Another request is adding to this upload."),
            AppendError::Offset(at) => {
                Self::new(StatusCode::CONFLICT, format!("The upload is at byte {at}: go on from there."))
            }
            AppendError::Disk(error) => Self::trouble(error),
        }
    }
}

/// What the bytes of a request must come to.
struct Checksum {
    algorithm: &'static digest::Algorithm,
    expected: Vec<u8>,
}

/// `Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=`
fn checksum(head: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = head.get(&UPLOAD_CHECKSUM) else { return Ok(None) };
    let bad = || Problem::bad(format!("Upload-Checksum must be one of {ALGORITHMS} and the sum in base64."));
    let (word, sum) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(bad)?;
    let algorithm = match word {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => &digest::SHA256,
        _ => return Err(bad()),
    };
    Ok(Some(Checksum { algorithm, expected: STANDARD.decode(sum.trim()).map_err(|_| bad())? }))
}

fn mismatch() -> Problem {
    let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
    Problem::new(status, "The bytes do not have this checksum; nothing of them was kept.")
}

fn envelope(source: String, received_at: i64, Peer(peer): Peer) -> Envelope {
    let (name, sender) = (String::new(), String::new());
    Envelope { door: Door::Api, source, received_at, name, sender, peer: Some(peer) }
}

fn speaks_our_version(head: &HeaderMap) -> Result<(), Problem> {
    if head.get(&TUS_RESUMABLE).is_some_and(|value| value == VERSION) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "Send `Tus-Resumable: 1.0.0`: no other version is known here.",
    ))
}

fn number(head: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let found = head.get(name).and_then(|value| value.to_str().ok()?.parse().ok());
    found.ok_or_else(|| Problem::bad(format!("{name} must be a number of bytes.")))
}

/// The name under `filename` or `name` in `Upload-Metadata: filename ZmVlZC5jc3Y=,type dGV4dC9jc3Y=`.
fn name_in_metadata(head: &HeaderMap) -> String {
    let text = head.get(&UPLOAD_METADATA).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pairs = text.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let name = pairs
        .filter(|(key, _)| matches!(*key, "filename" | "name"))
        .find_map(|(_, name)| String::from_utf8(STANDARD.decode(name.trim()).ok()?).ok());
    name.unwrap_or_default()
}

fn date(at: i64) -> HeaderValue {
    let at = Timestamp::from_second(at).unwrap_or_default();
    value(DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default())
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// Every answer says which version was spoken; one to a version we do not know says which we do.
fn in_tus(result: Result<Response, Problem>) -> Response {
    let mut response = result.into_response();
    let head = response.headers_mut();
    head.insert(TUS_RESUMABLE, HeaderValue::from_static(VERSION));
    head.insert(TUS_VERSION, HeaderValue::from_static(VERSION));
    response
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::trouble(error)
    }
}
