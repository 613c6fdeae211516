//! A server that gives the answers it was told, by action; and keeps what it was asked.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hodman_clients::aws::{Aws, AwsConfig, AwsCredentials};
use hodman_clients::cloudformation::{CloudFormation, Pace, StackRequest, Template};

type Asked = HashMap<String, String>;
/// Answers by action, each with its status.
type Told = HashMap<String, Vec<(u16, String)>>;

/// Answers by action; the last of an action is given again and again.
#[derive(Clone, Default)]
pub struct Answers {
    told: Arc<Mutex<Told>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Answers {
    pub fn tell(self, action: &str, inner: &str) -> Self {
        let body = format!(
            "<{action}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><{action}Result>{inner}</{action}Result></{action}Response>"
        );
        self.put(action, 200, body)
    }

    pub fn refuse(self, action: &str, code: &str, message: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        self.put(action, 400, body)
    }

    fn put(self, action: &str, status: u16, body: String) -> Self {
        let mut told = self.told.lock().unwrap();
        told.entry(action.to_owned())
            .or_default()
            .push((status, body));
        drop(told);
        self
    }

    pub fn stack(self, status: &str) -> Self {
        self.tell(
            "DescribeStacks",
            &format!(
                "<Stacks><member><StackId>arn:s1</StackId><StackName>net</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
                 <StackStatus>{status}</StackStatus><StackStatusReason>because of it</StackStatusReason>\
                 <Tags><member><Key>hodman_env</Key><Value>qa</Value></member></Tags></member></Stacks>"
            ),
        )
    }

    pub fn set(self, status: &str, execution: &str, reason: &str) -> Self {
        self.tell(
            "DescribeChangeSet",
            &format!(
                "<ChangeSetId>arn:c1</ChangeSetId><StackId>arn:s1</StackId><Status>{status}</Status>\
                 <ExecutionStatus>{execution}</ExecutionStatus><StatusReason>{reason}</StatusReason><Changes/>"
            ),
        )
    }

    pub fn asked(&self, action: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        let of = asked.iter().filter(|asked| asked["Action"] == action);
        of.cloned().collect()
    }

    pub async fn serve(&self) -> CloudFormation {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        at(url).await
    }
}

async fn answer(State(answers): State<Answers>, Form(asked): Form<Asked>) -> Response {
    let action = asked["Action"].clone();
    answers.asked.lock().unwrap().push(asked);
    let mut told = answers.told.lock().unwrap();
    let of = told
        .get_mut(&action)
        .unwrap_or_else(|| panic!("nobody told what to answer to {action}"));
    let (status, body) = if of.len() > 1 {
        of.remove(0)
    } else {
        of[0].clone()
    };
    let headers = [("content-type", "text/xml")];
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}

/// A client of the server at `url`.
pub async fn at(url: String) -> CloudFormation {
    let credentials = AwsCredentials::Static {
        access_key_id: "test".to_owned(),
        secret_access_key: "hodman-canary-5ecret-DO-NOT-LEAK".into(),
        session_token: None,
    };
    let aws = Aws::new(AwsConfig {
        region: "us-east-1".to_owned(),
        endpoint_url: Some(url),
        credentials,
    });
    let pace = Pace {
        every: Duration::from_millis(20),
        limit: Duration::from_secs(60),
    };
    CloudFormation::new(&aws.await, pace)
}

/// A stack of one bucket.
pub fn request(stack: &str, template: &str) -> StackRequest {
    StackRequest {
        stack: stack.to_owned(),
        template: Template::Body(template.to_owned()),
        parameters: [].into(),
        marker: [("hodman_env".to_owned(), "qa".to_owned())].into(),
        tags: [].into(),
        capabilities: Vec::new(),
        role_arn: None,
        description: None,
        imports: Vec::new(),
        keep: BTreeSet::new(),
    }
}
