//! Fields that a service takes with the object, never again, and never tells.

use serde_json::json;

use super::{World, paths, rows};
use crate::bundle::ResourceKey;
use crate::claims::Put;

fn endpoint(policy: &str, qps: u32) -> World {
    let config = json!({"name": "e", "endpoint_type": "STANDARD", "usage_policy_id": policy, "target_qps": qps});
    World::new().resource("vector_search_endpoints.e", config)
}

/// The same with what stands there, and with what was noted of it.
fn next(world: &World, policy: &str, qps: u32, noted: Option<&str>) -> World {
    let mut next = endpoint(policy, qps);
    next.observed = world.observed.clone();
    let key: ResourceKey = "vector_search_endpoints.e".parse().unwrap();
    next.observed.puts.remove(&key);
    if let Some(version) = noted {
        let put = Put {
            version: version.to_owned(),
            at: 0,
            reference: None,
        };
        next.observed.puts.insert(key, put);
    }
    next
}

#[test]
fn another_one_is_refused_where_it_is_certain_and_nothing_is_promised_where_it_is_not() {
    let mut world = endpoint("one", 1);
    world.apply();
    let listed = &mut world.object("vector_search_endpoints.e").listed;
    listed.config = json!({"name": "e", "target_qps": 1});
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
    let noted = world.observed.puts.values().next().unwrap().version.clone();
    let refused = next(&world, "two", 1, Some(&noted)).try_plan();
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("usage_policy_id"), "{words}");
    // Nobody noted it, or under a key that may be lost by now.
    for noted in [None, Some("0123456789ab")] {
        for policy in ["one", "two"] {
            let plan = next(&world, policy, 1, noted).plan();
            assert!(plan.is_empty(), "{policy} {noted:?}: {}", plan.to_table());
        }
        let plan = next(&world, "two", 2, noted).plan();
        assert_eq!(rows(&plan), ["update vector_search_endpoints.e"]);
        assert_eq!(paths(&plan), ["target_qps"], "{}", plan.to_table());
    }
}
