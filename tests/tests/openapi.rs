//! What the sandbox's GitHub answers is what GitHub's published description says: every operation that hodman's clients
//! use is called, and each answer checked field by field.

use hodman_tests::checkout::root;
use hodman_tests::servers::{Outcome, Town, free_port, node_package, python};
use serde_json::{Value, json};

const REPO: &str = "/repos/my-org/seeded";

/// Calls GitHub and keeps what it answered.
struct Recorder {
    town: Town,
    client: reqwest::Client,
    exchanges: Vec<Value>,
}

impl Recorder {
    async fn start() -> Self {
        Self {
            town: Town::start(free_port()).await,
            client: reqwest::Client::new(),
            exchanges: Vec::new(),
        }
    }

    /// Calls, keeps the exchange, and gives the answer's body.
    async fn call(&mut self, method: &str, path: &str, body: Value) -> Value {
        self.call_as("tok_admin", method, path, body).await
    }

    async fn call_as(&mut self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.town.github.url());
        let mut request = self
            .client
            .request(method.parse().expect("a method"), url)
            .bearer_auth(token)
            .header("accept", "application/vnd.github+json")
            .header("user-agent", "openapi-test");
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        let body: Value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)
                .unwrap_or_else(|_| panic!("{method} {path} {status}: {text}"))
        };
        let path = path.split('?').next().unwrap_or(path);
        self.exchanges
            .push(json!({"method": method, "path": path, "status": status, "body": body}));
        body
    }

    /// A call whose answer is a list with something in it: an empty one would say nothing.
    async fn list(&mut self, path: &str) -> Value {
        let body = self.call("GET", path, Value::Null).await;
        let list = body
            .as_array()
            .or_else(|| body.as_object()?.values().find_map(Value::as_array));
        assert!(
            list.is_some_and(|list| !list.is_empty()),
            "GET {path} lists nothing: {body}"
        );
        body
    }

    async fn check(&self) -> Outcome {
        let file = self.town.folder.path().join("exchanges.json");
        std::fs::write(&file, serde_json::to_vec(&self.exchanges).expect("JSON")).expect("a file");
        let description = node_package("@octokit/openapi").join("generated/api.github.com.json");
        let arguments = [
            description.display().to_string(),
            file.display().to_string(),
        ];
        let arguments = arguments.each_ref().map(String::as_str);
        python(&root().join("tests/py/openapi_check.py"), &arguments, &[]).await
    }
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}

fn number(value: &Value) -> u64 {
    value["number"]
        .as_u64()
        .or(value["id"].as_u64())
        .unwrap_or_else(|| panic!("no number in {value}"))
}

/// A branch with one commit on it, made the way hodman would not but a person's tool does.
async fn branch(github: &mut Recorder, name: &str) -> String {
    let main = github
        .call("GET", &format!("{REPO}/git/ref/heads/main"), Value::Null)
        .await;
    let sha = text(&main, "/object/sha");
    let body = json!({"ref": format!("refs/heads/{name}"), "sha": sha});
    github.call("POST", &format!("{REPO}/git/refs"), body).await;
    let body = json!({"message": "add", "content": "eA==", "branch": name});
    let made = github
        .call("PUT", &format!("{REPO}/contents/{name}.txt"), body)
        .await;
    text(&made, "/commit/sha")
}

async fn repository_and_git_data(github: &mut Recorder) {
    github.call("GET", "/user", Value::Null).await;
    github.call("GET", "/rate_limit", Value::Null).await;
    github.call("GET", REPO, Value::Null).await;
    let head = branch(github, "data").await;
    github.list(&format!("{REPO}/branches")).await;
    github
        .call("GET", &format!("{REPO}/branches/main"), Value::Null)
        .await;
    github.list(&format!("{REPO}/commits")).await;
    github
        .call("GET", &format!("{REPO}/commits/{head}"), Value::Null)
        .await;
    let commit = github
        .call("GET", &format!("{REPO}/git/commits/{head}"), Value::Null)
        .await;
    let tree = text(&commit, "/tree/sha");
    github
        .call("GET", &format!("{REPO}/git/trees/{tree}"), Value::Null)
        .await;
    github
        .call("GET", &format!("{REPO}/contents/README.md"), Value::Null)
        .await;
    github
        .call("GET", &format!("{REPO}/compare/main...data"), Value::Null)
        .await;
    github
        .call(
            "DELETE",
            &format!("{REPO}/git/refs/heads/data"),
            Value::Null,
        )
        .await;
    github
        .call("GET", &format!("{REPO}/git/ref/heads/data"), Value::Null)
        .await;
}

async fn pull_requests(github: &mut Recorder) {
    let head = branch(github, "change").await;
    let pulls = format!("{REPO}/pulls");
    let body = json!({"title": "Change", "head": "change", "base": "main", "body": "Why"});
    let pull = number(&github.call("POST", &pulls, body.clone()).await);
    github.call("POST", &pulls, body).await;
    github.list(&format!("{pulls}?state=all")).await;
    github
        .call("GET", &format!("{pulls}/{pull}"), Value::Null)
        .await;
    github
        .call(
            "PATCH",
            &format!("{pulls}/{pull}"),
            json!({"title": "Better"}),
        )
        .await;
    github.list(&format!("{pulls}/{pull}/files")).await;
    github.list(&format!("{pulls}/{pull}/commits")).await;
    github.list(&format!("{REPO}/commits/{head}/pulls")).await;
    let review = json!({"event": "APPROVE", "body": "good"});
    github
        .call_as(
            "tok_rev",
            "POST",
            &format!("{pulls}/{pull}/reviews"),
            review,
        )
        .await;
    github.list(&format!("{pulls}/{pull}/reviews")).await;
    let comments = format!("{REPO}/issues/{pull}/comments");
    let comment = number(
        &github
            .call("POST", &comments, json!({"body": "the plan"}))
            .await,
    );
    github.list(&comments).await;
    let comment = format!("{REPO}/issues/comments/{comment}");
    github
        .call("PATCH", &comment, json!({"body": "the new plan"}))
        .await;
    github
        .call(
            "PUT",
            &format!("{pulls}/{pull}/merge"),
            json!({"sha": "0".repeat(40)}),
        )
        .await;
    github
        .call(
            "PUT",
            &format!("{pulls}/{pull}/merge"),
            json!({"sha": head}),
        )
        .await;
    github
        .call("GET", &format!("{pulls}/{pull}"), Value::Null)
        .await;
    github
        .call("GET", &format!("{pulls}/99999"), Value::Null)
        .await;
}

async fn statuses_and_checks(github: &mut Recorder) {
    let head = branch(github, "checked").await;
    let status =
        json!({"state": "success", "context": "ci/test", "target_url": "https://ci.example/1"});
    github
        .call("POST", &format!("{REPO}/statuses/{head}"), status)
        .await;
    github
        .call("GET", &format!("{REPO}/commits/{head}/status"), Value::Null)
        .await;
    github
        .list(&format!("{REPO}/commits/{head}/statuses"))
        .await;
    let run = json!({"name": "hodman", "head_sha": head, "status": "in_progress", "external_id": "x",
        "output": {"title": "Plan", "summary": "one change"}});
    let run = number(
        &github
            .call("POST", &format!("{REPO}/check-runs"), run)
            .await,
    );
    let done = json!({"status": "completed", "conclusion": "success"});
    github
        .call("PATCH", &format!("{REPO}/check-runs/{run}"), done)
        .await;
    github
        .call("GET", &format!("{REPO}/check-runs/{run}"), Value::Null)
        .await;
    github
        .list(&format!("{REPO}/commits/{head}/check-runs"))
        .await;
}

async fn hooks_and_deliveries(github: &mut Recorder) {
    let url = format!("http://127.0.0.1:{}/nobody", free_port());
    let body = json!({"name": "web", "active": true, "events": ["push"],
        "config": {"url": url, "content_type": "json", "secret": "s"}});
    let hook = number(&github.call("POST", &format!("{REPO}/hooks"), body).await);
    github.list(&format!("{REPO}/hooks")).await;
    github
        .call("GET", &format!("{REPO}/hooks/{hook}"), Value::Null)
        .await;
    github
        .call("POST", &format!("{REPO}/hooks/{hook}/pings"), Value::Null)
        .await;
    let deliveries = format!("{REPO}/hooks/{hook}/deliveries");
    let waiting = async {
        loop {
            let url = format!("{}{deliveries}", github.town.github.url());
            let answer = github
                .client
                .get(url)
                .bearer_auth("tok_admin")
                .send()
                .await
                .expect("an answer");
            let list: Vec<Value> = answer.json().await.expect("a list");
            if !list.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let bound = std::time::Duration::from_secs(150);
    tokio::time::timeout(bound, waiting)
        .await
        .expect("the ping is delivered");
    let list = github.list(&deliveries).await;
    let delivery = list[0]["id"].as_u64().expect("an id");
    github
        .call("GET", &format!("{deliveries}/{delivery}"), Value::Null)
        .await;
    github
        .call(
            "POST",
            &format!("{deliveries}/{delivery}/attempts"),
            Value::Null,
        )
        .await;
}

#[tokio::test]
async fn answers_are_as_described() {
    let mut github = Recorder::start().await;
    repository_and_git_data(&mut github).await;
    pull_requests(&mut github).await;
    statuses_and_checks(&mut github).await;
    hooks_and_deliveries(&mut github).await;
    let outcome = github.check().await;
    assert!(outcome.ok, "{}", outcome.said);
    let checked = outcome
        .said
        .lines()
        .find_map(|line| line.strip_prefix("checked "));
    let checked: usize = checked.expect("the number").parse().expect("a number");
    assert!(
        checked >= 40,
        "only {checked} operations were checked:\n{}",
        outcome.said
    );
}

#[tokio::test]
async fn a_field_that_is_missing_or_of_another_type_is_found() {
    let mut github = Recorder::start().await;
    let head = branch(&mut github, "change").await;
    github
        .call("GET", &format!("{REPO}/git/commits/{head}"), Value::Null)
        .await;
    assert!(github.check().await.ok);
    let last = github.exchanges.last_mut().expect("an exchange");
    last["body"]["sha"] = json!(7);
    last["body"]
        .as_object_mut()
        .expect("an object")
        .remove("tree");
    let outcome = github.check().await;
    assert!(!outcome.ok);
    assert!(
        outcome.said.contains("$.sha: 7 is not of type 'string'"),
        "{}",
        outcome.said
    );
    assert!(
        outcome.said.contains("'tree' is a required property"),
        "{}",
        outcome.said
    );
}
