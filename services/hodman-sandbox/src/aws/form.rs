//! Forms, in which IAM, STS and CloudFormation are asked.

use std::collections::BTreeMap;

/// The fields of one.
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    pub fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field; empty where it was not sent.
    pub fn text(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    /// The entries of a list of texts.
    pub fn list(&self, field: &str) -> Vec<&str> {
        let all = (1..).map(|number| self.0.get(&format!("{field}.member.{number}")));
        all.map_while(|text| text.map(String::as_str)).collect()
    }

    /// A list of keys and values, which are called `key` and `value`.
    pub fn pairs(&self, field: &str, (key, value): (&str, &str)) -> BTreeMap<String, String> {
        let all = (1..).map_while(|number| {
            let of = |name: &str| format!("{field}.member.{number}.{name}");
            let told = self.0.get(&of(value)).cloned().unwrap_or_default();
            Some((self.0.get(&of(key))?.clone(), told))
        });
        all.collect()
    }

    /// Tags.
    pub fn tags(&self) -> BTreeMap<String, String> {
        self.pairs("Tags", ("Key", "Value"))
    }
}
