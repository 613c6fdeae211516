//! The contract on PostgreSQL, and what is particular to it. Each test has a database of its own.

mod contract;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::sample::{at, event, inserted, start};
use contract::{Fixture, Raw};
use hodman_store::{Store, StoreError, StoreUrl};
use secrecy::SecretString;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool, Row};

const VARIABLE: &str = "HODMAN_TEST_POSTGRES_URL";

/// The server to test on.
fn server() -> PgConnectOptions {
    let Ok(url) = std::env::var(VARIABLE) else {
        panic!(
            "{VARIABLE} is not set. Set it to a PostgreSQL (15 or later) role that may create databases, for example \
             {VARIABLE}=postgres://postgres@127.0.0.1:5432/postgres, or run ./test, which starts a server and sets it"
        );
    };
    url.parse()
        .unwrap_or_else(|_| panic!("{VARIABLE} is not a postgres:// URL"))
}

async fn administer(sql: String) {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(server())
        .await
        .expect("the server answers");
    sqlx::query(AssertSqlSafe(sql))
        .execute(&pool)
        .await
        .expect("the role may create databases");
    pool.close().await;
}

async fn fixture() -> Fixture {
    static DATABASES: AtomicU64 = AtomicU64::new(0);
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let database = format!("hodman_test_{}_{number}", std::process::id());
    // Left over from a failed run with the same process id.
    administer(format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await;
    administer(format!("CREATE DATABASE {database} TEMPLATE template0")).await;
    let options = server().database(&database);
    let url = StoreUrl::Postgres(SecretString::from(options.to_url_lossy().to_string()));
    let store = Store::open(&url, start()).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    Fixture {
        url,
        store,
        raw: Raw::Postgres(pool),
    }
}

fn pool(fixture: &Fixture) -> &PgPool {
    match &fixture.raw {
        Raw::Postgres(pool) => pool,
        Raw::Sqlite(..) => unreachable!("this is PostgreSQL"),
    }
}

async fn end(fixture: Fixture) {
    fixture.store.close().await;
    let row = sqlx::query("SELECT current_database()::text")
        .fetch_one(pool(&fixture))
        .await
        .unwrap();
    pool(&fixture).close().await;
    administer(format!(
        "DROP DATABASE {} WITH (FORCE)",
        row.get::<String, _>(0)
    ))
    .await;
}

all_contract_tests!(crate::fixture, crate::end);

#[tokio::test]
async fn another_process_hears_of_a_commit() {
    let fixture = fixture().await;
    let other = Store::open(&fixture.url, at(1)).await.unwrap();
    let mut signal = other.inbox_signal();
    inserted(&fixture.store, "a").await;
    let seen = async {
        while other.pending_events(0, 1).await.unwrap().is_empty() {
            signal.changed().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen)
        .await
        .expect("the other process is woken");
    other.close().await;
    end(fixture).await;
}

/// Makes the database refuse deliveries that begin with "bad", as it refuses what is too large for it.
async fn refuse_bad(fixture: &Fixture) {
    let sql = "ALTER TABLE inbox ADD CHECK (delivery NOT LIKE 'bad%')";
    fixture.raw.run(sql).await.unwrap();
}

/// What the database refuses of one sender must not make the webhooks beside it fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_event_fails_alone() {
    let fixture = fixture().await;
    refuse_bad(&fixture).await;
    let mut tasks = Vec::new();
    for number in 0..40 {
        let store = fixture.store.clone();
        let bad = number % 8 == 0;
        let delivery = if bad {
            format!("bad {number}")
        } else {
            format!("good {number}")
        };
        tasks.push((
            bad,
            tokio::spawn(async move { store.insert_events(vec![event(&delivery)]).await }),
        ));
    }
    for (bad, task) in tasks {
        let answer = task.await.unwrap();
        assert_eq!(
            matches!(answer, Err(StoreError::Database(_))),
            bad,
            "{answer:?}"
        );
    }
    assert_eq!(
        fixture.store.pending_events(0, 100).await.unwrap().len(),
        35
    );
    end(fixture).await;
}

/// A reader that goes on after the last number it saw must see every event, although two processes insert.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_appears_below_one_that_was_read() {
    let fixture = fixture().await;
    let other = Store::open(&fixture.url, at(1)).await.unwrap();
    let writers: Vec<_> = [fixture.store.clone(), other.clone()]
        .into_iter()
        .enumerate()
        .flat_map(|(process, store)| (0..4).map(move |task| (process, task, store.clone())))
        .map(|(process, task, store)| {
            tokio::spawn(async move {
                for number in 0..25 {
                    inserted(&store, &format!("{process} {task} {number}")).await;
                }
            })
        })
        .collect();
    let mut read = BTreeSet::new();
    let reading = async {
        let mut last = 0;
        while read.len() < 200 {
            for row in fixture.store.pending_events(last, 7).await.unwrap() {
                last = row.seq;
                read.insert(row.seq);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading)
        .await
        .expect("every event is read");
    for writer in writers {
        writer.await.unwrap();
    }
    other.close().await;
    end(fixture).await;
}

#[tokio::test]
async fn a_bad_event_does_not_stop_the_next() {
    let fixture = fixture().await;
    refuse_bad(&fixture).await;
    let bad = event("bad 1");
    assert!(fixture.store.insert_events(vec![bad]).await.is_err());
    inserted(&fixture.store, "next").await;
    end(fixture).await;
}

#[tokio::test]
async fn a_backup_says_what_to_use() {
    let fixture = fixture().await;
    let refused = fixture
        .store
        .backup(Path::new("backup.db"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Unsupported(_)) && refused.to_string().contains("pg_dump"),
        "{refused}"
    );
    end(fixture).await;
}

/// A server or role that is set to answer before the disk has it is overruled.
#[tokio::test]
async fn answers_are_durable_whatever_the_role_is_set_to() {
    let fixture = fixture().await;
    let database: String = sqlx::query("SELECT current_database()::text")
        .fetch_one(pool(&fixture))
        .await
        .unwrap()
        .get(0);
    let sql = format!("ALTER DATABASE {database} SET synchronous_commit = off");
    assert_eq!(fixture.raw.run(&sql).await.unwrap(), 0);
    let trigger = "CREATE FUNCTION note_commit_setting() RETURNS trigger LANGUAGE plpgsql AS \
                   $$ BEGIN NEW.note = current_setting('synchronous_commit'); RETURN NEW; END $$";
    fixture.raw.run(trigger).await.unwrap();
    let each = "CREATE TRIGGER note_it BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION note_commit_setting()";
    fixture.raw.run(each).await.unwrap();
    let store = Store::open(&fixture.url, at(1)).await.unwrap();
    let seq = inserted(&store, "a").await;
    assert_eq!(
        store.get_event(seq).await.unwrap().unwrap().note.as_deref(),
        Some("on")
    );
    store.close().await;
    end(fixture).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    let fixture = fixture().await;
    fixture.raw.run("DROP SCHEMA public CASCADE").await.unwrap();
    fixture.raw.run("CREATE SCHEMA public").await.unwrap();
    let url = &fixture.url;
    let opened = [0; 4].map(|_| {
        let url = url.clone();
        tokio::spawn(async move { Store::open(&url, start()).await.unwrap().close().await })
    });
    for store in opened {
        store.await.unwrap();
    }
    inserted(&fixture.store, "a").await;
    end(fixture).await;
}
