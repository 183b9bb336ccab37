//! Pages of plain HTML for whoever has a link: one way to fill them, in which everything that is put in is escaped.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// Fills a built-in page. Its own test proves that it renders.
pub fn fill(source: &str, values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.render_str(source, values).expect("the built-in page renders; a test shows it")
}
