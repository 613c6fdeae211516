//! The CloudFormation templates that hodman carries: what an environment stands on, for AWS to keep in order.
//!
//! They take everything that differs as parameters and are used as they are, by a module (`template: hodman:network`) or by
//! hand (`hodman template network`). AWS makes what is in them in its own order, goes back where something fails, and knows
//! what drifted; hodman does none of that again.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

/// What stands before a name where a module says which template it uses.
pub const SCHEME: &str = "hodman:";

/// A template that hodman carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carried {
    /// A VPC with its subnets, its way out, a security group and endpoints. Outputs `VpcId`, `SubnetIds`, `SecurityGroupIds` and
    /// more; those with `Ids` at the end are separated by commas.
    Network,
    /// The same for a VPC that exists: a security group, endpoints and, if none are given, subnets.
    NetworkInVpc,
    /// A customer-managed key with its policy and alias. It outlives its stack. Outputs `KeyArn`, `KeyAlias`.
    KmsKey,
}

impl Carried {
    /// All.
    pub const ALL: [Self; 3] = [Self::Network, Self::NetworkInVpc, Self::KmsKey];

    /// Its name after [`SCHEME`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::NetworkInVpc => "network-in-vpc",
            Self::KmsKey => "kms-key",
        }
    }

    /// The template, YAML.
    #[must_use]
    pub fn body(self) -> &'static str {
        match self {
            Self::Network => include_str!("templates/network.yaml"),
            Self::NetworkInVpc => include_str!("templates/network-in-vpc.yaml"),
            Self::KmsKey => include_str!("templates/kms-key.yaml"),
        }
    }

    /// The template of a name; none where there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// The text of a template that hodman carries, with `DeletionPolicy: Retain` for those of its resources called so that have none: AWS takes
/// nothing over without, and what was there before the stack outlives it.
#[must_use]
pub fn keeping<'n>(body: &str, names: impl IntoIterator<Item = &'n String>) -> String {
    let names: BTreeSet<&str> = names.into_iter().map(String::as_str).collect();
    let of_resource = |line: &&str| line.is_empty() || line.starts_with("    ");
    let lines: Vec<&str> = body.lines().collect();
    let mut kept = String::with_capacity(body.len());
    let mut inside = false;
    for (place, line) in lines.iter().enumerate() {
        kept.push_str(line);
        kept.push('\n');
        inside = match line.starts_with(|first: char| first.is_alphabetic()) {
            true => *line == "Resources:",
            false => inside,
        };
        let name = line
            .strip_prefix("  ")
            .and_then(|rest| rest.strip_suffix(':'));
        if inside && name.is_some_and(|name| names.contains(name)) {
            let mut own = lines[place + 1..]
                .iter()
                .take_while(|line| of_resource(line));
            if !own.any(|line| line.starts_with("    DeletionPolicy:")) {
                kept.push_str("    DeletionPolicy: Retain\n");
            }
        }
    }
    kept
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.name())
    }
}
