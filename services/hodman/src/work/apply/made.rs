//! What was made lately, by its marker.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What was made lately, by its marker. A list may lag behind a create, and the next try of a failed apply begins after
/// two seconds. Another process needs no such memory: it begins when a lease has ended, which is long enough.
#[derive(Debug, Default)]
pub struct Made(Mutex<Lately>);

#[derive(Debug, Default)]
struct Lately {
    by_name: BTreeMap<String, (String, DateTime<Utc>)>,
    /// With more than so many the old ones are forgotten. Looking through all of them at each create would make ten
    /// thousand creates fifty million looks.
    most: usize,
}

impl Made {
    /// How long a list may lag; ten times what has been seen.
    const LAG: TimeDelta = TimeDelta::minutes(2);

    /// Nobody looks through so few.
    const FEW: usize = 1000;

    pub(super) fn lately(&self, name: &str, now: DateTime<Utc>) -> Option<String> {
        let lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, at) = lately.by_name.get(name)?;
        (now - *at < Self::LAG).then(|| id.clone())
    }

    /// After it was removed.
    pub(super) fn forget(&self, name: &str) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lately.by_name.remove(name);
    }

    pub(super) fn note(&self, name: String, id: &str, now: DateTime<Utc>) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lately.by_name.insert(name, (id.to_owned(), now));
        if lately.by_name.len() > lately.most {
            lately.by_name.retain(|_, (_, at)| now - *at < Self::LAG);
            lately.most = (lately.by_name.len() * 2).max(Self::FEW);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_ones_are_neither_told_nor_kept() {
        let made = Made::default();
        let early = DateTime::<Utc>::UNIX_EPOCH;
        for number in 0..=Made::FEW {
            made.note(format!("early {number}"), "1", early);
        }
        assert_eq!(made.lately("early 0", early).as_deref(), Some("1"));
        let later = early + Made::LAG;
        assert_eq!(made.lately("early 0", later), None);
        for number in 0..=2 * Made::FEW {
            made.note(format!("later {number}"), "2", later);
        }
        let kept = made.0.lock().unwrap();
        assert!(
            kept.by_name.keys().all(|name| name.starts_with("later")),
            "{} are kept",
            kept.by_name.len()
        );
    }
}
