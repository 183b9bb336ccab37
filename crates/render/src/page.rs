//! What is put into pages is text, whatever a stranger made of it; and plain pages for whoever has a link.

use std::borrow::Cow;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, escape_formatter};

use crate::clean;

/// Fills a built-in page. Its own test proves that it renders.
pub fn fill(source: &str, values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    show_as_text(&mut environment);
    environment.render_str(source, values).expect("the built-in page renders; a test shows it")
}

/// Has an environment write everything that is put into its pages as text: escaped, and without what turns the direction of other text.
pub(crate) fn show_as_text(environment: &mut Environment<'_>) {
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => match clean::for_a_page(text) {
            Cow::Borrowed(_) => escape_formatter(out, state, value),
            Cow::Owned(text) => escape_formatter(out, state, &Value::from(text)),
        },
        _ => escape_formatter(out, state, value),
    });
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn nothing_that_is_put_in_is_more_than_text() {
        let said = "<b>\u{202e}a\u{2066}\0\u{1b}b\n\té\u{200d}\"";
        let page = fill("{{ said }}|{{ number }}", context! { said, number => 3 });
        assert_eq!(page, "&lt;b&gt;\u{fffd}a\u{fffd}\u{fffd}\u{fffd}b\n\té\u{200d}&quot;|3");
    }
}
