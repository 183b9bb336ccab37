//! One row with every field, named as IntelMQ's data format (IDF) names them: `source.ip`, `extra.tag`.

use std::borrow::Cow;

/// A value as IDF knows them.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// JSON null (kept inside `extra` only).
    Null,
    /// JSON true or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A list (kept inside `extra`, or `product.vulnerabilities`-like fields).
    List(Vec<Value>),
    /// An object (kept inside `extra` only), in the order it came.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A field's name: most are known at compile time.
pub type Field = Cow<'static, str>;

/// One observation with all its fields, in the order they were read. A field stands once.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Event {
    fields: Vec<(Field, Value)>,
}

impl Event {
    /// Sets a field, replacing what stood there.
    pub fn set(&mut self, field: impl Into<Field>, value: Value) {
        let field = field.into();
        match self.fields.iter_mut().find(|(name, _)| *name == field) {
            Some((_, old)) => *old = value,
            None => self.fields.push((field, value)),
        }
    }

    /// A field's value.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// A field's text, empty when it is not there or no text.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).and_then(Value::as_text).unwrap_or("")
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(name, _)| name == field)?;
        Some(self.fields.remove(at).1)
    }

    /// All values, to be changed, with the names of their fields.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.fields.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// All fields, in the order they were read.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_ref(), value))
    }
}
