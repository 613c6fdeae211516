//! What a module wants to be told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kinds::holds_sensitive_output;

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputType {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of anything.
    List,
    /// A mapping.
    Map,
}

/// One input of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its type.
    #[serde(rename = "type")]
    pub of: InputType,
    /// What it is when a call does not say it; without one every call must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The values that it may have; any when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Value>,
}

impl InputType {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::List => "a list",
            Self::Map => "a mapping",
        }
    }

    /// Whether `value` is of this type.
    #[must_use]
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
        }
    }
}

impl Input {
    /// What is wrong with `value`; none when nothing is. What another module gives is not known yet: a text that is nothing but
    /// that may become anything, a longer one stays a text.
    #[must_use]
    pub fn refuses(&self, value: &Value) -> Option<String> {
        let text = value.as_str().unwrap_or_default();
        let open = text.contains(OPEN);
        let whole = open && text.starts_with(OPEN) && text.find('}') == Some(text.len() - 1);
        if whole {
            return None;
        }
        if !self.of.takes(value) {
            return Some(format!("is {}, and {value} is not", self.of.word()));
        }
        if !open && !self.allowed.is_empty() && !self.allowed.contains(value) {
            let allowed: Vec<String> = self.allowed.iter().map(Value::to_string).collect();
            return Some(format!("is one of {}, not {value}", allowed.join(", ")));
        }
        None
    }

    /// What is wrong with what another module gave for it; none when nothing is. Engines give texts for numbers and truths
    /// (CloudFormation knows nothing else) and take them: only what can be neither is refused.
    #[must_use]
    pub fn refuses_given(&self, given: &Value) -> Option<String> {
        if given.is_null() || holds_sensitive_output(given) {
            return None;
        }
        let as_text = match given {
            Value::Number(_) | Value::Bool(_) => Value::from(given.to_string()),
            other => other.clone(),
        };
        let as_other = given
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
            .filter(|read| read.is_number() || read.is_boolean());
        let forms = [Some(given), Some(&as_text), as_other.as_ref()];
        let refusals: Option<Vec<String>> = forms
            .into_iter()
            .flatten()
            .map(|form| self.refuses(form))
            .collect();
        refusals?.into_iter().next()
    }
}

/// How what is not known yet begins.
const OPEN: &str = "${resources.";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn input(of: &str, allowed: &[Value]) -> Input {
        serde_json::from_value(json!({"type": of, "allowed": allowed})).unwrap()
    }

    #[test]
    fn what_is_not_known_yet_may_become_anything_and_a_text_around_it_stays_a_text() {
        let open = json!("${resources.aws_vpcs.net-main.id}");
        let around = json!("x-${resources.aws_vpcs.net-main.id}");
        for of in ["string", "integer", "number", "boolean", "list", "map"] {
            assert_eq!(input(of, &[]).refuses(&open), None, "{of}");
            assert_eq!(
                input(of, &[]).refuses(&around).is_some(),
                of != "string",
                "{of}"
            );
            // What others write in the same way.
            let policy = json!("${aws:username}");
            assert_eq!(input(of, &[]).refuses(&policy).is_some(), of != "string");
        }
        assert_eq!(input("string", &[json!("x-1")]).refuses(&around), None);
    }

    #[test]
    fn what_was_given_is_taken_as_engines_take_it() {
        for (of, given, taken) in [
            ("integer", json!("2"), true),
            ("integer", json!("two"), false),
            ("integer", json!([2]), false),
            ("boolean", json!("true"), true),
            ("string", json!(7), true),
            ("string", json!(["a"]), false),
            ("list", json!(["a"]), true),
            ("list", json!("a,b"), false),
            ("map", json!(null), true),
            (
                "integer",
                json!({"sensitive_output": {"stack": "s", "output": "o"}}),
                true,
            ),
        ] {
            let refused = input(of, &[]).refuses_given(&given);
            assert_eq!(refused.is_none(), taken, "{of} {given}: {refused:?}");
        }
        let zones = input("integer", &[json!(2), json!(3)]);
        assert_eq!(zones.refuses_given(&json!("3")), None);
        assert!(zones.refuses_given(&json!("4")).is_some());
    }
}
