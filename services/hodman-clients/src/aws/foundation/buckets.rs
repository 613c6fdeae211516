//! Buckets of S3, with the settings that Databricks asks of a root bucket.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Delete,
    ObjectIdentifier, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use serde_json::{Map, Value, json};

use super::super::Aws;
use super::super::error::AwsError;
use super::{New, is_missing, list, must_be, text, texts};

/// The region whose buckets have no region in their making.
const FIRST_REGION: &str = "us-east-1";

/// Buckets of one region.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    s3: Client,
    region: String,
}

/// The setting of an answer; none where AWS says that there is none.
macro_rules! setting {
    ($answer:expr, $operation:literal, $name:expr, $missing:literal) => {
        match $answer {
            Ok(answer) => Some(answer),
            Err(error) if error.code() == Some($missing) => None,
            Err(error) => return Err(AwsError::from_sdk($operation, $name, error)),
        }
    };
}

impl Buckets {
    pub fn new(aws: &Aws) -> Self {
        let sdk = aws.sdk();
        let config = aws_sdk_s3::config::Builder::from(sdk)
            // Servers that imitate S3 seldom answer on a host name for each bucket.
            .force_path_style(sdk.endpoint_url().is_some())
            .build();
        let region = sdk.region().map_or(FIRST_REGION, AsRef::as_ref);
        Self {
            s3: Client::from_conf(config),
            region: region.to_owned(),
        }
    }

    pub async fn show(&self, name: &str) -> Result<Value, AwsError> {
        // First, for all of them say whether there is a bucket, and this one also whose it is.
        let tags = self.tags(name).await?;
        let mut shown = Map::new();
        shown.insert("name".into(), json!(name));
        shown.insert("region".into(), json!(self.region));
        let partition = partition(&self.region);
        shown.insert("arn".into(), json!(format!("arn:{partition}:s3:::{name}")));
        let answer = self.s3.get_bucket_policy().bucket(name).send().await;
        let policy = setting!(answer, "GetBucketPolicy", name, "NoSuchBucketPolicy");
        if let Some(policy) = policy.and_then(|answer| answer.policy) {
            let policy = serde_json::from_str(&policy).unwrap_or(Value::from(policy));
            shown.insert("policy".into(), policy);
        }
        let answer = self.s3.get_bucket_encryption().bucket(name).send().await;
        let answer = setting!(
            answer,
            "GetBucketEncryption",
            name,
            "ServerSideEncryptionConfigurationNotFoundError"
        );
        let rule = answer.and_then(|answer| answer.server_side_encryption_configuration);
        if let Some(rule) = rule.as_ref().and_then(|rules| rules.rules().first()) {
            shown.insert("encryption".into(), encryption(rule));
        }
        let answer = self.s3.get_public_access_block().bucket(name).send().await;
        let answer = setting!(
            answer,
            "GetPublicAccessBlock",
            name,
            "NoSuchPublicAccessBlockConfiguration"
        );
        if let Some(block) = answer.and_then(|answer| answer.public_access_block_configuration) {
            let said = json!({
                "block_public_acls": block.block_public_acls,
                "ignore_public_acls": block.ignore_public_acls,
                "block_public_policy": block.block_public_policy,
                "restrict_public_buckets": block.restrict_public_buckets,
            });
            shown.insert("public_access_block".into(), said);
        }
        let answer = self
            .s3
            .get_bucket_ownership_controls()
            .bucket(name)
            .send()
            .await;
        let answer = setting!(
            answer,
            "GetBucketOwnershipControls",
            name,
            "OwnershipControlsNotFoundError"
        );
        let rules = answer.and_then(|answer| answer.ownership_controls);
        if let Some(rule) = rules.as_ref().and_then(|rules| rules.rules().first()) {
            shown.insert("ownership".into(), json!(rule.object_ownership().as_str()));
        }
        let answer = self.s3.get_bucket_versioning().bucket(name).send().await;
        let answer =
            answer.map_err(|error| AwsError::from_sdk("GetBucketVersioning", name, error))?;
        if let Some(status) = answer.status() {
            shown.insert("versioning".into(), json!(status.as_str()));
        }
        shown.insert("tags".into(), tags.into());
        Ok(Value::Object(shown))
    }

    async fn tags(&self, name: &str) -> Result<Map<String, Value>, AwsError> {
        let answer = self.s3.get_bucket_tagging().bucket(name).send().await;
        let answer = setting!(answer, "GetBucketTagging", name, "NoSuchTagSet");
        let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
        let tags = tags.into_iter();
        Ok(tags.map(|tag| (tag.key, json!(tag.value))).collect())
    }

    /// Makes a bucket; refused where there is one of that name, anybody's.
    pub async fn make(&self, body: &Value) -> Result<Value, AwsError> {
        let name = text(body, "name").unwrap_or_default();
        // In the first region AWS answers the making of a bucket that is ours already as if it had just made it.
        let there = self.s3.head_bucket().bucket(name).send().await;
        match there.map_err(|error| AwsError::from_sdk("HeadBucket", name, error)) {
            Ok(_) => {
                return Err(AwsError::answered(
                    "CreateBucket",
                    name,
                    409,
                    Some("BucketAlreadyOwnedByYou".to_owned()),
                    Some("there is a bucket of that name".to_owned()),
                ));
            }
            // Nobody knows whether it is ours; elsewhere the making itself says so.
            Err(error) if self.region == FIRST_REGION && !is_missing(error.code()) => {
                return Err(error);
            }
            Err(_) => {}
        }
        let place = (self.region != FIRST_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        let create = self.s3.create_bucket().bucket(name);
        let made = create.set_create_bucket_configuration(place).send().await;
        made.map_err(|error| AwsError::from_sdk("CreateBucket", name, error))?;
        let mut new = New::made();
        loop {
            match self.bring(name, body).await {
                Err(error) if new.again(&error).await => {}
                brought => return brought,
            }
        }
    }

    /// Makes the bucket's settings be what the body says. A policy that it does not name goes; what else it is silent about stays
    /// as AWS made it, and so do tags that it does not speak of.
    pub async fn bring(&self, name: &str, body: &Value) -> Result<Value, AwsError> {
        let live = self.show(name).await?;
        let differs = |field: &str| body.get(field).is_some() && body.get(field) != live.get(field);
        // Whose the bucket is, first of all: a crash from here on finds it again.
        let mut tags = live["tags"].as_object().cloned().unwrap_or_default();
        let before = tags.clone();
        tags.retain(|key, _| !list(body, "untagged").contains(key));
        tags.extend(texts(body, "tags").map(|(key, value)| (key.clone(), json!(value))));
        if tags != before {
            let put = self.s3.put_bucket_tagging().bucket(name);
            let put = put.tagging(tagging(&tags, name)?).send().await;
            put.map_err(|error| AwsError::from_sdk("PutBucketTagging", name, error))?;
        }
        if differs("public_access_block") {
            let flag = |field: &str| body["public_access_block"][field] == true;
            let block = PublicAccessBlockConfiguration::builder()
                .block_public_acls(flag("block_public_acls"))
                .ignore_public_acls(flag("ignore_public_acls"))
                .block_public_policy(flag("block_public_policy"))
                .restrict_public_buckets(flag("restrict_public_buckets"))
                .build();
            let put = self.s3.put_public_access_block().bucket(name);
            let put = put.public_access_block_configuration(block).send().await;
            put.map_err(|error| AwsError::from_sdk("PutPublicAccessBlock", name, error))?;
        }
        if differs("ownership") {
            let ownership = ObjectOwnership::from(text(body, "ownership").unwrap_or_default());
            let rule = OwnershipControlsRule::builder().object_ownership(ownership);
            let rule = built(rule.build(), "PutBucketOwnershipControls", name)?;
            let controls = OwnershipControls::builder().rules(rule).build();
            let controls = built(controls, "PutBucketOwnershipControls", name)?;
            let put = self.s3.put_bucket_ownership_controls().bucket(name);
            let put = put.ownership_controls(controls).send().await;
            put.map_err(|error| AwsError::from_sdk("PutBucketOwnershipControls", name, error))?;
        }
        if let Some(encryption) = encryption_of(body, &live) {
            let put = self.s3.put_bucket_encryption().bucket(name);
            let rules = encrypted(&encryption, name)?;
            let put = put.server_side_encryption_configuration(rules).send().await;
            put.map_err(|error| AwsError::from_sdk("PutBucketEncryption", name, error))?;
        }
        if differs("versioning") {
            let status = BucketVersioningStatus::from(text(body, "versioning").unwrap_or_default());
            let versioning = VersioningConfiguration::builder().status(status).build();
            let put = self.s3.put_bucket_versioning().bucket(name);
            let put = put.versioning_configuration(versioning).send().await;
            put.map_err(|error| AwsError::from_sdk("PutBucketVersioning", name, error))?;
        }
        if differs("policy") {
            let put = self.s3.put_bucket_policy().bucket(name);
            let put = put.policy(body["policy"].to_string()).send().await;
            put.map_err(|error| AwsError::from_sdk("PutBucketPolicy", name, error))?;
        } else if body.get("policy").is_none() && live.get("policy").is_some() {
            let gone = self.s3.delete_bucket_policy().bucket(name).send().await;
            gone.map_err(|error| AwsError::from_sdk("DeleteBucketPolicy", name, error))?;
        }
        self.show(name).await
    }

    /// Removes a bucket; AWS refuses while anything is in it, so with `empty` all of that goes first, in every version.
    pub async fn remove(&self, name: &str, empty: bool, only: &Value) -> Result<Value, AwsError> {
        if only.get("tags").is_some() {
            let there = json!({"tags": self.tags(name).await?});
            must_be(only, &there, "DeleteBucket", name)?;
        }
        if empty {
            self.empty(name).await?;
        }
        let gone = self.s3.delete_bucket().bucket(name).send().await;
        gone.map_err(|error| AwsError::from_sdk("DeleteBucket", name, error))?;
        Ok(Value::Null)
    }

    /// Removes everything in a bucket, page by page: a kill in between leaves less to do.
    async fn empty(&self, name: &str) -> Result<(), AwsError> {
        loop {
            let page = self.s3.list_object_versions().bucket(name).send().await;
            let page =
                page.map_err(|error| AwsError::from_sdk("ListObjectVersions", name, error))?;
            let versions = page.versions().iter();
            let versions = versions.map(|one| (one.key(), one.version_id()));
            let marks = page.delete_markers().iter();
            let all = versions.chain(marks.map(|one| (one.key(), one.version_id())));
            let all: Result<Vec<ObjectIdentifier>, AwsError> = all
                .map(|(key, version)| {
                    let one = ObjectIdentifier::builder().set_key(key.map(str::to_owned));
                    let one = one.set_version_id(version.map(str::to_owned));
                    built(one.build(), "DeleteObjects", name)
                })
                .collect();
            let all = all?;
            if all.is_empty() {
                return Ok(());
            }
            let all = Delete::builder().set_objects(Some(all)).quiet(true).build();
            let all = built(all, "DeleteObjects", name)?;
            let gone = self
                .s3
                .delete_objects()
                .bucket(name)
                .delete(all)
                .send()
                .await;
            let gone = gone.map_err(|error| AwsError::from_sdk("DeleteObjects", name, error))?;
            if let Some(kept) = gone.errors().first() {
                // Under a legal hold, say; asking again would ask for ever.
                return Err(AwsError::answered(
                    "DeleteObjects",
                    name,
                    403,
                    kept.code().map(str::to_owned),
                    Some(format!(
                        "{} stays: {}",
                        kept.key().unwrap_or_default(),
                        kept.message().unwrap_or_default()
                    )),
                ));
            }
        }
    }
}

/// The part of AWS that a region is in, as ARNs have it.
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("cn-") => "aws-cn",
        _ => "aws",
    }
}

/// The encryption that is to be set, where it is another one than there is. Whether keys are kept for the bucket is left as it is,
/// if the body is silent about it.
fn encryption_of(body: &Value, live: &Value) -> Option<Value> {
    let mut wanted = body.get("encryption")?.clone();
    let kept = live["encryption"].get("bucket_key").cloned();
    if let (Some(wanted), Some(kept)) = (wanted.as_object_mut(), kept) {
        wanted.entry("bucket_key").or_insert(kept);
    }
    (Some(&wanted) != live.get("encryption")).then_some(wanted)
}

fn encryption(rule: &ServerSideEncryptionRule) -> Value {
    let mut said = Map::new();
    if let Some(default) = rule.apply_server_side_encryption_by_default() {
        said.insert("algorithm".into(), json!(default.sse_algorithm().as_str()));
        if let Some(key) = default.kms_master_key_id() {
            said.insert("kms_key_id".into(), json!(key));
        }
    }
    if rule.bucket_key_enabled() == Some(true) {
        said.insert("bucket_key".into(), json!(true));
    }
    Value::Object(said)
}

fn encrypted(said: &Value, name: &str) -> Result<ServerSideEncryptionConfiguration, AwsError> {
    let algorithm = ServerSideEncryption::from(text(said, "algorithm").unwrap_or("AES256"));
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(algorithm)
        .set_kms_master_key_id(text(said, "kms_key_id").map(str::to_owned));
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(
            default.build(),
            "PutBucketEncryption",
            name,
        )?)
        .set_bucket_key_enabled(said.get("bucket_key").and_then(Value::as_bool));
    let rules = ServerSideEncryptionConfiguration::builder().rules(rule.build());
    built(rules.build(), "PutBucketEncryption", name)
}

fn tagging(tags: &Map<String, Value>, name: &str) -> Result<Tagging, AwsError> {
    let mut all = Tagging::builder().set_tag_set(Some(Vec::new()));
    for (key, value) in tags {
        let tag = Tag::builder()
            .key(key)
            .value(value.as_str().unwrap_or_default());
        all = all.tag_set(built(tag.build(), "PutBucketTagging", name)?);
    }
    built(all.build(), "PutBucketTagging", name)
}

fn built<T>(
    built: Result<T, aws_sdk_s3::error::BuildError>,
    operation: &'static str,
    name: &str,
) -> Result<T, AwsError> {
    built.map_err(|error| AwsError::unbuildable(operation, name, error))
}

#[cfg(test)]
mod tests {
    use super::partition;

    #[test]
    fn a_bucket_is_named_in_the_part_of_aws_that_its_region_is_in() {
        for (region, part) in [
            ("eu-west-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
        ] {
            assert_eq!(partition(region), part, "{region}");
        }
    }
}
