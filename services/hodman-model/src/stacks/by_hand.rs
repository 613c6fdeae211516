//! What people changed inside of a stack, where its engine looks for that by itself and puts nothing back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a look inside of one stack found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// The resources that are not as the template says, sorted; those that cannot be looked at are not among them.
    pub resources: Vec<ByHandResource>,
    /// Why nobody could look: in AWS's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// A resource that somebody changed or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHandResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::EC2::RouteTable`.
    pub kind: String,
    /// It is gone.
    #[serde(default)]
    pub deleted: bool,
    /// Where it differs.
    #[serde(default)]
    pub properties: Vec<ByHandProperty>,
}

/// A property that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHandProperty {
    /// Such as `/Tags/0/Value`.
    pub path: String,
    /// What the template says; none where somebody added it.
    pub expected: Option<String>,
    /// What is; none where somebody removed it.
    pub actual: Option<String>,
}

/// A property's value as CloudFormation writes it: a text, which is JSON where the property is a list or a mapping. Read as
/// that, a key in it says that what stands under it is a secret.
#[must_use]
pub(crate) fn property_value(text: &str) -> Value {
    let read = serde_json::from_str(text).ok();
    read.filter(|value: &Value| value.is_object() || value.is_array())
        .unwrap_or_else(|| Value::from(text))
}
