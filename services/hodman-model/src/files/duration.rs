//! Lengths of time as people write them: `30m`, `9h`, `2d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, written as one number and one unit: `s`, `m`, `h` or `d`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    seconds: u64,
}

/// A text that is not a [`Span`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a length of time such as `30m`, `9h` or `2d`")]
pub struct InvalidSpan;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Ten thousand days: beyond it, adding to a date overflows sooner than anybody waits.
const LONGEST: u64 = 10_000 * 86_400;

impl Span {
    /// Whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self { seconds }
    }

    /// Whole seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.seconds
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        Self::from_secs(span.seconds)
    }
}

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (unit, factor) = UNITS
            .into_iter()
            .find(|(unit, _)| text.ends_with(*unit))
            .ok_or(InvalidSpan)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidSpan);
        }
        let number: u64 = digits.parse().map_err(|_| InvalidSpan)?;
        let seconds = number
            .checked_mul(factor)
            .filter(|seconds| *seconds <= LONGEST)
            .ok_or(InvalidSpan)?;
        Ok(Self { seconds })
    }
}

impl TryFrom<String> for Span {
    type Error = InvalidSpan;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    /// In the largest unit that leaves nothing over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS
            .into_iter()
            .find(|(_, factor)| self.seconds > 0 && self.seconds.is_multiple_of(*factor))
            .unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.seconds / factor)
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9]+[smhd]$", "description": "A length of time: one number and one unit, such as 30m, 9h or 2d."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("0s", 0),
            ("45s", 45),
            ("30m", 1_800),
            ("9h", 32_400),
            ("2d", 172_800),
        ] {
            assert_eq!(text.parse(), Ok(Span::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "m",
            "30",
            "-1m",
            "1.5h",
            "1h30m",
            "30 m",
            "٣m",
            "99999999999999999999d",
            "10001d",
            "+1s",
        ] {
            assert_eq!(bad.parse::<Span>(), Err(InvalidSpan), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn writes_what_it_reads(seconds in 0..=LONGEST) {
            let span = Span::from_secs(seconds);
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }
}
