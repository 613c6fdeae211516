//! A stack as plans are told of it.

use super::look::outputs;
use hodman_clients::cloudformation::{StackError, StackInfo};
use hodman_model::digest::sha256;
use hodman_model::kinds::{HELD_BY, NESTS};
use hodman_model::stacks::TemplateText;
use serde_json::{Value, json};

pub(super) fn shown(info: &StackInfo, template: &str) -> Value {
    let mut shown = json!({
        "stack_id": info.id,
        "stack_name": info.name,
        "status": info.status,
        "template": sha256(template.as_bytes()).as_str(),
        "parameters": info.parameters,
        "capabilities": info.capabilities,
        "tags": info.tags,
        "outputs": outputs(info),
    });
    let text = TemplateText::read(template).unwrap_or_default();
    shown["resources"] = text.resources().keys().cloned().collect();
    if may_nest(template) {
        shown[NESTS] = json!(true);
    }
    if info.termination_protection {
        shown[HELD_BY] = json!(StackError::Protected(info.name.clone()).to_string());
    }
    if info.must_be_remade() || info.is_half_back() {
        shown["failed"] = json!(info.status);
    }
    shown
}

/// Whether stacks may lie in one with this template: by its own words, or because AWS makes more of it than stands there.
fn may_nest(template: &str) -> bool {
    let words = ["AWS::CloudFormation::Stack", "::MODULE", "Transform"];
    words.iter().any(|word| template.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_lie_only_where_a_template_says_so_or_does_not_say_all() {
        for (template, nests) in [
            ("Resources: {Vpc: {Type: AWS::EC2::VPC}}", false),
            ("Resources: {In: {Type: AWS::CloudFormation::Stack}}", true),
            ("Resources: {In: {Type: Acme::Net::Vpc::MODULE}}", true),
            ("Transform: Ours", true),
            ("Resources: {\"Fn::Transform\": {Name: AWS::Include}}", true),
        ] {
            assert_eq!(may_nest(template), nests, "{template}");
        }
    }
}
