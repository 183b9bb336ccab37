//! What was done, for the next page: in a cookie that lasts until that page, closed with what only this session's pages know. It names a text
//! of ours and holds no words of anybody.

use schakel_render::portal::acting::{Notice, Undo};
use url::form_urlencoded::{Serializer, parse};

use super::forms::same;

const CONTEXT: &str = "schakel 2026 notice of the portal v1";

/// As it stands in the cookie.
pub fn write(form_token: &str, notice: &Notice) -> String {
    let mut text = Serializer::new(String::new());
    text.append_pair("done", notice.done.key()).append_pair("count", &notice.count.to_string());
    if let Some(undo) = &notice.undo {
        text.append_pair("action", &undo.action).append_pair("what", &undo.what);
    }
    let text = text.finish();
    format!("{}.{text}", seal(form_token, &text))
}

/// What stands in the cookie; nothing when it is none of ours.
pub fn read(form_token: &str, cookie: &str) -> Option<Notice> {
    let (seal_of_it, text) = cookie.split_once('.')?;
    if form_token.is_empty() || !same(seal_of_it, &seal(form_token, text)) {
        return None;
    }
    let field = |name: &str| parse(text.as_bytes()).find(|(one, _)| one == name).map(|(_, value)| value);
    Some(Notice {
        done: field("done")?.parse().ok()?,
        count: field("count")?.parse().ok()?,
        undo: match (field("action"), field("what")) {
            (Some(action), Some(what)) => Some(Undo { action: action.into_owned(), what: what.into_owned() }),
            _ => None,
        },
    })
}

fn seal(form_token: &str, text: &str) -> String {
    let key = blake3::derive_key(CONTEXT, form_token.as_bytes());
    blake3::keyed_hash(&key, text.as_bytes()).to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use schakel_render::portal::acting::Done;

    use super::*;

    #[test]
    fn only_what_this_session_was_told_is_said() {
        let undo = Some(Undo { action: "/findings/undo".into(), what: "7".into() });
        let notice = Notice { count: 3, undo, ..Done::Saved.into() };
        let cookie = write("token", &notice);
        assert!(cookie.bytes().all(|byte| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte)), "{cookie}");
        assert_eq!(read("token", &cookie), Some(notice));
        assert_eq!(read("another", &cookie), None);
        assert_eq!(read("", &write("", &Done::Saved.into())), None);
        assert_eq!(read("token", &cookie.replace("saved", "undone")), None);
        assert_eq!(read("token", ""), None);
    }
}
