//! Files that are sent with a form: what is no list, has a hostile name, breaks off or is too large is refused in a sentence, and nothing of it is a page.

use super::*;
use crate::portal::upload::FILES_BYTES_MAX;

const BOUNDARY: &str = "----x";

/// A field; with a file name, a file.
fn part(name: &str, file: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let file = file.map_or_else(String::new, |file| {
        format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream")
    });
    let mut part =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes();
    part.extend_from_slice(bytes);
    part.extend_from_slice(b"\r\n");
    part
}

fn whole(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat()
}

async fn import(place: &Place, site: &str, body: Vec<u8>) -> (StatusCode, String) {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/register/import")
        .header(header::COOKIE, &place.cookie)
        .header("sec-fetch-site", site)
        .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Body::from(body))
        .unwrap();
    let (answer, page) = send(router(place.portal.clone()), request).await;
    (answer.status(), page)
}

#[test]
fn files_come_from_a_page_of_ours_or_not_at_all() {
    run(async {
        let place = place();
        let file = part("files", Some("assets.csv"), b"a,b");
        let token = part("form_token", None, place.form_token.as_bytes());
        for (site, body) in [
            ("same-origin", whole(std::slice::from_ref(&file))),
            ("same-origin", whole(&[part("form_token", None, b"0000"), file.clone()])),
            ("same-origin", whole(&[part("form_token", Some("x"), place.form_token.as_bytes())])),
            ("cross-site", whole(&[token, file])),
        ] {
            let (status, page) = import(&place, site, body).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{site}");
            assert!(page.contains("This form is too old"), "{page}");
        }
    });
}

#[test]
fn what_is_no_list_is_refused_in_a_sentence() {
    run(async {
        let place = place();
        let import = |name, bytes: Vec<u8>| {
            let place = &place;
            let token = part("form_token", None, place.form_token.as_bytes());
            let body = whole(&[token, part("scope", None, b"additions"), part("files", Some(name), &bytes)]);
            async move { import(place, "same-origin", body).await }
        };
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
        for (name, bytes, says) in [
            ("x.svg", svg.clone(), "x.svg is no list that we know"),
            ("assets.csv", svg, "assets.csv is no list that we know"),
            ("x.html", b"\n<!DOCTYPE html><script>alert(1)</script>".to_vec(), "x.html is no list"),
            ("x.csv", b"PK\x03\x04\x00\x00".to_vec(), "x.csv is no list"),
            ("x.csv", b"name\nCaf\xe9\n".to_vec(), "x.csv is no text in UTF-8"),
            ("../../<img src=x>.csv", b"<p>".to_vec(), "&lt;img src=x&gt;.csv is no list"),
            ("../../etc/passwd", b"<p>".to_vec(), "passwd is no list"),
            ("x.csv", vec![b'a'; FILES_BYTES_MAX + 1], "These files are more than 4 MB together"),
            ("", Vec::new(), "Fill this in"),
        ] {
            let (status, page) = import(name, bytes).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
            assert!(page.contains(says), "{name}: {page}");
            for page_of_theirs in ["<svg xmlns", "<script>alert", "<img src=x", "etc/passwd"] {
                assert!(!page.contains(page_of_theirs), "{name}: {page}");
            }
        }
    });
}

#[test]
fn what_breaks_off_is_too_large_or_has_no_end_of_parts_changes_nothing() {
    run(async {
        let place = place();
        let token = part("form_token", None, place.form_token.as_bytes());
        let file = part("files", Some("assets.csv"), b"organisation,kind,value");
        let all = whole(&[token.clone(), file.clone()]);
        let lines = vec![token.clone(); 101];
        for (status, says, body) in [
            (400, "broke off", all[..all.len() - 40].to_vec()),
            (400, "broke off", token.clone()),
            (400, "broke off", Vec::new()),
            (400, "broke off", b"\xff\x00 no form at all".to_vec()),
            (400, "broke off", whole(&lines)),
            (
                413,
                "too large",
                whole(&[token.clone(), part("files", Some("x"), &vec![b'a'; 3 * FILES_BYTES_MAX])]),
            ),
            (413, "too large", whole(&[token, part("text", None, &vec![b'a'; 3 * FILES_BYTES_MAX])])),
        ] {
            let (answered, page) = import(&place, "same-origin", body).await;
            assert_eq!(answered.as_u16(), status, "{says}: {page}");
            assert!(page.contains(says), "{page}");
        }
    });
}
