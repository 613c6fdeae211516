//! What a benchmark found: rows of numbers, each with the target it is held against, and what they depend on.

use super::Machine;
use super::quantile::Sorted;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The findings of one benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which benchmark.
    pub bench: &'static str,
    /// Where it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// What it was told to do.
    pub settings: BTreeMap<&'static str, String>,
    /// The numbers.
    pub rows: Vec<Row>,
    /// What one has to know to read them.
    pub notes: Vec<String>,
}

/// One number.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The number.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// What it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Bound>,
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
}

/// A target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Report {
    /// An empty report.
    #[must_use]
    pub fn new(bench: &'static str) -> Self {
        Self {
            bench,
            machine: None,
            settings: BTreeMap::new(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Says what the benchmark was told to do.
    pub fn set(&mut self, what: &'static str, value: impl fmt::Display) {
        self.settings.insert(what, value.to_string());
    }

    /// Adds a number.
    pub fn row(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.rows.push(Row {
            what: what.into(),
            value,
            unit,
            target: None,
            met: None,
        });
    }

    /// Adds a number that has a target.
    pub fn aimed(
        &mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Bound,
    ) {
        let met = Some(target.holds(value));
        self.rows.push(Row {
            what: what.into(),
            value,
            unit,
            target: Some(target),
            met,
        });
    }

    /// Adds percentiles in milliseconds.
    pub fn percentiles(&mut self, what: &str, times: &Sorted, percents: &[usize]) {
        for percent in percents {
            let name = if *percent == 100 {
                "max".to_owned()
            } else {
                format!("p{percent}")
            };
            self.row(format!("{what} {name}"), times.percentile(*percent), "ms");
        }
    }

    /// Adds something to know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "hodman bench {}", self.bench)?;
        if let Some(machine) = &self.machine {
            writeln!(out, "{machine}")?;
        }
        let settings: Vec<String> = self
            .settings
            .iter()
            .map(|(what, value)| format!("{what} {value}"))
            .collect();
        if !settings.is_empty() {
            writeln!(out, "{}", settings.join(", "))?;
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_header(["what", "value", "unit", "target", ""]);
        for row in &self.rows {
            let target = match row.target {
                None => String::new(),
                Some(Bound::AtLeast(bound)) => format!("≥ {}", number(bound)),
                Some(Bound::AtMost(bound)) => format!("≤ {}", number(bound)),
            };
            let met = match row.met {
                None => "",
                Some(true) => "met",
                Some(false) => "MISSED",
            };
            table.add_row([
                row.what.clone(),
                number(row.value),
                row.unit.to_owned(),
                target,
                met.to_owned(),
            ]);
        }
        for numbers in [1, 3] {
            if let Some(column) = table.column_mut(numbers) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "\n{table}")?;
        for note in &self.notes {
            writeln!(out, "- {note}")?;
        }
        Ok(())
    }
}

/// Three digits are more than such measurements are worth.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_targets_are_said() {
        let mut report = Report::new("webhooks");
        report.aimed("accepted", 3500.0, "1/s", Bound::AtLeast(3000.0));
        report.aimed("ack p99", 51.0, "ms", Bound::AtMost(50.0));
        report.row("stored", 3.0, "");
        let met: Vec<Option<bool>> = report.rows.iter().map(|row| row.met).collect();
        assert_eq!(met, [Some(true), Some(false), None]);
        let text = report.to_string();
        assert!(text.contains("MISSED") && text.contains("≤ 50"), "{text}");
    }
}
