//! Times are stored as whole milliseconds since 1970 UTC.

use chrono::{DateTime, Utc};

use crate::error::{Result, StoreError};

pub(crate) fn to_ms(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

pub(crate) fn from_ms(ms: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| StoreError::Corrupt {
        what: "time",
        found: ms.to_string(),
    })
}
