//! Names that the server gives a prefix of the account's.

use serde_json::Value;

use super::Rules;

/// What asks for the prefix alone.
const ALONE: &str = "EMPTY";

impl Rules {
    /// A name in `value` that is the desired one behind a prefix becomes the desired one.
    pub(super) fn drop_prefixes(&self, value: &mut Value, desired: Option<&Value>) {
        for field in self.prefixed {
            let wanted = desired.and_then(|desired| desired.get(*field)?.as_str());
            let live = value.get_mut(*field).filter(|live| live.is_string());
            let (Some(wanted), Some(live)) = (wanted, live) else {
                continue;
            };
            let name = live.as_str().unwrap_or_default();
            let before = name.strip_suffix(wanted).unwrap_or_default();
            if wanted == ALONE || before.len() > 1 && before.ends_with('-') {
                *live = Value::from(wanted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::kinds::kind;

    #[test]
    fn a_deployment_name_with_the_accounts_prefix_is_the_one_that_was_asked_for() {
        let rules = kind("account_workspaces").unwrap().rules();
        let compared = |live: &str, wanted: &str| {
            let (live, wanted) = (
                json!({"deployment_name": live}),
                json!({"deployment_name": wanted}),
            );
            rules.without_fills(&live, Some(&wanted))["deployment_name"]
                == wanted["deployment_name"]
        };
        for (live, wanted) in [
            ("shop", "shop"),
            ("acme-shop", "shop"),
            ("acme-shop", "acme-shop"),
            ("acme", "EMPTY"),
        ] {
            assert!(compared(live, wanted), "{live} {wanted}");
        }
        for (live, wanted) in [
            ("acme-shop", "bookshop"),
            ("bookshop", "shop"),
            ("-shop", "shop"),
            ("acme", "shop"),
        ] {
            assert!(!compared(live, wanted), "{live} {wanted}");
        }
        // Silence about it is no wish.
        let live = json!({"deployment_name": "acme-shop"});
        assert_eq!(rules.without_fills(&live, Some(&json!({}))), json!({}));
    }
}
