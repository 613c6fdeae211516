//! What groups and service principals have in common, of a workspace and of an account.

use serde_json::{Value, json};

use super::fields::{Aliases, only};
use super::pattern::Pattern;
use super::rules::{as_map, patterns};
use super::{Call, ListCall, Method, Paging};

/// The root of the API of a workspace.
pub(super) const ROOT: &str = "/api/2.0/preview/scim/v2";

/// One list of all below `root`. How many at a time, whoever asks for the pages says.
pub(super) fn list(root: &str, resource: &str) -> ListCall {
    ListCall {
        paging: Paging::StartIndex,
        ..ListCall::new(&format!("{root}/{resource}"), "Resources", "id")
    }
}

/// What the server says about every element of a list beside its `value`.
pub(super) fn beside_values(lists: &[&str]) -> Vec<Pattern> {
    let aliases: Aliases<'_> = &[("{list}", lists)];
    patterns(
        &[
            "{list}.*.display",
            "{list}.*.$ref",
            "{list}.*.type",
            "{list}.*.primary",
        ],
        aliases,
    )
}

/// A new one in the collection at `path`.
pub(super) fn create(path: &str, schema: &str, config: &Value, fields: &[&str]) -> Call {
    let mut body = as_map(&only(config, fields));
    body.insert("schemas".to_owned(), json!([schema]));
    // A second request is refused where names are unique, else it makes a second one.
    Call::post(path, Value::Object(body), false)
}

/// Puts `config` in the place of what is there, in the collection at `path`. `PUT` empties what it does not name, so what `config` is silent about is
/// said as `live` has it.
pub(super) fn replace(
    path: &str,
    schema: &str,
    id: &str,
    (live, config): (&Value, &Value),
    fields: &[&str],
) -> Call {
    let mut body = as_map(&only(live, fields));
    body.extend(as_map(&only(config, fields)));
    // What goes back to the server.
    body.retain(|_, value| !value.is_null());
    body.insert("id".to_owned(), json!(id));
    body.insert("schemas".to_owned(), json!([schema]));
    Call::with_body(
        Method::Put,
        format!("{path}/{id}"),
        Value::Object(body),
        true,
    )
}
