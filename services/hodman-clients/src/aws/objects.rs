//! Objects of one S3 bucket, below one prefix.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_bucket::HeadBucketOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime as SmithyTime};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::CONNECT_TIMEOUT;
use super::error::{AwsError, AwsErrorKind};

/// One try of a call, the sending of the largest package included. A stalled stream ends much earlier.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(600);

/// Which objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectsConfig {
    /// The bucket.
    pub bucket: String,
    /// Put before every key as it is, so it usually ends in `/`; may be empty.
    pub prefix: String,
    /// `https://host/bucket/key` instead of `https://bucket.host/key`: for servers that imitate S3.
    pub force_path_style: bool,
}

/// What is put.
#[derive(Debug, Clone)]
pub enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, streamed; at most 5 GiB.
    File(PathBuf),
}

/// What a put found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object is written.
    Created,
    /// Only with `if_none_match`: an object was there and is untouched. It may be from our own first try.
    Existed,
}

/// An object without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key below the prefix.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// S3's tag of the content, with its quotes.
    pub etag: Option<String>,
    /// The last write.
    pub modified_at: Option<DateTime<Utc>>,
}

/// What the check of a bucket found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketReport {
    /// The region the bucket says it is in.
    pub region: Option<String>,
    /// Whether there is any object below the prefix.
    pub has_objects: bool,
}

/// A client of one bucket and prefix. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Objects {
    s3: aws_sdk_s3::Client,
    config: ObjectsConfig,
}

impl Objects {
    pub(super) fn new(sdk: &SdkConfig, config: ObjectsConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // It counts from the beginning of the request: a large package goes out for minutes.
            .read_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(sdk)
            .timeout_config(timeouts)
            .force_path_style(config.force_path_style)
            .build();
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3),
            config,
        }
    }

    /// Writes an object. With `if_none_match` an object that is there stays as it is: the way to write a thing named by
    /// its digest exactly once, however many try.
    pub async fn put(
        &self,
        key: &str,
        content: Content,
        if_none_match: bool,
    ) -> Result<PutOutcome, AwsError> {
        let body = match content {
            Content::Bytes(bytes) => ByteStream::from(bytes),
            Content::File(path) => ByteStream::from_path(&path)
                .await
                .map_err(|error| AwsError::local("PutObject", self.target(key), error))?,
        };
        let mut request = self
            .s3
            .put_object()
            .bucket(&self.config.bucket)
            .key(self.full(key))
            .body(body);
        if if_none_match {
            request = request.if_none_match("*");
        }
        match request.send().await {
            Ok(_) => Ok(PutOutcome::Created),
            Err(error) if if_none_match && status(&error) == Some(412) => Ok(PutOutcome::Existed),
            Err(error) => Err(self.error("PutObject", key, error)),
        }
    }

    /// Reads an object into memory.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, AwsError> {
        let Some(object) = self.open(key).await? else {
            return Ok(None);
        };
        let content = object.body.collect().await;
        let content =
            content.map_err(|error| AwsError::interrupted("GetObject", self.target(key), error))?;
        Ok(Some(content.into_bytes()))
    }

    /// Reads an object into a file; answers its size. The file appears under its name only when it is complete and on
    /// disk; until then it is `<name>.partial` beside it.
    pub async fn get_to_file(&self, key: &str, path: &Path) -> Result<Option<u64>, AwsError> {
        let Some(mut object) = self.open(key).await? else {
            return Ok(None);
        };
        let local = |error| AwsError::local("GetObject", self.target(key), error);
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let mut file = File::create(&partial).await.map_err(local)?;
        let mut size = 0;
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk
                .map_err(|error| AwsError::interrupted("GetObject", self.target(key), error))?;
            file.write_all(&chunk).await.map_err(local)?;
            size += chunk.len() as u64;
        }
        file.flush().await.map_err(local)?;
        file.sync_all().await.map_err(local)?;
        tokio::fs::rename(&partial, path).await.map_err(local)?;
        Ok(Some(size))
    }

    /// What is known of an object without reading it.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, AwsError> {
        match self
            .s3
            .head_object()
            .bucket(&self.config.bucket)
            .key(self.full(key))
            .send()
            .await
        {
            Ok(object) => Ok(Some(ObjectInfo {
                key: key.to_owned(),
                size: object.content_length.unwrap_or(0).try_into().unwrap_or(0),
                etag: object.e_tag,
                modified_at: object.last_modified.as_ref().and_then(time),
            })),
            // Without a body the answer does not say whether the object or the bucket is missing.
            Err(error) if status(&error) == Some(404) => self.head_bucket().await.map(|_| None),
            Err(error) => Err(self.error("HeadObject", key, error)),
        }
    }

    /// All objects whose key starts with `prefix` (below the configured one), by key.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, AwsError> {
        let request = self
            .s3
            .list_objects_v2()
            .bucket(&self.config.bucket)
            .prefix(self.full(prefix));
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.error("ListObjectsV2", prefix, error))?;
            found.extend(
                page.contents
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|object| {
                        Some(ObjectInfo {
                            key: object.key?.strip_prefix(&self.config.prefix)?.to_owned(),
                            size: object.size.unwrap_or(0).try_into().unwrap_or(0),
                            etag: object.e_tag,
                            modified_at: object.last_modified.as_ref().and_then(time),
                        })
                    }),
            );
        }
        Ok(found)
    }

    /// Whether the bucket is there and may be listed. Writing is not tried.
    pub async fn check(&self) -> Result<BucketReport, AwsError> {
        let bucket = self.head_bucket().await?;
        let request = self
            .s3
            .list_objects_v2()
            .bucket(&self.config.bucket)
            .prefix(&self.config.prefix)
            .max_keys(1);
        let listed = request
            .send()
            .await
            .map_err(|error| self.error("ListObjectsV2", "", error))?;
        Ok(BucketReport {
            region: bucket.bucket_region,
            has_objects: !listed.contents().is_empty(),
        })
    }

    async fn head_bucket(&self) -> Result<HeadBucketOutput, AwsError> {
        self.s3
            .head_bucket()
            .bucket(&self.config.bucket)
            .send()
            .await
            .map_err(|error| {
                let missing = status(&error) == Some(404);
                let mut error = self.error("HeadBucket", "", error);
                if missing {
                    // A HEAD answer has no body to say it.
                    error.kind = AwsErrorKind::NoSuchBucket;
                }
                error
            })
    }

    async fn open(&self, key: &str) -> Result<Option<GetObjectOutput>, AwsError> {
        match self
            .s3
            .get_object()
            .bucket(&self.config.bucket)
            .key(self.full(key))
            .send()
            .await
        {
            Ok(object) => Ok(Some(object)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_no_such_key()) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.error("GetObject", key, error)),
        }
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.config.prefix)
    }

    fn target(&self, key: &str) -> String {
        format!("s3://{}/{}", self.config.bucket, self.full(key))
    }

    fn error<E>(
        &self,
        operation: &'static str,
        key: &str,
        error: SdkError<E, HttpResponse>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        AwsError::from_sdk(operation, self.target(key), error)
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

fn time(time: &SmithyTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}
