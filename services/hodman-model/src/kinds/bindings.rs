//! What an isolated object of Unity Catalog needs: that the workspace which isolates it may go on using it. Else the next look at
//! it says "Catalog 'x' is not accessible in current workspace" (terraform-provider-databricks#2446, catalog/bindings).

use serde_json::{Value, json};

use super::{Call, Kind, Method};

const ROOT: &str = "/api/2.1/unity-catalog";

/// Whether the request closes an object of Unity Catalog to all workspaces that are not bound to it.
#[must_use]
pub fn isolates(call: &Call) -> bool {
    let mode = call
        .body
        .as_ref()
        .and_then(|body| body.get("isolation_mode"));
    let mode = mode.and_then(Value::as_str);
    call.path.starts_with(ROOT) && matches!(mode, Some("ISOLATED" | "ISOLATION_MODE_ISOLATED"))
}

/// The request whose answer says which workspace this is.
#[must_use]
pub fn current() -> Call {
    Call::plain(Method::Get, format!("{ROOT}/current-metastore-assignment"))
}

/// The request that binds the object `id` to the workspace of the answer to [`current`]; none for kinds without a securable. Only asked for what [`isolates`].
#[must_use]
pub fn bind(kind: &dyn Kind, id: &str, current: &Value) -> Option<Call> {
    let securable = kind.securable()?;
    let workspace = current.get("workspace_id")?;
    Some(Call::with_body(
        Method::Patch,
        format!("{ROOT}/bindings/{securable}/{id}"),
        json!({"add": [{"workspace_id": workspace, "binding_type": "BINDING_TYPE_READ_WRITE"}]}),
        true,
    ))
}
