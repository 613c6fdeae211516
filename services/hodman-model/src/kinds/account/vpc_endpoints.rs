//! VPC endpoints for PrivateLink, registered with the account. No update. AWS accepts them after a while.

use std::sync::LazyLock;

use serde_json::Value;

use super::plain::{Changing, IN_USE, Plain, Removing};
use crate::kinds::Readiness;
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: VPC_ENDPOINTS.settable,
    name_field: "vpc_endpoint_name",
    replace_on: patterns(&["vpc_endpoint_name", "aws_vpc_endpoint_id", "region"], &[]),
    field_order: &["vpc_endpoint_name", "aws_vpc_endpoint_id", "region"],
    ..Rules::default()
});

/// The state is that of AWS, in whatever case. The answer to a registration says an id and no state, and what is not accepted cannot
/// be named in a network.
fn readiness(answer: &Value) -> Readiness {
    let state = answer.get("state").and_then(Value::as_str);
    let state = state.unwrap_or_default();
    match state.to_lowercase().as_str() {
        "available" => Readiness::Ready,
        "" => Readiness::Pending("without a state".to_owned()),
        "pending" | "pendingacceptance" => Readiness::Pending(state.to_owned()),
        _ => Readiness::Failed(format!("AWS says that the endpoint is {state}")),
    }
}

/// VPC endpoints of the account.
pub(super) static VPC_ENDPOINTS: Plain = Plain {
    name: "account_vpc_endpoints",
    singular: "account_vpc_endpoint",
    path: "vpc-endpoints",
    id_field: "vpc_endpoint_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &["aws_vpc_endpoint_id", "region", "vpc_endpoint_name"],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["vpc_endpoint_id", "account_id", "state", "use_case"],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
