//! As much of SQS and S3 as the poller uses, over HTTP on loopback: messages that are not deleted come again at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::Notify;

#[derive(Default)]
struct World {
    messages: BTreeMap<u64, String>,
    sent: u64,
    objects: BTreeMap<String, Vec<u8>>,
    refuse: bool,
    fail_deletes: u32,
}

#[derive(Clone)]
pub struct QueueServer {
    world: Arc<Mutex<World>>,
    changed: Arc<Notify>,
    address: std::net::SocketAddr,
}

impl QueueServer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Self {
            world: Arc::default(),
            changed: Arc::default(),
            address,
        };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn send(&self, body: &str) {
        let mut world = self.world();
        world.sent += 1;
        let number = world.sent;
        world.messages.insert(number, body.to_owned());
        drop(world);
        self.changed.notify_waiters();
    }

    pub fn put(&self, path: &str, body: &[u8]) {
        self.world().objects.insert(path.to_owned(), body.to_vec());
    }

    /// Answers every call with an error that is not worth a retry within the call.
    pub fn refuse(&self, refuse: bool) {
        self.world().refuse = refuse;
    }

    /// The first entry of the next batch delete fails.
    pub fn fail_next_delete(&self) {
        self.world().fail_deletes = 1;
    }

    pub async fn until_empty(&self) {
        let empty = async {
            loop {
                let changed = self.changed.notified();
                if self.world().messages.is_empty() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), empty)
            .await
            .expect("in time");
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("nobody panics in here")
    }

    /// A long poll: waits for a message for a while.
    async fn receive(&self) -> Value {
        for _ in 0..2 {
            let changed = self.changed.notified();
            let messages: Vec<Value> = self
                .world()
                .messages
                .iter()
                .map(|(number, body)| {
                    let attributes = json!({"ApproximateReceiveCount": "1", "SentTimestamp": number.to_string()});
                    json!({"MessageId": number.to_string(), "ReceiptHandle": number.to_string(), "Body": body, "Attributes": attributes})
                })
                .collect();
            if !messages.is_empty() {
                return json!({"Messages": messages});
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), changed).await;
        }
        json!({})
    }

    fn delete(&self, request: &Value) -> Value {
        let mut world = self.world();
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for entry in request["Entries"].as_array().into_iter().flatten() {
            if world.fail_deletes > 0 {
                world.fail_deletes -= 1;
                failed.push(json!({"Id": entry["Id"], "Code": "InternalError", "Message": "later", "SenderFault": false}));
                continue;
            }
            let number = entry["ReceiptHandle"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            world.messages.remove(&number);
            done.push(json!({"Id": entry["Id"]}));
        }
        drop(world);
        self.changed.notify_waiters();
        json!({"Successful": done, "Failed": failed})
    }
}

async fn answer(
    State(server): State<QueueServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if server.world().refuse {
        let error =
            json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"});
        return (StatusCode::BAD_REQUEST, json_text(&error)).into_response();
    }
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    match target {
        "AmazonSQS.ReceiveMessage" => json_text(&server.receive().await).into_response(),
        "AmazonSQS.DeleteMessageBatch" => json_text(&server.delete(&request)).into_response(),
        // Is the bucket there?
        _ if uri.path().trim_end_matches('/') == "/bodies" => StatusCode::OK.into_response(),
        _ => match server.world().objects.get(uri.path()) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(object) if method == Method::HEAD => {
                [(CONTENT_LENGTH, object.len().to_string())].into_response()
            }
            Some(object) => object.clone().into_response(),
        },
    }
}

fn json_text(value: &Value) -> impl IntoResponse {
    (
        [("content-type", "application/x-amz-json-1.0")],
        value.to_string(),
    )
}
