//! The names of Git providers. Requests take them in any case, answers have them in one.
//!
//! "This field is case-insensitive", says the SDK of `git_provider` and `provider` (service/workspace.py), and the Terraform provider
//! compares them so (repos/resource_repo.go).

const KNOWN: &[&str] = &[
    "awsCodeCommit",
    "azureDevOpsServices",
    "azureDevOpsServicesAad",
    "bitbucketCloud",
    "bitbucketServer",
    "gitHub",
    "gitHubEnterprise",
    "gitHubOAuth",
    "gitLab",
    "gitLabEnterpriseEdition",
];

/// The provider as the service writes it; as it is where it is none of those that we know.
pub(super) fn spelled(provider: &str) -> String {
    let known = KNOWN.iter();
    let mut same = known.filter(|known| known.eq_ignore_ascii_case(provider));
    (*same.next().unwrap_or(&provider)).to_owned()
}
