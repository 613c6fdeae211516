//! The worked example that `hodman init` writes and the demo plays.

/// Its files by path.
pub const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("../example/README.md")),
    ("databricks.yml", include_str!("../example/databricks.yml")),
    (
        "resources/nightly.job.yml",
        include_str!("../example/resources/nightly.job.yml"),
    ),
    (
        "resources/smoke.job.yml",
        include_str!("../example/resources/smoke.job.yml"),
    ),
    ("src/load.py", include_str!("../example/src/load.py")),
    ("src/smoke.py", include_str!("../example/src/smoke.py")),
    (
        "environments/README.md",
        include_str!("../../../environments/README.md"),
    ),
    (
        "environments/dev/environment.yaml",
        include_str!("../../../environments/dev/environment.yaml"),
    ),
    (
        "environments/qa/environment.yaml",
        include_str!("../../../environments/qa/environment.yaml"),
    ),
    (
        "environments/prod/environment.yaml",
        include_str!("../../../environments/prod/environment.yaml"),
    ),
];

/// The example with its workspaces at other addresses.
#[must_use]
pub fn files_at(hosts: &[(&str, String)]) -> Vec<(String, String)> {
    FILES
        .iter()
        .map(|(path, text)| {
            let mut text = (*text).to_owned();
            for (name, host) in hosts {
                text = text.replace(&format!("https://dbc-{name}.cloud.databricks.com"), host);
            }
            ((*path).to_owned(), text)
        })
        .collect()
}
