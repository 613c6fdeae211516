//! Where `./test` says that third-party servers and files are. A test that needs one fails when it is not there: what is
//! skipped in silence is not tested.

use std::path::PathBuf;

/// What the runner put into the environment.
pub(super) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run ./test, which starts the third-party servers and says where they are")
    })
}

/// URL of a server that imitates AWS: SQS, S3, EC2, KMS, CloudFormation and more.
#[must_use]
pub fn aws_endpoint() -> String {
    variable("HODMAN_TEST_AWS_ENDPOINT")
}

/// URL of a PostgreSQL role that may create databases.
#[must_use]
pub fn postgres_url() -> String {
    variable("HODMAN_TEST_POSTGRES_URL")
}

/// URLs of three servers that each imitate a Databricks workspace. Tests share them: names must be of the test's own.
#[must_use]
pub fn workspaces() -> [String; 3] {
    let urls = variable("HODMAN_TEST_MINILAKE");
    let urls: Vec<String> = urls.split(',').map(str::to_owned).collect();
    urls.try_into().unwrap_or_else(|urls: Vec<String>| {
        panic!("HODMAN_TEST_MINILAKE has {} URLs, not three", urls.len())
    })
}

/// The folder of an npm package that the runner installed.
#[must_use]
pub fn node_package(name: &str) -> PathBuf {
    let folder = PathBuf::from(variable("HODMAN_TEST_NODE_MODULES")).join(name);
    assert!(
        folder.is_dir(),
        "{name} is not in HODMAN_TEST_NODE_MODULES: name it in tests/py/npm.txt"
    );
    folder
}
