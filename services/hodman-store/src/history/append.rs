//! Appending a commit's entries.

use super::chain::Link;
use crate::db::{Tx, Value, placeholders, sql, storable};
use crate::error::Result;
use crate::state::Commit;
use crate::time::to_ms;

/// Rows per statement.
const ROWS: usize = 50;
const COLUMNS: usize = 9;

/// Appends the entries of `commit` after position `length`, whose hash is `hash`, and moves the pipeline's head.
/// The pipeline's row is held by this transaction, so the head cannot move meanwhile.
pub(crate) async fn append(
    tx: &mut Tx,
    commit: &Commit,
    version: i64,
    length: i64,
    hash: String,
) -> Result<()> {
    if commit.history.is_empty() {
        return Ok(());
    }
    let (mut position, mut head) = (length, hash);
    for entries in commit.history.chunks(ROWS) {
        let datas: Vec<String> = entries.iter().map(|entry| entry.data.to_string()).collect();
        // The chain is over what is read back.
        let texts = entries.iter().map(|entry| {
            let env = entry.env.as_deref().map(storable);
            (env, storable(&entry.kind), storable(&entry.because))
        });
        let texts: Vec<_> = texts.collect();
        let pipeline = storable(&commit.pipeline);
        let mut links = Vec::with_capacity(entries.len());
        for ((env, kind, because), data) in texts.iter().zip(&datas) {
            position += 1;
            let link = Link {
                pipeline: &pipeline,
                position,
                version,
                at_ms: to_ms(commit.now),
                env: env.as_deref(),
                kind,
                because,
                data,
            };
            head = link.hash(&head);
            links.push((link, head.clone()));
        }
        let values: Vec<Value<'_>> = links
            .iter()
            .flat_map(|(link, hash)| columns(link, hash))
            .collect();
        let statement = format!(
            "INSERT INTO history (pipeline, position, version, at, env, kind, because, data, hash) VALUES {}",
            placeholders(entries.len(), COLUMNS)
        );
        tx.run(sql(statement), &values).await?;
    }
    let move_head =
        "UPDATE pipelines SET history_length = $1, history_hash = $2 WHERE pipeline = $3";
    tx.run(
        move_head,
        &[position.into(), (&head).into(), (&commit.pipeline).into()],
    )
    .await?;
    Ok(())
}

fn columns<'v>(link: &Link<'v>, hash: &'v String) -> [Value<'v>; COLUMNS] {
    [
        link.pipeline.into(),
        link.position.into(),
        link.version.into(),
        link.at_ms.into(),
        link.env.into(),
        link.kind.into(),
        link.because.into(),
        link.data.into(),
        hash.into(),
    ]
}
