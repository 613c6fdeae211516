//! Settings of buckets, each kept in the form in which it was sent: S3 gives it back in the same.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::xml::Refusal;

/// A setting: its query, what its operations are called, how S3 says that there is none, and what a new bucket has.
type Setting = (&'static str, &'static str, &'static str, &'static str);

const SETTINGS: [Setting; 6] = [
    ("policy", "BucketPolicy", "NoSuchBucketPolicy", ""),
    ("tagging", "BucketTagging", "NoSuchTagSet", ""),
    (
        "encryption",
        "BucketEncryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
         </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    ),
    (
        "publicAccessBlock",
        "PublicAccessBlock",
        "NoSuchPublicAccessBlockConfiguration",
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>\
         <BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    ),
    (
        "ownershipControls",
        "BucketOwnershipControls",
        "OwnershipControlsNotFoundError",
        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
    ),
    (
        "versioning",
        "BucketVersioning",
        "",
        "<VersioningConfiguration/>",
    ),
];

/// The buckets of the account by name, with their settings by query.
#[derive(Default)]
pub(super) struct Buckets(BTreeMap<String, BTreeMap<&'static str, Bytes>>);

impl Buckets {
    /// The operation's name, and what comes of it.
    pub fn ask(
        &mut self,
        method: &Method,
        uri: &Uri,
        body: &Bytes,
    ) -> (String, Result<Bytes, Refusal>) {
        let name = uri.path().trim_matches('/');
        let query = uri.query().unwrap_or_default();
        let word = query.split(['&', '=']).next().unwrap_or_default();
        let setting = SETTINGS.iter().find(|(query, ..)| *query == word);
        let (operation, done) = match (method.as_str(), setting) {
            ("HEAD", None) => (
                "HeadBucket".to_owned(),
                self.bucket(name).map(|_| Bytes::new()),
            ),
            ("PUT", None) if query.is_empty() => ("CreateBucket".to_owned(), self.make(name)),
            ("GET", Some((query, noun, missing, _))) => {
                let kept = self.bucket(name).and_then(|bucket| {
                    let none = || Refusal::new(StatusCode::NOT_FOUND, missing, "There is none");
                    bucket.get(query).cloned().ok_or_else(none)
                });
                (format!("Get{noun}"), kept)
            }
            ("PUT", Some((query, noun, ..))) => {
                let bucket = self.bucket(name);
                let kept = bucket.map(|bucket| bucket.insert(query, body.clone()));
                (format!("Put{noun}"), kept.map(|_| Bytes::new()))
            }
            _ => {
                let asked = format!("{method} {uri}");
                (asked.clone(), Err(Refusal::unknown(&asked)))
            }
        };
        (operation, done)
    }

    fn bucket(&mut self, name: &str) -> Result<&mut BTreeMap<&'static str, Bytes>, Refusal> {
        self.0.get_mut(name).ok_or_else(|| {
            let message = "The specified bucket does not exist";
            Refusal::new(StatusCode::NOT_FOUND, "NoSuchBucket", message)
        })
    }

    fn make(&mut self, name: &str) -> Result<Bytes, Refusal> {
        if self.0.contains_key(name) {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            let code = "BucketAlreadyOwnedByYou";
            return Err(Refusal::new(StatusCode::CONFLICT, code, message));
        }
        let first = SETTINGS.iter().filter(|(.., first)| !first.is_empty());
        let first = first.map(|(query, .., first)| (*query, Bytes::from_static(first.as_bytes())));
        self.0.insert(name.to_owned(), first.collect());
        Ok(Bytes::new())
    }
}

/// What S3 answers.
pub(super) fn response(answered: Result<Bytes, Refusal>) -> Response {
    match answered {
        Ok(body) => (StatusCode::OK, body).into_response(),
        Err(refusal) => {
            let head = [(CONTENT_TYPE, "application/xml")];
            (refusal.status, head, refusal.in_s3()).into_response()
        }
    }
}
