use futures::FutureExt;
use futures::future::BoxFuture;

use super::*;

const PATH: &str = "/api/2.0/thing/get";

fn limiter(initial_in_flight: u32, max_in_flight: u32) -> Limiter {
    Limiter::new(Limits {
        initial_in_flight,
        max_in_flight,
    })
}

/// A clock that stands, and a sleep that ends when `may_end` says so.
fn standing(now: Instant, may_end: Arc<Notify>) -> Timing {
    let sleep = move |_| -> BoxFuture<'static, ()> {
        let may_end = Arc::clone(&may_end);
        async move { may_end.notified().await }.boxed()
    };
    Timing::new(move || now, sleep, || 0.0)
}

#[tokio::test]
async fn a_waiter_that_is_dropped_during_a_pause_passes_its_wake_up_on() {
    let start = Instant::now();
    let (now, later) = (
        standing(start, Arc::default()),
        standing(start + Duration::from_secs(31), Arc::default()),
    );
    let limiter = limiter(1, 1);
    let permit = limiter.acquire(PATH, &now).await;
    let mut first = Box::pin(limiter.acquire(PATH, &now));
    let mut second = Box::pin(limiter.acquire(PATH, &later));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    permit.throttled(start, Duration::from_secs(30));
    drop(permit);
    // The first was woken, and now sleeps through the pause; it gives up.
    assert!(first.as_mut().now_or_never().is_none());
    drop(first);
    assert!(second.as_mut().now_or_never().is_some());
}

#[tokio::test]
async fn the_longest_pause_counts() {
    let start = Instant::now();
    let limiter = limiter(4, 4);
    let timing = standing(start, Arc::default());
    let (first, second) = (
        limiter.acquire(PATH, &timing).await,
        limiter.acquire(PATH, &timing).await,
    );
    first.throttled(start, Duration::from_secs(30));
    second.throttled(start, Duration::from_secs(5));
    drop((first, second));
    let at = |seconds| standing(start + Duration::from_secs(seconds), Arc::default());
    assert!(limiter.acquire(PATH, &at(29)).now_or_never().is_none());
    assert!(limiter.acquire(PATH, &at(30)).now_or_never().is_some());
}

#[tokio::test]
async fn the_window_stops_growing_at_its_bound_and_shrinking_at_one() {
    let start = Instant::now();
    let limiter = limiter(1, 2);
    let timing = standing(start, Arc::default());
    for _ in 0..10 {
        limiter.acquire(PATH, &timing).await.accepted();
    }
    assert_eq!(limiter.stats().families["/api/2.0/thing"].limit, 2);
    for _ in 0..10 {
        limiter
            .acquire(PATH, &timing)
            .await
            .throttled(start, Duration::ZERO);
    }
    assert_eq!(limiter.stats().families["/api/2.0/thing"].limit, 1);
}
