//! JSON in its canonical form (RFC 8785): one text for one value, so that a signature is over what is read and nothing else.
//!
//! Reading takes the canonical form only. A key that stands twice, white space, another order or another spelling of a number does not come
//! back as the same bytes, and is refused.

use serde_json::{Map, Number, Value};

use super::jcs_reader;

/// The largest whole number that every reader of JSON takes for what it is (RFC 7493 section 2.2).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// From here on a number is written with an exponent.
const EXPONENT_FROM: f64 = 1e21;

/// A value that has no canonical form: a number that not every reader takes for the same.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the number {0} is not the same for every reader of JSON: write it as text")]
pub struct NoCanonicalForm(String);

/// Bytes that are no JSON, or JSON that is written in another way than RFC 8785 says, or with a key twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("it is no JSON in the canonical form of RFC 8785")]
pub struct NotCanonical;

/// A value in its canonical form.
pub fn write(value: &Value) -> Result<Vec<u8>, NoCanonicalForm> {
    let mut out = Vec::new();
    put(&mut out, value)?;
    Ok(out)
}

/// The value of bytes in their canonical form.
pub fn read(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let value = std::str::from_utf8(bytes).ok().and_then(jcs_reader::read).ok_or(NotCanonical)?;
    match write(&value) {
        Ok(written) if written == bytes => Ok(value),
        _ => Err(NotCanonical),
    }
}

/// Can a number be written so that every reader takes it for the same?
pub fn fits(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(whole), _) => whole <= INTEGER_MAX,
        (None, Some(whole)) => whole.unsigned_abs() <= INTEGER_MAX,
        // A whole one would be written, and read, as a whole number.
        (None, None) => number.as_f64().is_some_and(|float| {
            float.is_finite()
                && (float.fract() != 0.0 || float.abs() <= INTEGER_MAX as f64 || float.abs() >= EXPONENT_FROM)
        }),
    }
}

fn put(out: &mut Vec<u8>, value: &Value) -> Result<(), NoCanonicalForm> {
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::Number(number) => put_number(out, number)?,
        Value::String(text) => put_text(out, text),
        Value::Array(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                put(out, value)?;
            }
            out.push(b']');
        }
        Value::Object(members) => put_object(out, members)?,
    }
    Ok(())
}

fn put_object(out: &mut Vec<u8>, members: &Map<String, Value>) -> Result<(), NoCanonicalForm> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    // Names go by their UTF-16 units (section 3.2.3).
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push(b'{');
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        put_text(out, name);
        out.push(b':');
        put(out, value)?;
    }
    out.push(b'}');
    Ok(())
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let escaped: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            8 => b"\\b",
            9 => b"\\t",
            10 => b"\\n",
            12 => b"\\f",
            13 => b"\\r",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend(&bytes[plain..at]);
        plain = at + 1;
        match escaped {
            b"" => out.extend(format!("\\u{byte:04x}").as_bytes()),
            escaped => out.extend(escaped),
        }
    }
    out.extend(&bytes[plain..]);
    out.push(b'"');
}

fn put_number(out: &mut Vec<u8>, number: &Number) -> Result<(), NoCanonicalForm> {
    if !fits(number) {
        return Err(NoCanonicalForm(number.to_string()));
    }
    match (number.is_f64(), number.as_f64()) {
        (true, Some(float)) => out.extend(of_float(float).as_bytes()),
        _ => out.extend(number.to_string().as_bytes()),
    }
    Ok(())
}

/// As ECMAScript writes a number (section 7.1.12.1 of ECMA-262 10th edition): the shortest digits that read back.
fn of_float(float: f64) -> String {
    if float == 0.0 {
        return "0".to_owned();
    }
    let sign = if float < 0.0 { "-" } else { "" };
    // `d.ddde-7`, with the shortest digits that read back.
    let scientific = format!("{:e}", float.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("it has an exponent");
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    // The place of the point, counted from the first digit.
    let point = exponent.parse::<i32>().expect("it is a number") + 1;
    let count = digits.len() as i32;
    let zeros = |n: i32| "0".repeat(n.unsigned_abs() as usize);
    let text = if count <= point && point <= 21 {
        format!("{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, rest) = digits.split_at(point as usize);
        format!("{whole}.{rest}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(point))
    } else {
        let (first, rest) = digits.split_at(1);
        let point_and_rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{point_and_rest}e{}{}", if point > 0 { "+" } else { "-" }, (point - 1).abs())
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By a reader that takes every way of writing, but whose floats are not exact.
    fn canonical(text: &str) -> String {
        String::from_utf8(write(&serde_json::from_str(text).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // Section 3.2.2 and 3.2.4, but for a number that needs an exact reader.
        let text = r#"{"numbers":[333333333.5,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        assert_eq!(
            canonical(text),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.5,1e+30,4.5,0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        );
        // Section 3.2.3: by UTF-16 units, so that U+1F600 goes before U+FB33.
        let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        assert_eq!(
            canonical(text),
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        // Appendix B of RFC 8785.
        for (bits, text) in [
            (0x0000000000000000u64, "0"),
            (0x8000000000000000, "0"),
            (0x0000000000000001, "5e-324"),
            (0x7fefffffffffffff, "1.7976931348623157e+308"),
            (0x4340000000000000, "9007199254740992"),
            (0x4430000000000000, "295147905179352830000"),
            (0x44b52d02c7e14af5, "9.999999999999997e+22"),
            (0x44b52d02c7e14af6, "1e+23"),
            (0x444b1ae4d6e2ef4f, "999999999999999900000"),
            (0x444b1ae4d6e2ef50, "1e+21"),
            (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
            (0x3eb0c6f7a0b5ed8d, "0.000001"),
            (0x41b3de4355555553, "333333333.3333332"),
            (0xbecbf647612f3696, "-0.0000033333333333333333"),
        ] {
            assert_eq!(of_float(f64::from_bits(bits)), text);
        }
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        assert!(read(br#"{"a":1,"b":[true,"x"]}"#).is_ok());
        for other in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a": 1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e2}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":1e400}"#,
            r#"{"a":-0}"#,
            r#"{"a":1} "#,
            "{\"a\":1}\n",
            "",
            "{",
        ] {
            assert!(read(other.as_bytes()).is_err(), "{other}");
        }
        assert!(read(&[b"\"", &[0xff][..], b"\""].concat()).is_err());
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(read(deep.as_bytes()).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(INTEGER_MAX as i64)..=INTEGER_MAX as i64).prop_map(Value::from),
            any::<f64>()
                .prop_filter_map("finite", |float| Number::from_f64(float).filter(fits).map(Value::Number)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_written_the_same(value in values()) {
            let once = write(&value).unwrap();
            let back = read(&once).unwrap();
            prop_assert_eq!(write(&back).unwrap(), once);
        }

        #[test]
        fn a_float_reads_back(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
            let text = of_float(float);
            prop_assert_eq!(text.parse::<f64>().unwrap(), if float == 0.0 { 0.0 } else { float });
        }
    }
}
