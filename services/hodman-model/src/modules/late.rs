//! Inputs whose values are not known before another module was applied: their types are looked at then.

use serde_json::Value;

use super::{Input, InputType};
use crate::diagnostic::Diagnostic;
use crate::files::Spot;
use crate::kinds::{CloudformationStacks, Kind as _};
use crate::plan::{Known, asked_in, substitute_known};

/// An input of a call that takes what another gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Late {
    call: String,
    spot: Spot,
    name: String,
    input: Input,
    value: Value,
}

impl Late {
    /// None when the value is known already, and for a list from CloudFormation, which gives lists as texts with commas and takes
    /// them so.
    pub fn of(
        (call, spot): (&str, Spot),
        name: &str,
        input: &Input,
        value: &Value,
    ) -> Option<Self> {
        let asked = asked_in(value);
        let joined = input.of == InputType::List
            && asked
                .keys()
                .any(|key| key.kind == CloudformationStacks.name());
        (!asked.is_empty() && !joined).then(|| Self {
            call: call.to_owned(),
            spot,
            name: name.to_owned(),
            input: input.clone(),
            value: value.clone(),
        })
    }

    /// What is wrong with it in `file`; none when nothing is, or when it is not known yet.
    pub fn wrong(&self, file: &str, known: &Known) -> Option<Diagnostic> {
        let given = substitute_known(&self.value, "", known).ok()?;
        let why = self.input.refuses_given(&given)?;
        let from: Vec<String> = asked_in(&self.value)
            .into_keys()
            .map(|key| key.to_string())
            .collect();
        let words = format!(
            "`modules.{}`: input `{}`, which {} gives, {why}",
            self.call,
            self.name,
            from.join(", ")
        );
        Some(self.spot.put(Diagnostic::error(file, words)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::files::{SourceBytes, Tree, parse_environment};
    use crate::modules::Foundation;

    const FILE: &str = "environments/qa/environment.yaml";

    #[test]
    fn what_one_call_gave_is_looked_at_once_it_is_known() {
        let environment = "mode: promoted\nterraform: main\nmodules:\n  net: {module: gives}\n  a: {module: takes, \
                           inputs: {zones: \"${modules.net.outputs.zones}\"}}\nworkspaces: [{name: qa, host: \"https://x.example\"}]\n";
        let tree: Tree = [
            (
                "gives/module.yaml",
                "engine: terraform\noutputs: {zones: {value: \"${stack.outputs.zones}\"}}\n",
            ),
            ("gives/main.tf", "output \"zones\" { value = 2 }\n"),
            (
                "takes/module.yaml",
                "engine: terraform\ninputs: {zones: {type: integer, allowed: [2, 3]}}\n",
            ),
            ("takes/main.tf", "variable \"zones\" {}\n"),
        ]
        .into_iter()
        .map(|(path, text)| {
            let source = SourceBytes::plain(text.as_bytes());
            (format!("modules/{path}"), source)
        })
        .collect();
        let environment = parse_environment(FILE, environment).unwrap();
        let found = Foundation::resolve("shop", FILE, &environment, &tree).unwrap();
        assert_eq!(found.given_wrongly(FILE, &Known::default()), None);
        let key = "terraform_stacks.net".parse().unwrap();
        let kind = crate::kinds::kind("terraform_stacks").unwrap();
        let given = |zones: Value| {
            let mut known = Known::default();
            let answer = json!({"name": "hodman-shop-qa-net", "outputs": {"zones": zones}});
            known.made(&found.desired, &key, &kind.read(&answer).unwrap().unwrap());
            let wrong = found.given_wrongly(FILE, &known);
            wrong.map(|wrong| wrong.to_string())
        };
        assert_eq!(given(json!(3)), None);
        for (zones, why) in [
            (json!(4), "is one of 2, 3, not 4"),
            (json!(["a", "b"]), "is a whole number"),
        ] {
            let said = given(zones).unwrap();
            assert!(said.contains(why), "{said}");
            let from = "input `zones`, which terraform_stacks.net gives";
            assert!(said.contains(from), "{said}");
            let place = format!("{FILE}:5:");
            assert!(said.starts_with(&place), "{said}");
        }
    }
}
