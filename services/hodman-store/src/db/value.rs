//! The few types that are stored. Both engines get the same ones, which is what keeps the SQL shared.

use std::borrow::Cow;

use sqlx::query::Query;
use sqlx::{Database, Encode, SqlStr, Type};

/// A value bound to a placeholder.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'v> {
    Int(i64),
    MaybeInt(Option<i64>),
    Text(&'v str),
    MaybeText(Option<&'v str>),
    Bytes(&'v [u8]),
}

/// A text as both engines keep it: PostgreSQL refuses NUL characters, and what somebody else wrote may hold one. Each is
/// shown as a character that is missing. Whatever is hashed or looked up beside the database must be this form, too.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// Binds `values` to `$1`, `$2`, … of `sql`.
pub(super) fn bound<'v, DB>(sql: SqlStr, values: &[Value<'v>]) -> Query<'v, DB, DB::Arguments>
where
    DB: Database,
    i64: Encode<'v, DB> + Type<DB>,
    Option<i64>: Encode<'v, DB> + Type<DB>,
    Cow<'v, str>: Encode<'v, DB> + Type<DB>,
    Option<Cow<'v, str>>: Encode<'v, DB> + Type<DB>,
    &'v [u8]: Encode<'v, DB> + Type<DB>,
{
    let mut query = sqlx::query(sql);
    for value in values {
        query = match *value {
            Value::Int(value) => query.bind(value),
            Value::MaybeInt(value) => query.bind(value),
            Value::Text(value) => query.bind(storable(value)),
            Value::MaybeText(value) => query.bind(value.map(storable)),
            Value::Bytes(value) => query.bind(value),
        };
    }
    query
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::MaybeInt(value)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(value)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        Self::Text(value)
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(value: Option<&'v str>) -> Self {
        Self::MaybeText(value)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(value: &'v [u8]) -> Self {
        Self::Bytes(value)
    }
}
