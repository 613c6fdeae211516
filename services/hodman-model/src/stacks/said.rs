//! What a template says of its resources for the parameters of a call, as far as that can be told without AWS.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::TemplateText;

/// A template with parameters, and with what is known of its resources.
#[derive(Clone, Debug)]
pub struct Said<'t> {
    template: &'t TemplateText,
    parameters: BTreeMap<String, Value>,
    /// By resource, what references to it give, by attribute; `Ref` is the empty one.
    given: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'t> Said<'t> {
    /// The template as a call has it told: `parameters` by name, a text with `${…}` being a value that nobody knows yet; `aws` what
    /// AWS gives, such as `AWS::StackName`.
    #[must_use]
    pub fn new(
        template: &'t TemplateText,
        parameters: &Value,
        aws: BTreeMap<String, String>,
    ) -> Self {
        let declared = template
            .section("Parameters")
            .filter_map(|(name, declared)| {
                let kind = declared
                    .get("Type")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                // The parameter is the name of a value then.
                if kind.starts_with("AWS::SSM::Parameter") {
                    return None;
                }
                let said = parameters.get(name).filter(|value| !value.is_null());
                let text = text(said.or_else(|| declared.get("Default"))?)?;
                let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
                let value = match is_list {
                    true => text.split(',').map(str::trim).collect(),
                    false => Value::from(text.as_str()),
                };
                (!text.contains("${")).then(|| (name.clone(), value))
            });
        let aws = aws
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)));
        Self {
            template,
            parameters: declared.chain(aws).collect(),
            given: BTreeMap::new(),
        }
    }

    /// Notes what references to a resource give.
    pub fn give(&mut self, resource: &str, gives: BTreeMap<String, String>) {
        self.given.insert(resource.to_owned(), gives);
    }

    /// Whether the resource is made at all; none where nobody can tell.
    #[must_use]
    pub fn is_there(&self, resource: &str) -> Option<bool> {
        match self.template.resources().get(resource)?.get("Condition") {
            Some(condition) => self.holds(condition.as_str()?, 0),
            None => Some(true),
        }
    }

    /// Whether the template says the property, whatever it is.
    #[must_use]
    pub fn says(&self, resource: &str, property: &str) -> bool {
        self.raw(resource, property).is_some()
    }

    /// The property's text; `Tags.Name` is the value of that tag.
    #[must_use]
    pub fn property(&self, resource: &str, property: &str) -> Option<String> {
        text(&self.value(self.raw(resource, property)?)?)
    }

    /// The resource and the attribute that the property is, if it is a reference and nothing else.
    #[must_use]
    pub fn refers(&self, resource: &str, property: &str) -> Option<(&'t str, &'t str)> {
        let map = self.raw(resource, property)?.as_object()?;
        match (map.get("Ref"), map.get("Fn::GetAtt")) {
            (Some(name), None) => Some((name.as_str()?, "")),
            (None, Some(parts)) => Some((parts.get(0)?.as_str()?, parts.get(1)?.as_str()?)),
            _ => None,
        }
    }

    /// The template with only that part of each `Fn::If` in its resources that its condition comes to: what stands in the other refers to
    /// what is not made.
    #[must_use]
    pub fn decided(&self) -> TemplateText {
        let mut decided = self.template.clone();
        let resources = decided.resources_mut();
        resources.for_each(|resource| self.decide(resource));
        decided
    }

    fn decide(&self, value: &mut Value) {
        let chosen = value.get("Fn::If").and_then(|of| {
            let holds = self.holds(of.get(0)?.as_str()?, 0)?;
            of.get(if holds { 1 } else { 2 }).cloned()
        });
        if let Some(chosen) = chosen {
            *value = chosen;
            self.decide(value);
            return;
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.decide(item)),
            Value::Object(map) => map.values_mut().for_each(|inner| self.decide(inner)),
            _ => {}
        }
    }

    fn raw(&self, resource: &str, property: &str) -> Option<&'t Value> {
        let properties = self.template.resources().get(resource)?.get("Properties")?;
        match property.strip_prefix("Tags.") {
            Some(tag) => {
                let mut tags = properties.get("Tags")?.as_array()?.iter();
                tags.find(|one| one["Key"] == tag)?.get("Value")
            }
            None => properties.get(property),
        }
    }

    /// What an expression comes to; none where nobody can tell.
    fn value(&self, value: &Value) -> Option<Value> {
        let map = match value {
            Value::Array(items) => return items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map,
            scalar => return Some(scalar.clone()),
        };
        let (function, of) = map.iter().next().filter(|_| map.len() == 1)?;
        let part = |place: usize| self.value(of.get(place)?);
        match function.as_str() {
            "Ref" => self.reference(of.as_str()?),
            "Fn::GetAtt" => self.attribute(of.get(0)?.as_str()?, of.get(1)?.as_str()?),
            "Fn::Sub" => self.substituted(of),
            "Fn::If" => match self.holds(of.get(0)?.as_str()?, 0)? {
                true => part(1),
                false => part(2),
            },
            "Fn::Join" => {
                let (between, items) = (text(&part(0)?)?, part(1)?);
                let items: Option<Vec<String>> = items.as_array()?.iter().map(text).collect();
                Some(Value::from(items?.join(&between)))
            }
            "Fn::Split" => {
                let (at, whole) = (text(&part(0)?)?, text(&part(1)?)?);
                (!at.is_empty()).then(|| whole.split(&at).collect())
            }
            "Fn::Select" => {
                let (place, items) = (text(&part(0)?)?, of.get(1)?);
                let place: usize = place.parse().ok()?;
                // The others need not be known.
                match items.as_array() {
                    Some(items) => self.value(items.get(place)?),
                    None => self.value(items)?.get(place).cloned(),
                }
            }
            "Fn::FindInMap" => {
                let way = [text(&part(0)?)?, text(&part(1)?)?, text(&part(2)?)?];
                let mappings = self.template.whole.get("Mappings")?;
                let found = way
                    .iter()
                    .try_fold(mappings, |value, name| value.get(name))?;
                Some(found.clone())
            }
            "Fn::Cidr" => blocks(&text(&part(0)?)?, &text(&part(1)?)?, &text(&part(2)?)?),
            _ => None,
        }
    }

    fn reference(&self, name: &str) -> Option<Value> {
        let parameter = self.parameters.get(name).cloned();
        parameter.or_else(|| self.attribute(name, ""))
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<Value> {
        let given = self.given.get(resource)?.get(attribute)?;
        Some(Value::from(given.as_str()))
    }

    fn substituted(&self, of: &Value) -> Option<Value> {
        let (whole, own) = match of {
            Value::String(whole) => (whole.as_str(), None),
            Value::Array(parts) => (parts.first()?.as_str()?, parts.get(1)),
            _ => return None,
        };
        let mut pieces = whole.split("${");
        let mut done = pieces.next()?.to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}')?;
            if let Some(literal) = name.strip_prefix('!') {
                done.push_str(&format!("${{{literal}}}"));
            } else {
                let name = name.trim();
                let value = match own.and_then(|own| own.get(name)) {
                    Some(value) => self.value(value)?,
                    None => match name.split_once('.') {
                        Some((resource, attribute)) => self.attribute(resource, attribute)?,
                        None => self.reference(name)?,
                    },
                };
                done.push_str(&text(&value)?);
            }
            done.push_str(rest);
        }
        Some(Value::from(done))
    }

    /// Whether the condition of that name holds; `depth` ends those that are defined by themselves.
    fn holds(&self, name: &str, depth: usize) -> Option<bool> {
        let mut conditions = self.template.section("Conditions");
        let (_, condition) = conditions.find(|(known, _)| *known == name)?;
        self.is_true(condition, depth + 1)
    }

    fn is_true(&self, condition: &Value, depth: usize) -> Option<bool> {
        let map = condition.as_object().filter(|_| depth < 32)?;
        let (function, of) = map.iter().next()?;
        let mut parts = of.as_array().into_iter().flatten();
        let mut all = parts.clone().map(|part| self.is_true(part, depth + 1));
        match function.as_str() {
            "Condition" => self.holds(of.as_str()?, depth),
            "Fn::Equals" => {
                let (one, other) = (self.value(parts.next()?)?, self.value(parts.next()?)?);
                Some(text(&one)? == text(&other)?)
            }
            "Fn::Not" => all.next()?.map(|is| !is),
            "Fn::And" => match all.clone().any(|is| is == Some(false)) {
                true => Some(false),
                false => all.all(|is| is == Some(true)).then_some(true),
            },
            "Fn::Or" => match all.clone().any(|is| is == Some(true)) {
                true => Some(true),
                false => all.all(|is| is == Some(false)).then_some(false),
            },
            _ => None,
        }
    }
}

/// A scalar as AWS takes it, a list as one text with commas.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(text).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

/// The first `count` ranges with `bits` bits for machines in the range `whole`.
fn blocks(whole: &str, count: &str, bits: &str) -> Option<Value> {
    let base: Ipv4Addr = whole.split_once('/')?.0.parse().ok()?;
    let count: u32 = count.parse().ok().filter(|count| *count <= 256)?;
    let bits: u32 = bits.parse().ok().filter(|bits| *bits < 32)?;
    let block = |number: u32| {
        let address = u32::from(base).checked_add(number.checked_mul(1 << bits)?)?;
        Some(json!(format!("{}/{}", Ipv4Addr::from(address), 32 - bits)))
    };
    (0..count).map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::templates::Carried;

    fn told(parameters: Value) -> impl Fn(&str, &str) -> Option<String> {
        let template = TemplateText::read(Carried::Network.body()).unwrap();
        move |resource, property| {
            let aws = [("AWS::StackName", "net"), ("AWS::Region", "eu-west-1")];
            let aws = aws.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut said = Said::new(&template, &parameters, aws.into());
            said.give("Vpc", [(String::new(), "vpc-1".to_owned())].into());
            match property {
                "" => said.is_there(resource).map(|is| is.to_string()),
                property => said.property(resource, property),
            }
        }
    }

    #[test]
    fn of_the_network_that_hodman_carries_all_is_told_that_aws_need_not_tell() {
        let says = told(json!({"VpcCidr": "10.4.0.0/16", "Zones": "eu-west-1a,eu-west-1b"}));
        for (resource, property, wanted) in [
            ("Vpc", "CidrBlock", Some("10.4.0.0/16")),
            ("Vpc", "Tags.Name", Some("net")),
            ("PrivateSubnet2", "CidrBlock", Some("10.4.16.0/20")),
            ("PrivateSubnet2", "AvailabilityZone", Some("eu-west-1b")),
            ("PrivateSubnet2", "VpcId", Some("vpc-1")),
            ("PublicSubnet1", "CidrBlock", Some("10.4.64.0/20")),
            ("PublicSubnet1", "Tags.Name", Some("net-public-1")),
            (
                "S3Endpoint",
                "ServiceName",
                Some("com.amazonaws.eu-west-1.s3"),
            ),
            ("NatGateway1", "SubnetId", None),
            ("PrivateSubnet2", "", Some("true")),
            ("PrivateSubnet3", "", Some("false")),
            ("NatGateway1", "", Some("true")),
            ("NatGateway2", "", Some("false")),
        ] {
            assert_eq!(
                says(resource, property).as_deref(),
                wanted,
                "{resource}.{property}"
            );
        }
    }

    #[test]
    fn what_a_condition_leaves_out_is_referred_to_by_nothing() {
        let template = TemplateText::read(Carried::Network.body()).unwrap();
        let lacking = |parameters: Value| {
            let said = Said::new(&template, &parameters, [].into());
            let there = ["Vpc", "PrivateRouteTable1", "PrivateRouteTable2"].map(str::to_owned);
            said.decided().lacks("S3Endpoint", &there.into())
        };
        assert_eq!(lacking(json!({})), None);
        for third in ["eu-west-1c", "${resources.a.b.zone}"] {
            let words = lacking(json!({"ThirdZone": third})).unwrap();
            assert!(words.contains("`PrivateRouteTable3`"), "{words}");
        }
    }

    #[test]
    fn what_is_known_later_is_not_guessed() {
        let says = told(
            json!({"VpcCidr": "${resources.a.b.cidr}", "NatGateways": "${resources.a.b.nat}"}),
        );
        assert_eq!(says("Vpc", "CidrBlock"), None);
        assert_eq!(says("PrivateSubnet1", "CidrBlock"), None);
        assert_eq!(says("NatGateway1", ""), None);
    }
}
