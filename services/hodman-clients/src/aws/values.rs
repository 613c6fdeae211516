//! Values that are kept in Secrets Manager and in the Parameter Store of Systems Manager: two calls, signed by AWS's own
//! signer and sent by the HTTP client that everything else here uses. Their SDKs would add minutes to every build.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::error::AwsError;

/// The longest wait for an answer.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Reads values.
#[derive(Clone, Debug)]
pub struct Values {
    sdk: SdkConfig,
    http: reqwest::Client,
}

/// One of the two services.
struct Service {
    operation: &'static str,
    /// In the host's name and in the signature.
    host: &'static str,
    target: &'static str,
}

const GET_SECRET: Service = Service {
    operation: "GetSecretValue",
    host: "secretsmanager",
    target: "secretsmanager.GetSecretValue",
};

const GET_PARAMETER: Service = Service {
    operation: "GetParameter",
    host: "ssm",
    target: "AmazonSSM.GetParameter",
};

impl Values {
    pub(super) fn new(sdk: &SdkConfig) -> Result<Self, AwsError> {
        let http = reqwest::Client::builder()
            .connect_timeout(super::CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| AwsError::unbuildable("reading values", "AWS", error))?;
        Ok(Self {
            sdk: sdk.clone(),
            http,
        })
    }

    /// The current text of the secret `id` (name or ARN) in Secrets Manager; none when it has none that is text, or is
    /// not there.
    ///
    /// # Errors
    /// When AWS cannot be asked, or refuses.
    pub async fn secret(&self, id: &str) -> Result<Option<SecretString>, AwsError> {
        let answer = self.call(&GET_SECRET, id, json!({ "SecretId": id })).await;
        found(answer, |answer| answer.get_mut("SecretString"))
    }

    /// The value of the parameter `name`, decrypted; none when it is not there.
    ///
    /// # Errors
    /// When AWS cannot be asked, or refuses.
    pub async fn parameter(&self, name: &str) -> Result<Option<SecretString>, AwsError> {
        let ask = json!({ "Name": name, "WithDecryption": true });
        let answer = self.call(&GET_PARAMETER, name, ask).await;
        found(answer, |answer| {
            answer.get_mut("Parameter")?.get_mut("Value")
        })
    }

    async fn call(&self, service: &Service, target: &str, ask: Value) -> Result<Value, AwsError> {
        let unbuildable = |error: Box<dyn std::error::Error + Send + Sync>| {
            AwsError::unsent(service.operation, target, error)
        };
        let region = self
            .sdk
            .region()
            .map_or("us-east-1", |region| region.as_ref());
        let url = match self.sdk.endpoint_url() {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => {
                let end = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://{}.{region}.amazonaws.com{end}/", service.host)
            }
        };
        let credentials = match self.sdk.credentials_provider() {
            Some(provider) => provider.provide_credentials().await,
            None => {
                Err(aws_credential_types::provider::error::CredentialsError::not_loaded_no_source())
            }
        };
        let credentials = credentials
            .map_err(|error| AwsError::without_credentials(service.operation, target, error))?;
        let body = ask.to_string();
        let mut request = self
            .http
            .post(&url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", service.target);
        for (name, value) in
            signature(service, region, &url, &body, credentials).map_err(unbuildable)?
        {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.map_err(|error| {
            AwsError::unanswered(service.operation, target, error.without_url())
        })?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| {
            AwsError::unanswered(service.operation, target, error.without_url())
        })?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let text = |field: &str| answer.get(field).and_then(Value::as_str);
        let code = text("__type").map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
        let message = text("message").or(text("Message")).map(str::to_owned);
        Err(AwsError::answered(
            service.operation,
            target,
            status.as_u16(),
            code,
            message,
        ))
    }
}

/// The headers that sign the request.
fn signature(
    service: &Service,
    region: &str,
    url: &str,
    body: &str,
    credentials: Credentials,
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service.host)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", service.target),
    ];
    let request = SignableRequest::new(
        "POST",
        url,
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = sign(request, &parameters)?.into_parts();
    Ok(instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The value at a place of the answer; "not there" is an answer, too.
fn found(
    answer: Result<Value, AwsError>,
    at: impl FnOnce(&mut Value) -> Option<&mut Value>,
) -> Result<Option<SecretString>, AwsError> {
    match answer {
        Ok(mut answer) => Ok(match at(&mut answer).map(Value::take) {
            Some(Value::String(text)) => Some(SecretString::from(text)),
            _ => None,
        }),
        Err(error) => match error.code() {
            Some("ResourceNotFoundException" | "ParameterNotFound") => Ok(None),
            _ => Err(error),
        },
    }
}
