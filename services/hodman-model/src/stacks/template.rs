//! A template of CloudFormation in its long form: `!Ref X` and the like as JSON says them, so that a part of it can be sent as a
//! template of its own.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::Tagged;

/// Reads a template, YAML or JSON; none when it is neither.
pub(super) fn read(text: &str) -> Option<Value> {
    let options = serde_saphyr::options! { with_snippet: false };
    let whole: Tagged<Node> = serde_saphyr::from_str_with_options(text, options).ok()?;
    let whole = long(whole);
    whole.is_object().then_some(whole)
}

/// What a resource's definition refers to by `Ref`, `Fn::GetAtt` and `Fn::Sub`: resources, parameters and what AWS gives.
pub(super) fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => {
            for (name, inner) in map {
                match (name.as_str(), inner) {
                    ("Ref", Value::String(name)) => drop(found.insert(name.clone())),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        found.extend(parts.first().and_then(Value::as_str).map(str::to_owned));
                    }
                    ("Fn::Sub", Value::String(text)) => found.extend(named_in(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let own = parts.get(1).and_then(Value::as_object);
                        let text = parts.first().and_then(Value::as_str).unwrap_or_default();
                        let foreign = named_in(text)
                            .filter(|name| own.is_none_or(|own| !own.contains_key(name)));
                        found.extend(foreign);
                        parts.iter().skip(1).for_each(|part| collect(part, found));
                    }
                    _ => collect(inner, found),
                }
            }
        }
        _ => {}
    }
}

/// The names in `${…}`, of attributes those before the point; `${!…}` is a text.
fn named_in(text: &str) -> impl Iterator<Item = String> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split('}').next()?.split('.').next()?.trim();
        (!name.starts_with('!')).then(|| name.to_owned())
    })
}

enum Node {
    Scalar(Value),
    List(Vec<Tagged<Node>>),
    Map(Vec<(String, Tagged<Node>)>),
}

fn long(Tagged(node, tag): Tagged<Node>) -> Value {
    let value = match node {
        Node::Scalar(value) => value,
        Node::List(items) => items.into_iter().map(long).collect(),
        Node::Map(entries) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let mut value = long(value);
                if key == "Fn::GetAtt" {
                    value = of_attribute(value);
                }
                (key, value)
            });
            Value::Object(entries.collect::<Map<String, Value>>())
        }
    };
    match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
        None | Some("") => value,
        Some(name @ ("Ref" | "Condition")) => json!({ name: value }),
        Some("GetAtt") => json!({"Fn::GetAtt": of_attribute(value)}),
        Some(name) => json!({ format!("Fn::{name}"): value }),
    }
}

/// `Vpc.CidrBlock` is two in JSON.
fn of_attribute(value: Value) -> Value {
    let parts = value.as_str().and_then(|text| text.split_once('.'));
    match parts {
        Some((name, attribute)) => json!([name, attribute]),
        None => value,
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a template")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Value::from(value)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::templates::Carried;

    #[test]
    fn short_forms_are_said_in_full() {
        let text = "\
Resources:
  A:
    Type: T
    Properties:
      One: !Ref Vpc
      Two: !GetAtt Vpc.Cidr.First
      Three: !Sub '${Vpc}-${AWS::Region}-${!Not}'
      Four: !If [Wide, !Select [0, !Ref Zones], 'yes']
      Five: {'Fn::GetAtt': Other.Arn}
      Six: !Sub ['${Own}/${Role.Arn}', {Own: !Ref Parameter}]
      Port: 22
      Open: true
      Text: '22'
    Condition: Wide
Conditions:
  Wide: !And [!Condition Big, !Equals [!Ref Size, 3]]
";
        let read = read(text).unwrap();
        let properties = json!({
            "One": {"Ref": "Vpc"},
            "Two": {"Fn::GetAtt": ["Vpc", "Cidr.First"]},
            "Three": {"Fn::Sub": "${Vpc}-${AWS::Region}-${!Not}"},
            "Four": {"Fn::If": ["Wide", {"Fn::Select": [0, {"Ref": "Zones"}]}, "yes"]},
            "Five": {"Fn::GetAtt": ["Other", "Arn"]},
            "Six": {"Fn::Sub": ["${Own}/${Role.Arn}", {"Own": {"Ref": "Parameter"}}]},
            "Port": 22, "Open": true, "Text": "22",
        });
        assert_eq!(read["Resources"]["A"]["Properties"], properties);
        assert_eq!(
            read["Conditions"]["Wide"],
            json!({"Fn::And": [{"Condition": "Big"}, {"Fn::Equals": [{"Ref": "Size"}, 3]}]})
        );
        let found: Vec<String> = references(&properties).into_iter().collect();
        let wanted = ["AWS::Region", "Other", "Parameter", "Role", "Vpc", "Zones"];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_hodman_carries_is_read_whole_and_no_tag_is_lost() {
        for carried in Carried::ALL {
            let read = read(carried.body()).unwrap();
            let refs = carried.body().matches("!Ref ").count();
            assert_eq!(read.to_string().matches("{\"Ref\":").count(), refs);
        }
        assert_eq!(super::read("}{"), None);
        assert_eq!(super::read("- a list"), None);
    }
}
