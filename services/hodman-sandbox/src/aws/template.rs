//! What a template speaks of, as far as its lines tell: YAML in blocks, two spaces deeper at each level. Conditions and functions
//! are not worked out.

/// The resources and outputs of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    /// Names and types.
    pub resources: Vec<(String, String)>,
    /// Names.
    pub outputs: Vec<String>,
}

impl Template {
    pub fn read(text: &str) -> Self {
        let (mut found, mut section, mut name) = (Self::default(), "", "");
        for line in text.lines() {
            let told = line.trim_start();
            let (key, value) = told.split_once(':').unwrap_or((told, ""));
            match (line.len() - told.len(), section) {
                _ if told.is_empty() || told.starts_with('#') => {}
                (0, _) => section = key,
                (2, "Outputs") => found.outputs.push(key.to_owned()),
                (2, _) => name = key,
                (4, "Resources") if key == "Type" => {
                    let resource = (name.to_owned(), value.trim().to_owned());
                    found.resources.push(resource);
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_and_outputs_are_found_by_their_lines() {
        let text = "\
Parameters:
  Size:
    Type: Number
Resources:
  # the first
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      Type: of something else

  Subnet:
    Type: AWS::EC2::Subnet
Outputs:
  VpcId:
    Value: !Ref Vpc
";
        let found = Template::read(text);
        let named = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
        let wanted = [
            named("Vpc", "AWS::EC2::VPC"),
            named("Subnet", "AWS::EC2::Subnet"),
        ];
        assert_eq!(found.resources, wanted);
        assert_eq!(found.outputs, ["VpcId"]);
        assert_eq!(Template::read("{\"Resources\": {}}"), Template::default());
    }
}
