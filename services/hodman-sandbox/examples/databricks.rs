//! Serves one workspace that answers the account API too, until it is interrupted: `cargo run --example databricks [PORT]`.
//! The workspace is on PORT + 1. Tokens `dapi-test` and `x`, principal `x` with secret `y`.

use std::process::ExitCode;

use hodman_sandbox::databricks::{Databricks, DatabricksOptions, FixedToken, Principal};

#[tokio::main]
async fn main() -> ExitCode {
    let first_port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let token = |value: &str| FixedToken {
        value: value.into(),
        login: "ana@example.com".to_owned(),
    };
    let options = DatabricksOptions {
        workspaces: vec!["dev".to_owned()],
        principals: vec![Principal {
            client_id: "x".to_owned(),
            client_secret: "y".into(),
            display_name: "probe".to_owned(),
        }],
        people: vec!["ana@example.com".to_owned()],
        tokens: vec![token("dapi-test"), token("x")],
        unified_hosts: true,
        first_port,
        ..DatabricksOptions::default()
    };
    let databricks = match Databricks::start(options).await {
        Ok(databricks) => databricks,
        Err(error) => {
            eprintln!("cannot serve: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("account {}", databricks.account_url());
    for workspace in databricks.workspaces() {
        println!("{} {}", workspace.name(), workspace.url());
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("cannot wait for the interrupt: {error}");
        return ExitCode::FAILURE;
    }
    databricks.shutdown().await;
    ExitCode::SUCCESS
}
