//! Values as HCL expressions.

use hcl::expr::{Expression, FuncCall, Object, ObjectKey};
use hcl::{Identifier, Number};
use serde_json::Value;

/// A text that is meant literally: `${` and `%{` begin templates in HCL.
pub(super) fn text(text: &str) -> Expression {
    if text.contains("${") || text.contains("%{") {
        return template(&escaped(text));
    }
    Expression::from(text)
}

/// A text as it stands between the quotes of a template.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => written.push_str("\\\\"),
            '"' => written.push_str("\\\""),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c => written.push(c),
        }
    }
    written.replace("${", "$${").replace("%{", "%%{")
}

/// A quoted template, whose placeholders are Terraform's.
pub(super) fn template(text: &str) -> Expression {
    Expression::from(hcl::expr::TemplateExpr::QuotedString(text.to_owned()))
}

/// An address or a type, such as `databricks_job.nightly.id`.
pub(super) fn raw(address: &str) -> Expression {
    let mut parts = address.split('.');
    let first = Expression::Variable(hcl::expr::Variable::sanitized(
        parts.next().unwrap_or_default(),
    ));
    let rest: Vec<_> = parts.map(Identifier::sanitized).collect();
    if rest.is_empty() {
        return first;
    }
    let mut traversal = hcl::Traversal::builder(first);
    for part in rest {
        traversal = traversal.attr(part);
    }
    Expression::from(traversal.build())
}

/// A key of a mapping: bare where it is a name.
pub(super) fn key(name: &str) -> ObjectKey {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if bare {
        ObjectKey::from(Identifier::sanitized(name))
    } else {
        ObjectKey::from(text(name))
    }
}

/// A number; one that is written as a text, too.
pub(super) fn number(value: &Value) -> Option<Expression> {
    let found = match value {
        Value::Number(number) => number.clone(),
        Value::String(text) => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    let number = match (found.as_u64(), found.as_i64(), found.as_f64()) {
        (Some(number), _, _) => Number::from(number),
        (_, Some(number), _) => Number::from(number),
        (_, _, Some(number)) => Number::from_f64(number)?,
        _ => return None,
    };
    Some(Expression::from(number))
}

/// `jsonencode({…})`: what the provider takes as a text with JSON in it.
pub(super) fn encoded(value: &Value) -> Expression {
    Expression::from(FuncCall::builder("jsonencode").arg(plain(value)).build())
}

/// Any JSON value.
fn plain(value: &Value) -> Expression {
    match value {
        Value::Null => Expression::Null,
        Value::Bool(truth) => Expression::from(*truth),
        Value::Number(_) => number(value).unwrap_or(Expression::Null),
        Value::String(inner) => text(inner),
        Value::Array(items) => Expression::Array(items.iter().map(plain).collect()),
        Value::Object(map) => {
            let object: Object<ObjectKey, Expression> = map
                .iter()
                .map(|(name, value)| (key(name), plain(value)))
                .collect();
            Expression::from(object)
        }
    }
}
