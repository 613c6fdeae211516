//! States in a bucket, with S3's own lock file, on a server that others wrote.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use hodman_tests::harness::{Options, Secrets};
use hodman_tests::servers::aws_endpoint;

use super::bench::Bench;

/// A bucket for states.
pub struct Bucket {
    pub client: aws_sdk_s3::Client,
    pub name: String,
}

impl Bucket {
    pub async fn new() -> Self {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(aws_endpoint())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .force_path_style(true)
            .build();
        let bucket = Self {
            client: aws_sdk_s3::Client::from_conf(config),
            name: format!("states-{:x}", rand::random::<u64>()),
        };
        bucket.make().await;
        bucket
    }

    pub async fn make(&self) {
        let made = self.client.create_bucket().bucket(&self.name).send().await;
        made.expect("a bucket");
    }

    /// With everything in it, as by somebody who cleans up.
    pub async fn lose(&self) {
        for key in self.keys().await {
            let gone = self.client.delete_object().bucket(&self.name).key(key);
            gone.send().await.expect("deleted");
        }
        let gone = self.client.delete_bucket().bucket(&self.name).send().await;
        gone.expect("deleted");
    }

    pub async fn keys(&self) -> Vec<String> {
        let listed = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .send()
            .await;
        let listed = listed.expect("a list");
        let keys = listed.contents().iter().filter_map(|object| object.key());
        keys.map(str::to_owned).collect()
    }

    /// What a stack's state holds, by address.
    pub async fn resources(&self, stack: &str) -> Vec<String> {
        let key = format!("{stack}.tfstate");
        let read = self.client.get_object().bucket(&self.name).key(key).send();
        let bytes = read.await.expect("a state").body.collect().await;
        let bytes = bytes.expect("a state").into_bytes();
        let state: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let resources = state["resources"].as_array().into_iter().flatten();
        resources
            .map(|one| one["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The settings' values for the backend.
    pub fn backend(&self) -> String {
        format!(
            "bucket: {}, key: \"${{stack}}.tfstate\", region: us-east-1, use_lockfile: true, use_path_style: true, \
             skip_credentials_validation: true, skip_metadata_api_check: true, skip_requesting_account_id: true, \
             skip_region_validation: true, endpoints: {{s3: \"{}\"}}",
            self.name,
            aws_endpoint()
        )
    }

    /// A world with one stack that waits for a sign, its state here.
    pub fn waiting(&self, bench: &Bench, secrets: Secrets) -> Options {
        let key = match secrets {
            Secrets::Inline => "{value: test}",
            Secrets::Environment => "{env: HODMAN_TEST_STACK_KEY}",
        };
        let keys = format!(", AWS_ACCESS_KEY_ID: {key}, AWS_SECRET_ACCESS_KEY: {key}");
        let mut options = bench.waiting("s3");
        options.settings = bench.settings_with(secrets, &self.backend(), [&keys, &keys], "");
        options
    }
}
