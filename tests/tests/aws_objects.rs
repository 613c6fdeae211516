//! Every field of roles and buckets: made, changed, moved, taken back and removed by merges, each read back by AWS's own client and
//! compared without a difference. Between hodman and the server is a relay: as whom hodman comes, and whom the roles let in, is
//! looked at in what was sent.

use hodman::daemon::Daemon;
use hodman_core::ids::EnvName;
use hodman_model::foundation::policies::{
    Partition, UnityCatalogRole, cross_account_trust, log_delivery_trust, unity_catalog_trust,
};
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{AWS_REGION, Relay, Sent, aws_account};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = "modules/objects/module.yaml";
const MADE: &str = include_str!("../fixtures/aws_objects/made.yaml");
const CHANGED: &str = include_str!("../fixtures/aws_objects/changed.yaml");
const BARE: &str = include_str!("../fixtures/aws_objects/bare.yaml");

const CALL: &str = "\
aws: main
modules:
  objects: {module: objects}
workspaces:
";

/// An AWS account of the test's own, hodman in it, and what lies between.
struct Story<'s> {
    scene: &'s Scene,
    daemon: &'s Daemon,
    short: Short<'s>,
    number: String,
    bucket: String,
}

impl Story<'_> {
    fn text(&self, module: &str) -> String {
        module
            .replace("BUCKET", &self.bucket)
            .replace("NUMBER", &self.number)
    }

    /// Proposes the module, sees that the plan says so, merges it, and sees that nothing is left to do.
    async fn merge(&self, module: &str, words: &[&str]) {
        let text = self.text(module);
        let files = [(FILE, Some(text.as_bytes()))];
        let forge = &self.scene.forge;
        let committed = forge.commit(REPOSITORY, "main", &files, "objects", "rita");
        committed.expect("committed");
        self.apply(words).await;
    }

    async fn apply(&self, words: &[&str]) {
        let pull = self.short.proposed("qa").await.expect("a plan");
        for words in words {
            let words = self.text(words);
            assert!(pull.body.contains(&words), "{words}: {}", pull.body);
        }
        self.short.promote("qa").await.expect("applied");
        let drift = self.short.compared("qa").await.expect("compared");
        if drift.found.is_some() {
            let work = &self.daemon.parts().work;
            let plan = work.preview("shop", &EnvName::from("qa"), None).await;
            panic!(
                "left after an apply: {:#?}",
                plan.map(|plan| plan.to_table())
            );
        }
        assert_eq!(drift.error, None);
    }

    async fn there(&self) -> Value {
        aws_account(&self.number).await
    }
}

/// As whom hodman came: by taking the role, in its region, and with the keys of that alone. They serve for an hour.
fn as_the_role(sent: &[Sent], number: &str, taken: &mut BTreeSet<String>) {
    for one in sent.iter().filter(|one| one.action() == "AssumeRole") {
        let role = format!("arn:aws:iam::{number}:role/hodman");
        // Nothing that lets the session last longer, or hands its tags on.
        let wanted = [
            ("Action", "AssumeRole"),
            ("ExternalId", "ours"),
            ("RoleArn", role.as_str()),
            ("RoleSessionName", "hodman-qa"),
            ("Tags.member.1.Key", "hodman_env"),
            ("Tags.member.1.Value", "qa"),
            ("Version", "2011-06-15"),
        ];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(one.form(), BTreeMap::from(wanted));
        let scope: Vec<&str> = one.credential.split('/').collect();
        assert_eq!(
            (scope[0], scope[2], scope[3]),
            (number, AWS_REGION, "sts"),
            "{one:?}"
        );
        let key = one.answer.split_once("<AccessKeyId>").expect("keys").1;
        taken.insert(key.split('<').next().expect("a key").to_owned());
    }
    assert!(!taken.is_empty(), "{sent:?}");
    for one in sent.iter().filter(|one| one.action() != "AssumeRole") {
        let key = one.credential.split('/').next().unwrap_or_default();
        assert!(taken.contains(key), "{one:?} as {key}");
    }
}

/// The documents of a field in requests for roles.
fn documents(sent: &[Sent], action: &str, field: &str) -> BTreeMap<String, Value> {
    let those = sent.iter().filter(|one| one.action() == action);
    those
        .map(|one| {
            let mut form = one.form();
            let text = form.remove(field).expect("a document");
            let document = serde_json::from_str(&text).expect("JSON");
            (form.remove("RoleName").expect("a name"), document)
        })
        .collect()
}

fn let_in(external_id: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::414351767826:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }]})
}

fn catalog_trust(number: &str, account: &str) -> Value {
    let role = UnityCatalogRole {
        partition: Partition::Aws,
        account: number.parse().expect("an account"),
        name: "shop-catalog".parse().expect("a name"),
    };
    json!(unity_catalog_trust(&role, &account.parse().expect("an id")))
}

const FIRST: &str = "0f0f0f0f-0000-0000-0000-000000000001";
const SECOND: &str = "0f0f0f0f-0000-0000-0000-000000000002";
const MANAGED: &str = "arn:aws:iam::aws:policy";

fn without_trust(role: &Value) -> Value {
    let mut role = role.clone();
    role.as_object_mut().expect("a role").remove("trust");
    role
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_roles_and_buckets_comes_changes_and_goes() {
    let relay = Relay::start().await;
    let number = rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string();
    let bucket = format!("lake-{number}");
    let module = MADE.replace("BUCKET", &bucket).replace("NUMBER", &number);
    let mut options = Options::short().file(FILE, module.leak()).edit(
        "environments/qa/environment.yaml",
        "workspaces:\n",
        CALL,
    );
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", role_arn: \"arn:aws:iam::{number}:role/hodman\", external_id: ours, \
         access_key_id: {{value: \"{number}\"}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        relay.url
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let story = Story {
        short: Short::new(&scene, daemon.parts().store.clone()),
        scene: &scene,
        daemon: &daemon,
        number,
        bucket,
    };
    let mut keys = BTreeSet::new();
    made(&story, &relay, &mut keys).await;
    changed(&story, &relay, &mut keys).await;
    bare(&story).await;
    story.short.destroy("qa").await.expect("destroyed");
    let left = story.there().await;
    assert_eq!(
        (&left["roles"], &left["buckets"]),
        (&json!({}), &json!({})),
        "{left}"
    );
    daemon.stop().await;
}

async fn made(story: &Story<'_>, relay: &Relay, keys: &mut BTreeSet<String>) {
    let (number, bucket) = (&story.number, &story.bucket);
    story
        .apply(&["aws_roles.objects-reach", "aws_buckets.objects-lake"])
        .await;
    let sent = relay.take();
    as_the_role(&sent, number, keys);
    let trusts = documents(&sent, "CreateRole", "AssumeRolePolicyDocument");
    let account = FIRST.parse().expect("an account");
    let wanted = [
        ("shop-reach", let_in("first")),
        (
            "shop-moves",
            json!(cross_account_trust(Partition::Aws, &account)),
        ),
        (
            "shop-goes",
            json!(log_delivery_trust(Partition::Aws, &account)),
        ),
        ("shop-catalog", catalog_trust(number, FIRST)),
        (
            "shop-before",
            json!(log_delivery_trust(Partition::Aws, &account)),
        ),
    ];
    let wanted: BTreeMap<String, Value> =
        wanted.map(|(name, trust)| (name.to_owned(), trust)).into();
    assert_eq!(trusts, wanted);

    let there = story.there().await;
    let reach = &there["roles"]["shop-reach"];
    assert_eq!(reach["trust"], let_in("first"));
    let one = |action: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
    assert_eq!(
        without_trust(reach),
        json!({
            "path": "/data/", "description": "reads the lake", "max_session_duration": 7200,
            "boundary": format!("{MANAGED}/PowerUserAccess"),
            "inline": {"read": one("s3:GetObject"), "write": one("s3:PutObject")},
            "attached": [format!("{MANAGED}/ReadOnlyAccess"), format!("{MANAGED}/SecurityAudit")],
            "tags": {"team": "data", "cost": "1"}, "ours": true,
        })
    );
    let lake = &there["buckets"][bucket];
    assert!(lake["policy"].to_string().contains(FIRST), "{lake}");
    let mut lake = lake.clone();
    lake["policy"].take();
    assert_eq!(
        lake,
        json!({
            "policy": null, "ownership": "BucketOwnerEnforced", "versioning": "Enabled",
            "block": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true},
            "encryption": ["aws:kms", format!("arn:aws:kms:eu-west-1:{number}:key/one"), true],
            "tags": {"team": "data", "cost": "1"}, "ours": true,
        })
    );
}

async fn changed(story: &Story<'_>, relay: &Relay, keys: &mut BTreeSet<String>) {
    let (number, bucket) = (&story.number, &story.bucket);
    let before = story.there().await;
    let _ = relay.take();
    story
        .merge(
            CHANGED,
            &[
                "replace** `aws_roles.objects-moves`",
                "replace** `aws_roles.objects-renamed`",
                "replace** `aws_buckets.objects-moves`",
                "delete** `aws_roles.objects-goes`",
                "delete** `aws_buckets.objects-goes`",
            ],
        )
        .await;
    let sent = relay.take();
    as_the_role(&sent, number, keys);
    let trusts = documents(&sent, "UpdateAssumeRolePolicy", "PolicyDocument");
    let wanted = [
        ("shop-reach", let_in("second")),
        ("shop-catalog", catalog_trust(number, SECOND)),
    ];
    let wanted: BTreeMap<String, Value> =
        wanted.map(|(name, trust)| (name.to_owned(), trust)).into();
    assert_eq!(trusts, wanted);

    // Under another name it is made before the old one goes.
    let at = |action: &str, name: &str| {
        let is_it = |one: &Sent| one.action() == action && one.form()["RoleName"] == name;
        sent.iter().position(is_it)
    };
    let (made, gone) = (
        at("CreateRole", "shop-after"),
        at("DeleteRole", "shop-before"),
    );
    assert!(made.is_some() && made < gone, "{made:?} {gone:?}");

    let there = story.there().await;
    let reach = &there["roles"]["shop-reach"];
    assert_eq!(reach["trust"], let_in("second"));
    let any = |actions: Value| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    assert_eq!(
        without_trust(reach),
        json!({
            "path": "/data/", "description": "reads and lists the lake", "max_session_duration": 10800,
            "boundary": format!("{MANAGED}/ReadOnlyAccess"),
            "inline": {"read": any(json!(["s3:GetObject", "s3:ListBucket"])), "more": any(json!(["kms:Decrypt"]))},
            "attached": [format!("{MANAGED}/ReadOnlyAccess"), format!("{MANAGED}/job-function/ViewOnlyAccess")],
            "tags": {"team": "lake", "stage": "qa"}, "ours": true,
        })
    );
    let mut lake = there["buckets"][bucket].clone();
    let policy = lake["policy"].take().to_string();
    assert!(
        policy.contains(SECOND) && !policy.contains(FIRST),
        "{policy}"
    );
    assert_eq!(
        lake,
        json!({
            "policy": null, "ownership": "BucketOwnerPreferred", "versioning": "Suspended",
            "block": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": false},
            "encryption": ["aws:kms", format!("arn:aws:kms:eu-west-1:{number}:key/two"), true],
            "tags": {"team": "lake", "stage": "qa"}, "ours": true,
        })
    );
    assert_eq!(there["roles"]["shop-moves"]["path"], "/there/");
    assert_eq!(
        there["roles"]["shop-moves"]["inline"],
        before["roles"]["shop-moves"]["inline"]
    );
    let names = |of: &str| {
        let names = there[of].as_object().expect("a mapping").keys();
        names.cloned().collect::<BTreeSet<_>>()
    };
    let roles = ["shop-after", "shop-catalog", "shop-moves", "shop-reach"];
    assert_eq!(names("roles"), roles.map(str::to_owned).into());
    let buckets = [bucket.clone(), format!("{bucket}-there")];
    assert_eq!(names("buckets"), buckets.into());
}

async fn bare(story: &Story<'_>) {
    let before = story.there().await["buckets"][&story.bucket].clone();
    story
        .merge(
            BARE,
            &[
                "update** `aws_roles.objects-reach`",
                "update** `aws_buckets.objects-lake`",
            ],
        )
        .await;
    let there = story.there().await;
    assert_eq!(
        without_trust(&there["roles"]["shop-reach"]),
        json!({
            "path": "/data/", "description": "reads and lists the lake", "max_session_duration": 3600, "boundary": null, "inline": {}, "attached": [],
            "tags": {}, "ours": true,
        })
    );
    // A line that is gone opens no bucket: what it set stays. What let somebody in, and what it was called, goes.
    let mut wanted = before;
    wanted["policy"] = Value::Null;
    wanted["tags"] = json!({});
    assert_eq!(there["buckets"][&story.bucket], wanted);
}
