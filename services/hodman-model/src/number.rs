//! Numbers as texts, as the Databricks CLI writes them: what a bundle deployed has these, not others that mean the same.

use serde_json::Number;

/// From this exponent on, a fraction inside of a longer text is written with it; and below the other.
const LARGE: i32 = 6;
const SMALL: i32 = -4;

/// A number in a field that holds a text: as few digits as tell it, and no exponent. `1.0` is `1`, `1e20` is
/// `100000000000000000000`.
pub(crate) fn as_text(number: &Number) -> String {
    match fraction(number) {
        Some(value) => value.to_string(),
        None => number.to_string(),
    }
}

/// A number that a reference puts inside of a longer text. The CLI writes those by other means: `1e6` is `1e+06` there, and
/// `0.00001` is `1e-05`.
pub(crate) fn inside_text(number: &Number) -> String {
    let Some(value) = fraction(number) else {
        return number.to_string();
    };
    let shortest = format!("{value:e}");
    let exponent = shortest
        .split_once('e')
        .and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)));
    match exponent {
        Some((digits, exponent)) if !(SMALL..LARGE).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => value.to_string(),
    }
}

/// The value of a number that YAML does not write as an integer, or that is too large for one.
fn fraction(number: &Number) -> Option<f64> {
    number.as_f64().filter(|_| number.is_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_written_as_the_cli_writes_them() {
        for (written, alone, inside) in [
            ("1.0", "1", "1"),
            ("2e3", "2000", "2000"),
            ("1e6", "1000000", "1e+06"),
            ("123456.5", "123456.5", "123456.5"),
            ("1234567.5", "1234567.5", "1.2345675e+06"),
            ("0.0001", "0.0001", "0.0001"),
            ("0.000001", "0.000001", "1e-06"),
            ("1e20", "100000000000000000000", "1e+20"),
            ("1e-120", &format!("0.{}1", "0".repeat(119)), "1e-120"),
            ("-0.0", "-0", "-0"),
            ("-2.50", "-2.5", "-2.5"),
            // Integers keep all their digits.
            ("2000000", "2000000", "2000000"),
            ("9007199254740993", "9007199254740993", "9007199254740993"),
            (
                "18446744073709551615",
                "18446744073709551615",
                "18446744073709551615",
            ),
        ] {
            let number = number(written);
            assert_eq!(
                (as_text(&number).as_str(), inside_text(&number).as_str()),
                (alone, inside),
                "{written}"
            );
        }
    }
}
