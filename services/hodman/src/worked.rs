//! The worked environments of `examples/foundation` and the modules that they call: what `hodman environment new` begins with.

/// One environment that works, and what a new one is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Worked {
    /// Its name.
    pub name: &'static str,
    /// Its `template.yaml`.
    pub template: &'static str,
    /// Its `environment.yaml`.
    pub environment: &'static str,
}

/// All of them.
pub const ENVIRONMENTS: &[Worked] = &[
    Worked {
        name: "audited",
        template: include_str!("../../../examples/foundation/environments/audited/template.yaml"),
        environment: include_str!(
            "../../../examples/foundation/environments/audited/environment.yaml"
        ),
    },
    Worked {
        name: "by-terraform",
        template: include_str!(
            "../../../examples/foundation/environments/by-terraform/template.yaml"
        ),
        environment: include_str!(
            "../../../examples/foundation/environments/by-terraform/environment.yaml"
        ),
    },
    Worked {
        name: "from-nothing",
        template: include_str!(
            "../../../examples/foundation/environments/from-nothing/template.yaml"
        ),
        environment: include_str!(
            "../../../examples/foundation/environments/from-nothing/environment.yaml"
        ),
    },
    Worked {
        name: "managed",
        template: include_str!("../../../examples/foundation/environments/managed/template.yaml"),
        environment: include_str!(
            "../../../examples/foundation/environments/managed/environment.yaml"
        ),
    },
    Worked {
        name: "named-by-terraform",
        template: include_str!(
            "../../../examples/foundation/environments/named-by-terraform/template.yaml"
        ),
        environment: include_str!(
            "../../../examples/foundation/environments/named-by-terraform/environment.yaml"
        ),
    },
    Worked {
        name: "own-vpc",
        template: include_str!("../../../examples/foundation/environments/own-vpc/template.yaml"),
        environment: include_str!(
            "../../../examples/foundation/environments/own-vpc/environment.yaml"
        ),
    },
    Worked {
        name: "private",
        template: include_str!("../../../examples/foundation/environments/private/template.yaml"),
        environment: include_str!(
            "../../../examples/foundation/environments/private/environment.yaml"
        ),
    },
    Worked {
        name: "spokes",
        template: include_str!("../../../examples/foundation/environments/spokes/template.yaml"),
        environment: include_str!(
            "../../../examples/foundation/environments/spokes/environment.yaml"
        ),
    },
];

/// The modules' files by path.
pub const MODULES: &[(&str, &str)] = &[
    (
        "modules/catalog-storage/module.yaml",
        include_str!("../../../examples/foundation/modules/catalog-storage/module.yaml"),
    ),
    (
        "modules/cluster/module.yaml",
        include_str!("../../../examples/foundation/modules/cluster/module.yaml"),
    ),
    (
        "modules/cross-account-role/module.yaml",
        include_str!("../../../examples/foundation/modules/cross-account-role/module.yaml"),
    ),
    (
        "modules/customer-keys/module.yaml",
        include_str!("../../../examples/foundation/modules/customer-keys/module.yaml"),
    ),
    (
        "modules/databricks-network/module.yaml",
        include_str!("../../../examples/foundation/modules/databricks-network/module.yaml"),
    ),
    (
        "modules/egress-hub/egress-hub.yaml",
        include_str!("../../../examples/foundation/modules/egress-hub/egress-hub.yaml"),
    ),
    (
        "modules/egress-hub/module.yaml",
        include_str!("../../../examples/foundation/modules/egress-hub/module.yaml"),
    ),
    (
        "modules/ip-access-enforced/module.yaml",
        include_str!("../../../examples/foundation/modules/ip-access-enforced/module.yaml"),
    ),
    (
        "modules/ip-access/module.yaml",
        include_str!("../../../examples/foundation/modules/ip-access/module.yaml"),
    ),
    (
        "modules/kms-key/module.yaml",
        include_str!("../../../examples/foundation/modules/kms-key/module.yaml"),
    ),
    (
        "modules/log-delivery/module.yaml",
        include_str!("../../../examples/foundation/modules/log-delivery/module.yaml"),
    ),
    (
        "modules/names/main.tf",
        include_str!("../../../examples/foundation/modules/names/main.tf"),
    ),
    (
        "modules/names/module.yaml",
        include_str!("../../../examples/foundation/modules/names/module.yaml"),
    ),
    (
        "modules/network/module.yaml",
        include_str!("../../../examples/foundation/modules/network/module.yaml"),
    ),
    (
        "modules/network-in-vpc/module.yaml",
        include_str!("../../../examples/foundation/modules/network-in-vpc/module.yaml"),
    ),
    (
        "modules/network-over-link/module.yaml",
        include_str!("../../../examples/foundation/modules/network-over-link/module.yaml"),
    ),
    (
        "modules/private-link/module.yaml",
        include_str!("../../../examples/foundation/modules/private-link/module.yaml"),
    ),
    (
        "modules/root-bucket/module.yaml",
        include_str!("../../../examples/foundation/modules/root-bucket/module.yaml"),
    ),
    (
        "modules/spoke/module.yaml",
        include_str!("../../../examples/foundation/modules/spoke/module.yaml"),
    ),
    (
        "modules/spoke/spoke.yaml",
        include_str!("../../../examples/foundation/modules/spoke/spoke.yaml"),
    ),
    (
        "modules/unity-catalog/module.yaml",
        include_str!("../../../examples/foundation/modules/unity-catalog/module.yaml"),
    ),
    (
        "modules/workspace/module.yaml",
        include_str!("../../../examples/foundation/modules/workspace/module.yaml"),
    ),
    (
        "modules/workspace-by-terraform/main.tf",
        include_str!("../../../examples/foundation/modules/workspace-by-terraform/main.tf"),
    ),
    (
        "modules/workspace-by-terraform/module.yaml",
        include_str!("../../../examples/foundation/modules/workspace-by-terraform/module.yaml"),
    ),
    (
        "modules/workspace-own-network/module.yaml",
        include_str!("../../../examples/foundation/modules/workspace-own-network/module.yaml"),
    ),
    (
        "modules/workspace-private/module.yaml",
        include_str!("../../../examples/foundation/modules/workspace-private/module.yaml"),
    ),
];
