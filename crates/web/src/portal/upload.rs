//! A form with files, as browsers send it (RFC 7578). The rules are those of every other form.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
    response::Response,
};

use super::{Portal, forms::Form, plain, visitor::Visitor};

/// What the files of a form are together, in bytes: the register of all municipalities, several times over. Larger ones go by the command line.
pub const FILES_BYTES_MAX: usize = 4 << 20;

/// The whole form: the files, or their text a second time with each line's end as two signs; and the other fields.
const UPLOAD_BYTES_MAX: usize = 2 * FILES_BYTES_MAX + (64 << 10);

/// More fields than any form of ours has.
const PARTS_MAX: usize = 100;

/// The name of a file is cut after this many characters.
const NAME_CHARS_MAX: usize = 100;

/// The fields of a form that came from a page of ours, and its files: each its name, without folders, and its bytes.
#[derive(Debug)]
pub struct Upload {
    pub form: Form,
    pub files: Vec<(String, Vec<u8>)>,
}

impl FromRequest<Portal> for Upload {
    type Rejection = Response;

    async fn from_request(mut request: Request, portal: &Portal) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return Ok(Self { form: Form::from_request(request, portal).await?, files: Vec::new() });
        }
        let Some(visitor) = request.extensions().get::<Visitor>().cloned() else {
            return Err(plain::nothing());
        };
        DefaultBodyLimit::max(UPLOAD_BYTES_MAX).apply(&mut request);
        let headers = request.headers().clone();
        let parts = match Multipart::from_request(request, portal).await {
            Ok(parts) => parts,
            Err(_) => return Err(broken(portal, &visitor, StatusCode::BAD_REQUEST)),
        };
        let read = read(parts).await.map_err(|error| broken(portal, &visitor, error.status()))?;
        let Some((fields, files)) = read else {
            return Err(broken(portal, &visitor, StatusCode::BAD_REQUEST));
        };
        let form = Form::of(fields, &headers, &visitor).ok_or_else(|| plain::old_form(portal, &visitor))?;
        Ok(Self { form, files })
    }
}

type Fields = Vec<(String, String)>;
type Files = Vec<(String, Vec<u8>)>;

/// `None`: there are too many parts.
async fn read(mut parts: Multipart) -> Result<Option<(Fields, Files)>, MultipartError> {
    let (mut fields, mut files) = (Fields::new(), Files::new());
    while let Some(part) = parts.next_field().await? {
        if fields.len() + files.len() >= PARTS_MAX {
            return Ok(None);
        }
        let (field, file) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(file_name));
        let bytes = part.bytes().await?;
        match file {
            None => fields.push((field, String::from_utf8_lossy(&bytes).into_owned())),
            // A browser sends an empty one when none was chosen.
            Some(name) if name.is_empty() && bytes.is_empty() => {}
            Some(name) => files.push((name, bytes.to_vec())),
        }
    }
    Ok(Some((fields, files)))
}

/// Without folders and on one line.
fn file_name(sent: &str) -> String {
    let name = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    schakel_render::clean::line(name, NAME_CHARS_MAX).into_owned()
}

fn broken(portal: &Portal, visitor: &Visitor, status: StatusCode) -> Response {
    let text = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "upload-too-large",
        _ => "upload-broken",
    };
    plain::message(
        portal,
        visitor,
        status,
        "upload-failed-title",
        text,
        Some(("/register/import", "import-title")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_name_and_no_place() {
        for (sent, name) in [
            ("assets.csv", "assets.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\jan\\assets.csv", "assets.csv"),
            ("..", ".."),
            ("a\r\nb\u{202e}vsc.exe", "a b vsc.exe"),
            ("folder/", ""),
            ("", ""),
        ] {
            assert_eq!(file_name(sent), name, "{sent:?}");
        }
        assert_eq!(file_name(&"x".repeat(10_000)).chars().count(), NAME_CHARS_MAX);
    }
}
