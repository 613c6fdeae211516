//! Keys of roles: whoever asks gets some, for an hour.

use chrono::{DateTime, TimeDelta, Utc};

use super::form::Form;
use super::xml::{Answered, Refusal, texts};

pub(super) fn ask(form: &Form, now: DateTime<Utc>) -> Answered {
    let action = form.text("Action");
    if action != "AssumeRole" {
        return Err(Refusal::unknown(action));
    }
    let until = now + TimeDelta::hours(1);
    let keys = texts([
        ("AccessKeyId", "ASIASTANDIN"),
        ("SecretAccessKey", "none is checked"),
        ("SessionToken", form.text("RoleSessionName")),
        ("Expiration", &until.to_rfc3339()),
    ]);
    Ok(format!("<Credentials>{keys}</Credentials>"))
}
