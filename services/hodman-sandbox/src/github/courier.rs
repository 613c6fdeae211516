//! Carrying webhooks to their receivers: asynchronously, in order per hook, once. GitHub does not retry, so a delivery that
//! fails stays failed until somebody redelivers it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::hook::{Delivery, HookTarget, Outcome};
use super::world::World;

/// GitHub waits this long for a receiver.
const PATIENCE: Duration = Duration::from_secs(10);
/// Larger payloads are not sent.
const LARGEST: usize = 25 * 1024 * 1024;

/// A delivery on its way.
#[derive(Debug, Clone)]
struct Parcel {
    hook: u64,
    delivery: u64,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// In which order held webhooks are let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseOrder {
    /// As they happened.
    InOrder,
    /// Newest first.
    Reversed,
}

/// The lanes to the receivers, and the switches for what goes wrong under way.
pub(crate) struct Courier {
    runtime: Handle,
    client: reqwest::Client,
    lanes: HashMap<u64, UnboundedSender<Parcel>>,
    world: Weak<Mutex<World>>,
    /// The next deliveries that fail to connect; they are listed as failed.
    pub drop_next: u32,
    /// The next deliveries nobody ever hears of, not even the list of deliveries.
    pub lose_next: u32,
    /// The next deliveries that arrive twice.
    pub duplicate_next: u32,
    held: Option<Vec<Parcel>>,
}

impl Courier {
    pub(crate) fn new(runtime: Handle, client: reqwest::Client) -> Self {
        let world = Weak::new();
        Self {
            runtime,
            client,
            lanes: HashMap::new(),
            world,
            drop_next: 0,
            lose_next: 0,
            duplicate_next: 0,
            held: None,
        }
    }

    /// Says where outcomes are written.
    pub(crate) fn report_to(&mut self, world: &Arc<Mutex<World>>) {
        self.world = Arc::downgrade(world);
    }

    /// Keeps webhooks back from now on.
    pub(crate) fn hold(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Lets held webhooks go.
    pub(crate) fn release(&mut self, order: ReleaseOrder) {
        let mut held = self.held.take().unwrap_or_default();
        if order == ReleaseOrder::Reversed {
            held.reverse();
        }
        for parcel in held {
            self.post(parcel);
        }
    }

    fn accept(&mut self, parcel: Parcel) {
        match &mut self.held {
            Some(held) => held.push(parcel),
            None => self.post(parcel),
        }
    }

    fn post(&mut self, parcel: Parcel) {
        let (runtime, client, world) = (&self.runtime, &self.client, &self.world);
        let lane = self.lanes.entry(parcel.hook).or_insert_with(|| {
            let (sender, mut parcels) = unbounded_channel::<Parcel>();
            let (client, world) = (client.clone(), world.clone());
            runtime.spawn(async move {
                while let Some(parcel) = parcels.recv().await {
                    let outcome = carry(&client, &parcel).await;
                    note(&world, parcel.hook, parcel.delivery, outcome);
                }
            });
            sender
        });
        // The lane ends with the run time only, and then nobody waits for webhooks.
        let _ended = lane.send(parcel);
    }
}

async fn carry(client: &reqwest::Client, parcel: &Parcel) -> Outcome {
    let mut request = client
        .post(&parcel.url)
        .timeout(PATIENCE)
        .body(parcel.body.clone());
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    let began = Instant::now();
    let answer = request.send().await;
    let duration = (began.elapsed().as_secs_f64() * 100.0).round() / 100.0;
    match answer {
        Ok(answer) => {
            let code = answer.status();
            let status = if code.is_success() {
                "OK".to_owned()
            } else {
                format!("Invalid HTTP Response: {}", code.as_u16())
            };
            let response = answer.text().await.unwrap_or_default();
            Outcome {
                status,
                code: code.as_u16(),
                duration,
                response,
            }
        }
        Err(error) => {
            let status = if error.is_timeout() {
                "timed out"
            } else {
                "failed to connect to host"
            };
            Outcome {
                status: status.to_owned(),
                code: 0,
                duration,
                response: String::new(),
            }
        }
    }
}

fn note(world: &Weak<Mutex<World>>, hook: u64, delivery: u64, outcome: Outcome) {
    let Some(world) = world.upgrade() else { return };
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let deliveries = world.hooks.get_mut(&hook).map(|hook| &mut hook.deliveries);
    if let Some(found) =
        deliveries.and_then(|all| all.iter_mut().find(|found| found.id == delivery))
    {
        found.outcome = outcome;
    }
}

impl World {
    /// Builds a delivery and hands it to the courier.
    pub(crate) fn send(
        &mut self,
        hook: u64,
        event: &str,
        action: Option<&str>,
        payload: &serde_json::Value,
        repository: Option<u64>,
        installation: Option<u64>,
    ) {
        let (id, now) = (self.next_id(), self.now());
        let Some(found) = self.hooks.get(&hook) else {
            return;
        };
        let guid = uuid::Uuid::new_v4().to_string();
        let (kind, target) = match &found.target {
            HookTarget::Repository(repo) => ("repository", *repo),
            HookTarget::App(app) => ("integration", *app),
        };
        let body = if found.content_type == "form" {
            let payload = payload.to_string();
            let encoded =
                percent_encoding::utf8_percent_encode(&payload, percent_encoding::NON_ALPHANUMERIC);
            format!("payload={encoded}").into_bytes()
        } else {
            payload.to_string().into_bytes()
        };
        let content_type = if found.content_type == "form" {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        };
        let mut headers = vec![
            ("Accept".to_owned(), "*/*".to_owned()),
            ("Content-Type".to_owned(), content_type.to_owned()),
            (
                "User-Agent".to_owned(),
                "GitHub-Hookshot/sandbox".to_owned(),
            ),
            ("X-GitHub-Delivery".to_owned(), guid.clone()),
            ("X-GitHub-Event".to_owned(), event.to_owned()),
            ("X-GitHub-Hook-ID".to_owned(), hook.to_string()),
            (
                "X-GitHub-Hook-Installation-Target-ID".to_owned(),
                target.to_string(),
            ),
            (
                "X-GitHub-Hook-Installation-Target-Type".to_owned(),
                kind.to_owned(),
            ),
        ];
        if let Some(secret) = &found.secret {
            headers.push(("X-Hub-Signature-256".to_owned(), signature(secret, &body)));
        }
        let delivery = Delivery {
            id,
            guid,
            event: event.to_owned(),
            action: action.map(ToOwned::to_owned),
            redelivery: false,
            delivered_at: now,
            installation,
            repository,
            headers,
            body,
            outcome: Outcome::default(),
        };
        if self.courier.lose_next > 0 {
            self.courier.lose_next -= 1;
            return;
        }
        self.hand_over(hook, delivery);
    }

    /// Records a delivery and puts it on its way.
    pub(crate) fn hand_over(&mut self, hook: u64, mut delivery: Delivery) {
        let Some(found) = self.hooks.get_mut(&hook) else {
            return;
        };
        let url = found.url.clone();
        let (headers, body) = (delivery.headers.clone(), delivery.body.clone());
        let parcel = Parcel {
            hook,
            delivery: delivery.id,
            url,
            headers,
            body,
        };
        delivery.outcome = Outcome::pending();
        let dropped = self.courier.drop_next > 0;
        if dropped || parcel.body.len() > LARGEST {
            self.courier.drop_next = self.courier.drop_next.saturating_sub(1);
            delivery.outcome.status = "failed to connect to host".to_owned();
            found.deliveries.push(delivery);
            return;
        }
        found.deliveries.push(delivery);
        if self.courier.duplicate_next > 0 {
            self.courier.duplicate_next -= 1;
            self.courier.accept(parcel.clone());
        }
        self.courier.accept(parcel);
    }
}

/// `sha256=` and the HMAC of the raw body.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of every length, so the error cannot happen; an unsigned delivery would be refused anyway.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}
