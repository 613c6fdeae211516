//! The kinds of objects in a workspace, and of what workspaces stand on: how each is listed, read, made, changed, removed and compared.
//!
//! A new kind is a new file here and its row in [`KINDS`]. Kinds know no HTTP: requests are data ([`Call`]).

mod account;
mod alerts;
mod apps;
mod aws;
pub mod bindings;
mod call;
mod captured;
mod catalogs;
mod change;
mod cloudformation_stacks;
mod cluster_policies;
mod cluster_spec;
mod clusters;
mod connections;
mod dashboards;
mod detail;
mod directories;
mod experiments;
mod external_locations;
mod fields;
pub mod files;
mod git_credentials;
mod git_folders;
mod git_providers;
mod global_init_scripts;
pub mod grants;
mod groups;
mod identity;
mod instance_pools;
mod ip_access_lists;
mod jobs;
mod listed;
mod maintenance;
mod marker;
mod model_serving_endpoints;
mod models;
pub mod pattern;
pub mod permissions;
mod pipelines;
mod policy_fills;
mod queries;
mod readiness;
mod redaction;
mod registered_models;
pub mod rules;
mod schemas;
mod scim;
mod secret_acls;
mod secret_scopes;
pub mod secrets;
mod served_entities;
mod service_principals;
mod sql_warehouses;
mod storage_credentials;
mod tag_list;
mod terraform_stacks;
mod unity;
mod vector_search_endpoints;
mod vector_search_indexes;
mod volumes;
mod workspace_conf;
pub mod written_out;

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

pub use account::ACCOUNT_KINDS;
pub use aws::{AWS_KINDS, tags_of_others};
pub use call::{Call, ListCall, Listing, Method, Paging};
pub use captured::Captured;
pub use change::{Change, Reversibility};
pub use cloudformation_stacks::{
    CloudformationStacks, HELD_BY, IMPORT, NESTS, TEMPLATE_BODY, UNMADE,
};
pub use cluster_policies::ClusterPolicies;
pub use clusters::Clusters;
pub use detail::Detail;
pub use identity::Identity;
pub use jobs::Jobs;
pub use listed::{Listed, ReadError};
pub use maintenance::Maintenance;
pub use marker::{Marker, RESTORED, TAG_ENV, TAG_KEY, TAG_PIPELINE};
pub use permissions::Permissions;
pub use policy_fills::{Policies, PolicyDefinition};
pub use readiness::{Readiness, Said};
use rules::Rules;
pub(crate) use served_entities::name as served_name;
pub use terraform_stacks::{
    APPROVED, SENSITIVE_OUTPUT, SOURCES, TerraformStacks, WHOSE, Whose, holds_sensitive_output,
};

/// One kind of object in a workspace.
///
/// Two fields of every config are not the kind's own: `permissions` and `grants`, in the managed form of
/// [`permissions`] and [`grants`]. [`Kind::create`] and [`Kind::update`] never get to see them.
pub trait Kind: Sync + fmt::Debug {
    /// The name under `resources:` in a bundle, such as `jobs`.
    fn name(&self) -> &'static str;

    /// The word for one of them, also in file names: `job` in `nightly.job.yml`.
    fn singular(&self) -> &'static str;

    /// How its permissions are read and set; none when it has none.
    fn permissions(&self) -> Option<&'static Permissions> {
        None
    }

    /// Its securable type in Unity Catalog's grants API, such as `schema`; none for everything else.
    fn securable(&self) -> Option<&'static str> {
        None
    }

    /// How an object is known to be ours.
    fn identity(&self) -> Identity;

    /// The name that is unique in a workspace, or the path, as far as `config` says it; none for kinds whose names are
    /// not unique. [`Listed::natural`] holds the same of a live object.
    fn natural(&self, config: &Value) -> Option<String> {
        let _ = config;
        None
    }

    /// What the natural name of an object ends with of which a list shows only the name; none where lists show all of it.
    fn natural_end(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// How objects of this kind are found.
    fn listing(&self) -> Listing;

    /// How one object is read in full.
    fn get(&self, id: &str) -> Call;

    /// `id` as the service answers it, where others write it otherwise: Terraform's states, or people.
    fn spelled_id(&self, id: &str) -> String {
        id.to_owned()
    }

    /// The object `id` in the answer to [`Kind::get`], with what only the request says; none when it is not in it: some APIs
    /// have no request for a single one.
    fn pick(&self, _id: &str, answer: Value) -> Option<Value> {
        Some(answer)
    }

    /// The request for the object in full, where the answer to [`Kind::get`] says no more than which one it is.
    fn look_up(&self, _answer: &Value) -> Option<Call> {
        None
    }

    /// The id of the object that the object `id` lies below ([`Listing::Below`]), where ids say it.
    fn below(&self, id: &str) -> Option<String> {
        let _ = id;
        None
    }

    /// Fields that only other requests tell, asked for objects that are ours, wanted or captured.
    fn details(&self, id: &str) -> Vec<Detail> {
        let _ = id;
        Vec::new()
    }

    /// Reads one listed or gotten object; none for objects that are nobody's to manage (a cluster that a job made).
    ///
    /// # Errors
    /// When the answer lacks what every object of this kind has.
    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError>;

    /// Makes an object that carries `marker`, where the kind has tags. `config` has no placeholders left.
    fn create(&self, config: &Value, marker: &Marker) -> Call;

    /// The same for what is always there and was read as `live`, where its change has to name the version that was read.
    fn create_over(&self, _live: &Value, _config: &Value) -> Option<Call> {
        None
    }

    /// Whether the request of [`Kind::create`] takes an `access_control_list`, too, as the permissions API has it.
    fn create_takes_permissions(&self) -> bool {
        false
    }

    /// What [`Kind::create`] could not say; each may be sent twice.
    fn after_create(&self, id: &str, config: &Value, marker: &Marker) -> Vec<Call> {
        let _ = (id, config, marker);
        Vec::new()
    }

    /// Brings the object `id`, which is as `live` says (null when that is not known), to `config`, in full, with
    /// `marker` on it. Each may be sent twice.
    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call>;

    /// The same when nothing but the size differs and the object runs: without a restart. None when the kind cannot. One that
    /// does not run refuses it.
    fn resize(&self, id: &str, config: &Value) -> Option<Call> {
        let _ = (id, config);
        None
    }

    /// Removes the object `id`, not just stops it. "Does not exist" is success.
    fn delete(&self, id: &str, live: &Value) -> Vec<Call>;

    /// The same for an object that must still be the one that was looked at: a name may be somebody else's by now.
    fn delete_seen(&self, seen: &Listed) -> Vec<Call> {
        self.delete(&seen.id, &seen.config)
    }

    /// Stops what runs since it was made, for `lifecycle: {started: false}`; none for what does not run, or is of no use then.
    fn stop(&self, _id: &str) -> Option<Call> {
        None
    }

    /// The id in the answer to [`Kind::create`] of `config`.
    fn created_id(&self, answer: &Value, config: &Value) -> Option<String>;

    /// Whether the object can be used, as the answer to [`Kind::get`] says.
    fn readiness(&self, answer: &Value) -> Readiness {
        let _ = answer;
        Readiness::Ready
    }

    /// The request that says how the work goes on that `call` began, where its answer, `answer`, is not the end of it:
    /// [`Kind::readiness`] reads that one, too. Nothing else is sent to the object until it has ended.
    fn follow(&self, id: &str, call: &Call, answer: &Value) -> Option<Call> {
        let _ = (id, call, answer);
        None
    }

    /// What the service says is wrong with an object that is as it was asked for; none when nothing is.
    fn says(&self, _outputs: &Value) -> Option<Said> {
        None
    }

    /// Whether a change takes a while and may be taken back without a word: it is waited for, and read again.
    fn settles(&self) -> bool {
        false
    }

    /// What has to stand still while `fields` of the object, which is as `live` says, change; none when nothing has to.
    fn maintenance(&self, _live: &Value, _fields: &[&str]) -> Option<Maintenance> {
        None
    }

    /// The fields that may show a change only minutes after it was taken, though the object looks ready ([`Kind::settles`]).
    fn settles_late(&self) -> &'static [&'static str] {
        &[]
    }

    /// Which of `changes` in place of the object, which is as `live` says, the service never takes: why, and what to do instead.
    fn refuses(&self, _live: &Value, _changes: &[crate::plan::FieldChange]) -> Vec<String> {
        Vec::new()
    }

    /// Whether a replacement is made before the old object goes, so that whatever uses the old one can be moved: for
    /// objects that cannot be removed while they are used.
    fn creates_first(&self) -> bool {
        false
    }

    /// Whether one with another name is made beside the old one, which goes when all that used it has moved: for objects that nothing
    /// keeps from being removed while they are used, or that cannot be removed then. One of the same name cannot stand beside it.
    fn renames_first(&self) -> bool {
        false
    }

    /// Whether a refusal with these words passes by itself, and what was refused is worth sending again for some minutes.
    fn passing(&self, message: &str) -> bool {
        let _ = message;
        false
    }

    /// Where more is said about why the object of this answer failed; see [`Kind::failure_words`].
    fn failure_call(&self, answer: &Value) -> Option<Call> {
        let _ = answer;
        None
    }

    /// What the answer to [`Kind::failure_call`] says; empty when nothing.
    fn failure_words(&self, answer: &Value) -> String {
        let _ = answer;
        String::new()
    }

    /// The request that says what the object is doing, to be asked before it is deleted or replaced, and what
    /// [`Kind::busy`] reads.
    fn activity(&self, id: &str) -> Option<Call> {
        let _ = id;
        None
    }

    /// What would be cut off by a delete, such as `run 4711`, as the answer to [`Kind::activity`] says.
    fn busy(&self, answer: &Value) -> Vec<String> {
        let _ = answer;
        Vec::new()
    }

    /// The object that one of this name lies in, as (kind, natural name), where it can be read only with that one: what is
    /// claimed and not wanted any more must still be found.
    fn lies_in(&self, _natural: &str) -> Option<(&'static str, String)> {
        None
    }

    /// Objects that must be there first although no reference names them, by kind and natural name: the catalog of a
    /// schema.
    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let _ = config;
        Vec::new()
    }

    /// Whether every workspace has the object, so that there is nothing to take over: settings, which are claimed one by one.
    fn always_there(&self) -> bool {
        false
    }

    /// What goes with the object when it is deleted or replaced that is worth more than the object, such as the tables of a
    /// pipeline. Refused unless the environment's file names the object, and then irreversible.
    fn guarded(&self, live: &Value) -> Option<String> {
        let _ = live;
        None
    }

    /// Which fields mean what.
    fn rules(&self) -> &'static Rules;

    /// What an action loses; `config` is the live one for updates, replacements and removals.
    fn reversibility(&self, change: Change, config: &Value) -> Reversibility;

    /// What a capture does with it.
    fn captured(&self) -> Captured {
        Captured::Whole
    }
}

/// Every kind that is managed and captured, in the order in which they are shown.
pub const KINDS: &[&dyn Kind] = &[
    &Clusters,
    &Jobs,
    &pipelines::Pipelines,
    &sql_warehouses::SqlWarehouses,
    &cluster_policies::ClusterPolicies,
    &instance_pools::InstancePools,
    &secret_scopes::SecretScopes,
    &secrets::Secrets,
    &git_folders::GitFolders,
    &git_credentials::GitCredentials,
    &directories::Directories,
    &ip_access_lists::IpAccessLists,
    &workspace_conf::WorkspaceConf,
    &global_init_scripts::GlobalInitScripts,
    &service_principals::ServicePrincipals,
    &groups::Groups,
    &catalogs::Catalogs,
    &schemas::Schemas,
    &volumes::Volumes,
    &external_locations::ExternalLocations,
    &storage_credentials::StorageCredentials,
    &connections::Connections,
    &registered_models::RegisteredModels,
    &models::Models,
    &experiments::Experiments,
    &model_serving_endpoints::ModelServingEndpoints,
    &vector_search_endpoints::VectorSearchEndpoints,
    &vector_search_indexes::VectorSearchIndexes,
    &dashboards::Dashboards,
    &alerts::Alerts,
    &queries::Queries,
    &apps::Apps,
];

/// The kind of that name, of a workspace or of what workspaces stand on.
#[must_use]
pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS
        .iter()
        .copied()
        .chain(foundation_kinds())
        .find(|kind| kind.name() == name)
}

/// The kinds of stacks.
pub static STACK_KINDS: &[&dyn Kind] = &[&CloudformationStacks, &TerraformStacks];

/// The kinds of what workspaces stand on: stacks, objects of AWS and of the Databricks account.
pub fn foundation_kinds() -> impl Iterator<Item = &'static dyn Kind> {
    let below = STACK_KINDS.iter().chain(AWS_KINDS);
    below.chain(ACCOUNT_KINDS).copied()
}
