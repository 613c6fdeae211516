//! Many measured times, and what they say.

use std::time::Duration;

/// Measured times.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    /// Adds one.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds those of another sample.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order, for quantiles.
    #[must_use]
    pub fn sorted(mut self) -> Sorted {
        self.0.sort_unstable();
        Sorted(self.0)
    }
}

/// A sample in order.
#[derive(Clone, Debug)]
pub struct Sorted(Vec<Duration>);

impl Sorted {
    /// The quantile by nearest rank, in milliseconds: always a time that was measured. `percent` above 0, up to 100.
    /// Zero when nothing was measured.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        let time = self
            .0
            .get(rank - 1)
            .or(self.0.last())
            .copied()
            .unwrap_or_default();
        time.as_secs_f64() * 1000.0
    }

    /// How many times it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_times() {
        let mut sample = Sample::default();
        for ms in [5, 1, 4, 2, 3, 10, 9, 8, 7, 6] {
            sample.add(Duration::from_millis(ms));
        }
        let sorted = sample.sorted();
        for (percent, ms) in [
            (1, 1.0),
            (10, 1.0),
            (11, 2.0),
            (50, 5.0),
            (95, 10.0),
            (99, 10.0),
            (100, 10.0),
        ] {
            assert!((sorted.percentile(percent) - ms).abs() < 1e-9, "p{percent}");
        }
        assert!(Sample::default().sorted().percentile(50).abs() < 1e-9);
    }
}
