//! The five fields: what they may hold, and how they are written for the `cron` crate.

use std::{collections::BTreeSet, fmt};

use super::ScheduleError;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One of the five fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or `jan` to `dec`.
    Month,
    /// 0 to 7, where 0 and 7 are Sunday, or `sun` to `sat`.
    DayOfWeek,
}

impl Field {
    fn range(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// The number for a name, where the field has names.
    fn name(self, text: &str) -> Option<u32> {
        let (names, first): (&[&str], u32) = match self {
            Self::Month => (&MONTHS, 1),
            Self::DayOfWeek => (&WEEKDAYS, 0),
            Self::Minute | Self::Hour | Self::DayOfMonth => return None,
        };
        names
            .iter()
            .zip(first..)
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, n)| n)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
        })
    }
}

/// What is wrong with a part of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Neither a number nor a name that the field knows.
    #[error("not a number or name that this field knows")]
    Unknown,
    /// A number that the field does not have.
    #[error("not between {low} and {high}")]
    OutOfRange {
        /// The least number of the field.
        low: u32,
        /// The greatest number of the field.
        high: u32,
    },
    /// `20-10`.
    #[error("the range runs backwards; write it as two, separated by a comma")]
    Backwards,
    /// `*/0` or `*/x`.
    #[error("a step is a number from 1 up")]
    Step,
    /// `5/15`, which cron implementations read differently.
    #[error("a step needs a range; write for example */15 or 5-59/15")]
    StepWithoutRange,
    /// `1,,2`.
    #[error("empty part of a list")]
    Empty,
    /// `L`, `15W`, `5#2`, `?`: other schedulers' extensions.
    #[error("L, W, # and ? are not part of five-field cron")]
    Extension,
}

/// One field's values and whether it was written with a star.
struct Values {
    field: Field,
    set: BTreeSet<u32>,
    star: bool,
}

/// A parsed expression.
pub(super) struct Fields {
    minute: Values,
    hour: Values,
    day_of_month: Values,
    month: Values,
    day_of_week: Values,
}

impl Fields {
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let expanded = if text.starts_with('@') {
            alias(text)?
        } else {
            text
        };
        let parts: Vec<&str> = expanded.split_ascii_whitespace().collect();
        let [minute, hour, day_of_month, month, day_of_week] = parts[..] else {
            return Err(ScheduleError::FieldCount {
                found: text.to_owned(),
                count: parts.len(),
            });
        };
        Ok(Self {
            minute: Values::parse(Field::Minute, minute)?,
            hour: Values::parse(Field::Hour, hour)?,
            day_of_month: Values::parse(Field::DayOfMonth, day_of_month)?,
            month: Values::parse(Field::Month, month)?,
            day_of_week: Values::parse(Field::DayOfWeek, day_of_week)?,
        })
    }

    /// Hour or minute begins with a star: Vixie's test for jobs that follow the clock through a change.
    pub fn wildcard(&self) -> bool {
        self.minute.star || self.hour.star
    }

    /// For the `cron` crate, which requires both day fields to match: one expression, or one for each day field
    /// when neither begins with a star.
    pub fn expressions(&self) -> Vec<String> {
        let (days, weekdays) = (self.day_of_month.written(), self.day_of_week.written());
        if self.day_of_month.star || self.day_of_week.star {
            vec![self.expression(&days, &weekdays)]
        } else {
            vec![self.expression(&days, "*"), self.expression("*", &weekdays)]
        }
    }

    fn expression(&self, days: &str, weekdays: &str) -> String {
        let (minute, hour, month) = (
            self.minute.written(),
            self.hour.written(),
            self.month.written(),
        );
        format!("0 {minute} {hour} {days} {month} {weekdays}")
    }
}

impl Values {
    fn parse(field: Field, text: &str) -> Result<Self, ScheduleError> {
        let mut set = BTreeSet::new();
        for part in text.split(',') {
            let wrong = |problem| ScheduleError::Field {
                field,
                text: part.to_owned(),
                problem,
            };
            let (low, high, step) = part_of(field, part).map_err(wrong)?;
            set.extend((low..=high).step_by(step).map(|n| match field {
                Field::DayOfWeek => n % 7,
                _ => n,
            }));
        }
        Ok(Self {
            field,
            set,
            star: text.starts_with('*'),
        })
    }

    /// An explicit list, with names for weekdays: the `cron` crate counts them from Sunday = 1.
    fn written(&self) -> String {
        let (low, high) = match self.field {
            Field::DayOfWeek => (0, 6),
            _ => self.field.range(),
        };
        if (low..=high).all(|n| self.set.contains(&n)) {
            return "*".to_owned();
        }
        let words: Vec<String> = self
            .set
            .iter()
            .map(|&n| match self.field {
                Field::DayOfWeek => WEEKDAYS[(n % 7) as usize].to_owned(),
                _ => n.to_string(),
            })
            .collect();
        words.join(",")
    }
}

/// The bounds and the step of one part of a list.
fn part_of(field: Field, part: &str) -> Result<(u32, u32, usize), FieldProblem> {
    let (range, step) = match part.split_once('/') {
        None => (part, None),
        Some((range, step)) => (range, Some(step)),
    };
    let (least, greatest) = field.range();
    let (low, high) = if range == "*" {
        (least, greatest)
    } else if let Some((low, high)) = range.split_once('-') {
        let (low, high) = (number(field, low)?, number(field, high)?);
        // `fri-sun`: Sunday at the end of a range is the seventh day.
        let high = if field == Field::DayOfWeek && high == 0 && low > 0 {
            7
        } else {
            high
        };
        (low, high)
    } else {
        let only = number(field, range)?;
        if step.is_some() {
            return Err(FieldProblem::StepWithoutRange);
        }
        (only, only)
    };
    if low > high {
        return Err(FieldProblem::Backwards);
    }
    let step = match step.map(str::parse::<u16>) {
        None => 1,
        Some(Ok(step)) if step > 0 => usize::from(step),
        Some(_) => return Err(FieldProblem::Step),
    };
    Ok((low, high, step))
}

fn number(field: Field, text: &str) -> Result<u32, FieldProblem> {
    if text.is_empty() {
        return Err(FieldProblem::Empty);
    }
    if let Some(named) = field.name(text) {
        return Ok(named);
    }
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    if !is_number {
        let extension =
            text.contains(['#', '?']) || text.trim_end_matches(['L', 'W', 'l', 'w']) != text;
        return Err(if extension {
            FieldProblem::Extension
        } else {
            FieldProblem::Unknown
        });
    }
    let (low, high) = field.range();
    text.parse()
        .ok()
        .filter(|n| (low..=high).contains(n))
        .ok_or(FieldProblem::OutOfRange { low, high })
}

fn alias(text: &str) -> Result<&'static str, ScheduleError> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return Err(ScheduleError::Alias(text.to_owned())),
    })
}
