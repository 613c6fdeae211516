//! Templates that are too long for a request: in a bucket, named by their digests.

use super::refusal;
use hodman_clients::aws::{Aws, Content, Objects, ObjectsConfig};
use hodman_clients::cloudformation::{StackError, StackRequest, Template};
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_model::digest::sha256;
use hodman_model::modules::LONGEST_BODY;

use crate::config::{AwsPlace, TemplateBucket};
use crate::places::error;

/// Where templates of one account and region lie.
#[derive(Debug)]
pub(in crate::places::aws) struct Templates {
    objects: Objects,
    /// What stands before a key, for CloudFormation.
    address: String,
}

impl Templates {
    /// The place that the settings name; none when they name none.
    pub fn of(aws: &Aws, place: &AwsPlace) -> Option<Self> {
        let TemplateBucket { bucket, prefix } = place.templates.clone()?;
        let host = match &place.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None if place.region.starts_with("cn-") => {
                format!("https://s3.{}.amazonaws.com.cn", place.region)
            }
            None => format!("https://s3.{}.amazonaws.com", place.region),
        };
        Some(Self {
            address: format!("{host}/{bucket}/{prefix}"),
            objects: aws.objects(ObjectsConfig {
                bucket,
                prefix,
                force_path_style: place.endpoint.is_some(),
            }),
        })
    }

    /// Puts it there, whatever lies there: the change set then reads what is meant. Gives its address.
    async fn put(&self, body: &str) -> Result<String, StackError> {
        let key = format!("{}.template", sha256(body.as_bytes()).hex());
        let content = Content::Bytes(body.as_bytes().to_vec().into());
        self.objects.put(&key, content, false).await?;
        Ok(format!("{}{key}", self.address))
    }
}

/// The same request with a template that AWS takes.
pub(super) async fn sent(
    request: &Request,
    templates: Option<&Templates>,
    mut wanted: StackRequest,
) -> Result<StackRequest, ApiError> {
    let Template::Body(body) = &wanted.template else {
        return Ok(wanted);
    };
    if body.len() <= LONGEST_BODY {
        return Ok(wanted);
    }
    let Some(templates) = templates else {
        return Err(error(request, ErrorKind::Invalid, too_long(body.len())));
    };
    let put = templates.put(body).await;
    wanted.template = Template::Url(put.map_err(|failure| refusal(request, failure))?);
    Ok(wanted)
}

/// What is said of a template that does not fit into a request, where no bucket is named.
pub(in crate::places) fn too_long(bytes: usize) -> String {
    format!(
        "the template has {bytes} bytes; AWS takes {LONGEST_BODY} in a request: name a bucket for longer ones in the daemon's \
         settings (`aws.<name>.templates: {{bucket: …}}`), or split it into modules that give each other their outputs"
    )
}
