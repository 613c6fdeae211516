//! Where the secrets of an environment may come from.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// The sources from which secrets of one environment may be taken. What a package asks for beside these is refused, so a
/// pull request reaches nothing that is not named here; and never a key of the daemon itself.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// Variables of the daemon's environment: names, or their beginnings with `*` at the end, such as `QA_*`.
    #[serde(default)]
    pub env: Vec<String>,
    /// Files, or folders with files in them; absolute paths.
    #[serde(default)]
    pub files: Vec<PathBuf>,
    /// Secrets of AWS Secrets Manager.
    #[serde(default)]
    pub aws_secrets_manager: Option<AwsSource>,
    /// Parameters of AWS Systems Manager.
    #[serde(default)]
    pub aws_ssm: Option<AwsSource>,
}

/// A service of AWS that keeps secrets. Credentials come from the usual places.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsSource {
    /// The region; as AWS's own tools find it when absent.
    #[serde(default)]
    pub region: Option<String>,
    /// What every name begins with, such as `qa/`.
    pub prefix: String,
    /// Something other than AWS that speaks the same.
    #[serde(default)]
    pub endpoint: Option<String>,
}

impl Sources {
    /// What is wrong with them; none when nothing is.
    pub(super) fn problem(&self) -> Option<String> {
        for pattern in &self.env {
            let name = pattern.strip_suffix('*').unwrap_or(pattern);
            if name.is_empty() || name.contains('*') {
                return Some(format!(
                    "env: {pattern:?} is neither a name nor the beginning of one with `*` at its end"
                ));
            }
        }
        if let Some(path) = self.files.iter().find(|path| !path.is_absolute()) {
            return Some(format!("files: {} is not an absolute path", path.display()));
        }
        let aws = [
            ("aws_secrets_manager", &self.aws_secrets_manager),
            ("aws_ssm", &self.aws_ssm),
        ];
        aws.into_iter().find_map(|(key, source)| {
            source
                .as_ref()
                .filter(|source| source.prefix.is_empty())
                .map(|_| format!("{key}.prefix: must not be empty: it would allow every name"))
        })
    }
}
