//! References inside of texts: as a capture writes them into policies and parameters.

use serde_json::json;

use super::World;

#[test]
fn a_reference_inside_of_a_definition_is_no_difference_once_it_is_there() {
    let pool = "${resources.instance_pools.small.id}";
    let definition =
        json!({"instance_pool_id": {"type": "fixed", "value": pool}, "a": {"type": "unlimited"}});
    let spaced =
        format!("{{\"instance_pool_id\": {{\"value\": \"{pool}\", \"type\": \"fixed\"}}}}");
    let mut world = World::new()
        .resource(
            "instance_pools.small",
            json!({"instance_pool_name": "small", "node_type_id": "m"}),
        )
        .resource(
            "cluster_policies.mapped",
            json!({"name": "mapped", "definition": definition}),
        )
        .resource(
            "cluster_policies.spaced",
            json!({"name": "spaced", "definition": spaced}),
        )
        .resource(
            "jobs.j",
            json!({"name": "j", "parameters": [{"name": "pool", "default": pool}]}),
        );
    world.apply();
    let live = world
        .object("cluster_policies.mapped")
        .listed
        .config
        .clone();
    let text = live["definition"].as_str().unwrap();
    assert!(text.contains("pool") && !text.contains("${"), "{text}");
    assert!(world.plan().is_empty(), "{}", world.plan().to_table());
}
