//! Figures as people read them.

/// A whole number with its thousands apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Something a second, to three digits: the rest is noise.
pub fn rate(per_second: f64, what: &str) -> String {
    let unit = 10f64.powi((per_second.max(1.0).log10().floor() as i32 - 2).max(0));
    format!("{} {what}/s", count(((per_second / unit).round() * unit) as u64))
}

/// A time, in the unit that fits.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.000_1 => format!("{:.2} µs", seconds * 1e6),
        _ if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        _ if seconds < 0.1 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 10.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

/// An amount of bytes, in millions or billions.
pub fn bytes(bytes: u64) -> String {
    if bytes < 1_000_000_000 {
        format!("{} MB", count(bytes.div_ceil(1_000_000)))
    } else {
        format!("{:.2} GB", bytes as f64 / 1e9)
    }
}

/// The same where the system does not say.
pub fn bytes_if_known(amount: Option<u64>) -> String {
    amount.map_or_else(|| "not known here".to_owned(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn a_rate_has_three_digits() {
        assert_eq!(rate(1_234_567.0, "rows"), "1,230,000 rows/s");
        assert_eq!(rate(407.4, "rows"), "407 rows/s");
        assert_eq!(rate(0.4, "rows"), "0 rows/s");
    }

    #[test]
    fn times_and_amounts_have_a_unit_that_fits() {
        assert_eq!(seconds(0.000_002_3), "2.30 µs");
        assert_eq!(seconds(0.000_2), "200 µs");
        assert_eq!(seconds(0.012_34), "12.3 ms");
        assert_eq!(seconds(0.5), "500 ms");
        assert_eq!(seconds(12.34), "12.3 s");
        assert_eq!(bytes(1_500_000), "2 MB");
        assert_eq!(bytes(8_000_000_000), "8.00 GB");
        assert_eq!(bytes_if_known(None), "not known here");
    }
}
