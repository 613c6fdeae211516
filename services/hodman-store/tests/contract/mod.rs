//! What every engine must do. Each case is an async function that takes a fresh store; [`contract_tests`] makes a
//! test of each for the engine whose fixture it is given. A case that is not listed there is dead code: a warning.

pub mod blobs;
pub mod history;
pub mod inbox;
pub mod lifetime;
pub mod outbox;
pub mod outbox_cancel;
pub mod outbox_lease;
pub mod poison;
pub mod sample;
pub mod signals;
pub mod state;
pub mod timers;

use hodman_store::{Store, StoreUrl};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use tempfile::TempDir;

/// A fresh database and a store on it.
pub struct Fixture {
    pub url: StoreUrl,
    pub store: Store,
    pub raw: Raw,
}

/// The database behind the store's back: for tampering, and for looking.
#[allow(dead_code, reason = "each test target uses one of the engines")]
pub enum Raw {
    /// With the directory of the file, which is removed with the fixture.
    Sqlite(SqlitePool, TempDir),
    Postgres(PgPool),
}

impl Raw {
    /// Executes one statement.
    pub async fn run(&self, sql: &str) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(pool, _) => Ok(sqlx::query(AssertSqlSafe(sql))
                .execute(pool)
                .await?
                .rows_affected()),
            Self::Postgres(pool) => Ok(sqlx::query(AssertSqlSafe(sql))
                .execute(pool)
                .await?
                .rows_affected()),
        }
    }
}

/// Makes a `#[tokio::test]` of every case. `$fixture` is an async function that makes a [`Fixture`] and `$end` one
/// that takes it back.
#[macro_export]
macro_rules! contract_tests {
    ($fixture:path, $end:path; $($module:ident: [$($case:ident),+ $(,)?]),+ $(,)?) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fixture().await;
                $crate::contract::$module::$case(&fixture).await;
                $end(fixture).await;
            })+
        })+
    };
}

/// All cases.
#[macro_export]
macro_rules! all_contract_tests {
    ($fixture:path, $end:path) => {
        $crate::contract_tests! { $fixture, $end;
            blobs: [a_blob_is_kept_under_its_digest],
            history: [
                the_chain_grows_and_verifies, entries_are_read_by_environment_newest_first, an_edited_row_breaks_the_chain,
                a_missing_row_breaks_the_chain, a_cut_off_end_is_found, a_long_history_is_verified_in_pages,
            ],
            inbox: [
                a_delivery_is_stored_once, a_delivery_with_a_nul_character_is_stored_once,
                bodies_come_back_byte_for_byte, events_are_pending_in_order_until_acknowledged, events_are_listed_and_counted,
                many_callers_share_commits, many_callers_with_one_delivery_insert_one_event, only_old_finished_rows_are_pruned,
            ],
            lifetime: [
                everything_is_there_after_a_crash, a_newer_database_is_refused, a_look_leaves_the_schema_as_it_is,
                a_changed_migration_is_refused, a_closed_store_says_so,
            ],
            outbox: [
                effects_are_claimed_oldest_first_one_per_lane, the_database_refuses_a_second_runner_in_a_lane,
                an_effect_waits_for_its_time, kinds_are_passed_over, a_retry_waits_and_keeps_its_error,
                effects_are_listed_by_filter, many_workers_never_share_a_lane, workers_with_different_clocks_never_share_a_lane,
            ],
            outbox_cancel: [
                queued_effects_are_cancelled, a_running_effect_learns_that_it_is_cancelled,
                a_cancelled_effect_is_not_tried_again, a_cancelled_effect_of_a_dead_worker_is_claimed_and_says_so,
            ],
            outbox_lease: [
                an_ended_lease_is_taken_over_and_fences_the_first_worker, a_renewed_lease_is_not_taken_over,
                an_ended_lease_that_nobody_took_is_still_good, only_the_leased_row_of_a_lane_is_taken_over,
                completing_inserts_the_outcome_once, an_outcome_that_is_known_is_not_inserted_again,
            ],
            poison: [
                poison_is_kept_with_its_reason, a_replay_is_a_new_event, a_replay_that_is_understood_settles_its_original,
                poison_is_dismissed_or_forgotten_late,
            ],
            signals: [inserting_wakes_the_inbox, a_signal_told_before_waiting_is_not_lost, the_outbox_is_woken_by_what_concerns_it],
            state: [
                a_commit_moves_the_version, a_moved_version_is_a_conflict, an_event_that_is_no_longer_pending_is_a_conflict,
                a_commit_is_whole_or_nothing, texts_with_nul_characters_are_kept_without, one_of_many_commits_wins, pipelines_are_listed,
            ],
            timers: [
                a_wake_fires_once, a_wake_asked_for_again_after_its_tick_fires_again, a_waiting_tick_is_enough,
                the_next_wake_is_the_earliest,
            ],
        }
    };
}
