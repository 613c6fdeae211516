//! `kill -9` of the real binary right after each write to AWS, so that its answer is lost, while roles, buckets and stacks are made,
//! while every field of them changes, some are made anew, one of each kind gets another name and some go, and while all of it is
//! destroyed. It ends as it does undisturbed, without anybody being asked; nothing is there twice, and in the end nothing is left. (A
//! change set that was not executed goes in AWS when another of the stack is executed; the server here keeps it.) (Killed before a
//! write it is where it was after the one before.)

use hodman_tests::harness::{Hodman, Killer, Options, REPOSITORY, Scene, Secrets, Short};
use hodman_tests::servers::{AWS_REGION, Relay, aws_account};
use serde_json::{Value, json};

/// Each telling is killed after every so manieth write; together they are killed after each.
const TELLINGS: usize = 8;

/// How often one part of a telling is killed at most, several times what its writes come to: what is sent again after each kill, in
/// rounds that are as long as those between two kills, would be killed at the same place for ever.
const KILLS: u32 = 32;

const OBJECTS: &str = "modules/objects/module.yaml";
const MADE: &str = include_str!("../fixtures/aws_objects/made.yaml");
const CHANGED: &str = include_str!("../fixtures/aws_objects/changed.yaml");

const LOGS: &str = "modules/logs/module.yaml";
const STACK: &str = "\
engine: cloudformation
template: logs.yaml
parameters: {Days: \"7\"}
";
const TEMPLATE: &str = "\
Parameters: {Days: {Type: Number}}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: shop, RetentionInDays: !Ref Days}
";

/// A stack that gets another name, with what is in it.
const NAMED: &str = "modules/named/module.yaml";
const NAMED_STACK: &str = "\
engine: cloudformation
stack_name: before
template: named.yaml
parameters: {Name: before}
";
const NAMED_TEMPLATE: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}}
";

const CALLS: &str = "\
aws: main
modules:
  objects: {module: objects}
  logs: {module: logs}
  named: {module: named}
workspaces:
";

/// One telling, in an AWS account of its own.
struct Telling<'s> {
    scene: &'s Scene,
    short: Short<'s>,
    relay: &'s Relay,
    killer: Killer,
    /// After which writes it is killed; after none undisturbed.
    at: Option<usize>,
    number: String,
}

impl Telling<'_> {
    /// Something that hodman does, killed meanwhile; how many writes it took.
    async fn killed<T>(
        &self,
        doing: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<usize> {
        let (killer, at) = (self.killer.clone(), self.at);
        let last = killer.kills() + KILLS;
        self.relay.strike(move |number| {
            if at == Some(number % TELLINGS) && killer.kills() < last {
                killer.kill();
            }
        });
        doing.await?;
        let _ = self.relay.take();
        Ok(self.relay.calm())
    }

    /// What is there, in the words of any account, once a comparison has found nothing.
    async fn settled(&self) -> anyhow::Result<Value> {
        let drift = self.short.compared("qa").await?;
        anyhow::ensure!(drift.error.is_none(), "{:?}", drift.error);
        anyhow::ensure!(drift.found.is_none(), "{:?}", drift.found);
        let there = aws_account(&self.number).await;
        Ok(serde_json::from_str(
            &there.to_string().replace(&self.number, "NUMBER"),
        )?)
    }

    async fn story(&self) -> anyhow::Result<Told> {
        let made = self.killed(self.short.promote("qa")).await?;
        let first = self.settled().await?;
        let (objects, logs) = (text(CHANGED, &self.number), STACK.replace('7', "14"));
        let named = NAMED_STACK.replace("before", "after");
        let files = [
            (OBJECTS, Some(objects.as_bytes())),
            (LOGS, Some(logs.as_bytes())),
            (NAMED, Some(named.as_bytes())),
        ];
        let forge = &self.scene.forge;
        let committed = forge.commit(REPOSITORY, "main", &files, "other objects", "rita");
        committed.map_err(|error| anyhow::anyhow!(error.message))?;
        let changed = self.killed(self.short.promote("qa")).await?;
        let second = self.settled().await?;
        let gone = self.killed(self.short.destroy("qa")).await?;
        let left = aws_account(&self.number).await;
        for what in ["roles", "buckets", "stacks", "logs"] {
            anyhow::ensure!(left[what] == json!({}), "{left}");
        }
        Ok(Told {
            writes: [made, changed, gone],
            there: [first, second],
        })
    }
}

/// How it went: writes of each part, and what was there after the first two.
struct Told {
    writes: [usize; 3],
    there: [Value; 2],
}

fn text(module: &str, number: &str) -> String {
    // A name space of buckets is for all accounts.
    module
        .replace("BUCKET", &format!("lake-{number}"))
        .replace("NUMBER", number)
}

async fn told(at: Option<usize>) -> anyhow::Result<Told> {
    let relay = Relay::start().await;
    let number = rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string();
    let mut options = Options::short()
        .file(OBJECTS, text(MADE, &number).leak())
        .file(LOGS, STACK)
        .file("modules/logs/logs.yaml", TEMPLATE)
        .file(NAMED, NAMED_STACK)
        .file("modules/named/named.yaml", NAMED_TEMPLATE)
        .edit("environments/qa/environment.yaml", "workspaces:\n", CALLS);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", access_key_id: {{env: HODMAN_TEST_AWS_ID}}, \
         secret_access_key: {{env: HODMAN_TEST_AWS_ID}}, environments: [qa]}}",
        relay.url
    );
    let scene = Scene::start(options).await;
    let short = Short::beside(&scene).await?;
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let variables = vec![("HODMAN_TEST_AWS_ID".to_owned(), number.clone())];
    let config = scene.config(Secrets::Environment, scene.port);
    let killer = Killer::default();
    let hodman = Hodman::with_config(&scene, killer.clone(), &config, variables)?;
    let telling = Telling {
        scene: &scene,
        short,
        relay: &relay,
        killer,
        at,
        number,
    };
    let told = hodman.during(telling.story()).await;
    let told = told.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    let kills = telling.killer.kills();
    anyhow::ensure!(at.is_none() == (kills == 0), "{kills} kills");
    Ok(told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_each_write_to_aws_it_ends_as_undisturbed_and_leaves_nothing() {
    let undisturbed = told(None).await.expect("undisturbed");
    println!("writes: {:?}", undisturbed.writes);
    for (writes, least) in undisturbed.writes.into_iter().zip([20, 25, 12]) {
        assert!(writes >= least, "{:?}", undisturbed.writes);
    }
    let [made, changed] = &undisturbed.there;
    assert_eq!(made["roles"].as_object().map(serde_json::Map::len), Some(5));
    assert_eq!(made["logs"], json!({"shop": 7, "before": 7}));
    assert_eq!(changed["logs"], json!({"shop": 14, "after": 7}));
    let tellings = (0..TELLINGS).map(|at| async move { (at, told(Some(at)).await) });
    let mut bad = Vec::new();
    for (at, ended) in futures::future::join_all(tellings).await {
        match ended {
            Err(error) => bad.push(format!("killed after write {at} and so on: {error:#}")),
            Ok(told) if told.there != undisturbed.there => {
                bad.push(format!(
                    "killed after write {at} and so on: {:?}",
                    told.there
                ));
            }
            Ok(_) => {}
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
