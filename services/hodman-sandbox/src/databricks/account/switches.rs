//! What goes wrong in the account when a test says so.

use std::collections::BTreeMap;

use super::{Account, workspaces};
use crate::databricks::call::Shared;
use crate::faults::{FaultRule, Faults};

/// What is still to go wrong.
#[derive(Debug, Default)]
pub(super) struct Switches {
    /// How often credentials of a role that was just made are refused.
    pub(super) unknown_role: u32,
    /// How many further changes of workspaces are taken back without a word.
    pub(super) reverts: u32,
    /// Reasons for which the next new workspaces fail.
    pub(super) failures: Vec<String>,
    /// Reasons for which the next changes of workspaces end in `FAILED`.
    pub(super) failed_changes: Vec<String>,
    /// States that new VPC endpoints go through, one for each look, the last for all further ones.
    pub(super) endpoint_states: Vec<String>,
    /// Those that are left of them, by endpoint.
    pub(super) states_left: BTreeMap<String, Vec<String>>,
    /// Whether nobody gets an answer from the hosts that new workspaces get.
    pub(super) silent_hosts: bool,
    /// How often objects that nothing uses any more are refused to go, as if something did.
    pub(super) lingering: u32,
    /// States that a new workspace stays `PROVISIONING` longer.
    pub(super) slow: u32,
    /// Looks at a workspace that do not show the key of storage that it was given.
    pub(super) late_keys: u32,
    /// Looks at a workspace that was removed for which it is there still.
    pub(super) slow_removals: u32,
    /// What the account puts in front of the deployment names of new workspaces; nothing when empty.
    pub(super) prefix: String,
    /// VPCs that do not work when a workspace is attached to them: `error_type` and `error_message`.
    pub(super) broken_vpcs: BTreeMap<String, (String, String)>,
}

/// The switches of the account, and what is seen of it without a call; clones speak of the same.
#[derive(Debug, Clone)]
pub struct AccountHandle {
    account: Shared<Account>,
    faults: Faults,
}

impl AccountHandle {
    pub(in crate::databricks) fn new(account: Shared<Account>, faults: Faults) -> Self {
        Self { account, faults }
    }

    /// The next `times` calls that make credentials are refused, as happens for some seconds after a role was made.
    pub fn delay_roles(&self, times: u32) {
        self.account.lock().switches.unknown_role = times;
    }

    /// The next `times` removals of what a workspace can use are refused as if one that is gone used it still, as happens for
    /// some seconds.
    pub fn linger(&self, times: u32) {
        self.account.lock().switches.lingering = times;
    }

    /// The next `times` changes of workspaces are answered as done, and are not.
    pub fn revert_changes(&self, times: u32) {
        self.account.lock().switches.reverts = times;
    }

    /// The last change of the workspace of that name is taken back, however long ago it was seen to be in place; whether there was one.
    pub fn go_back(&self, name: &str) -> bool {
        workspaces::go_back(&mut self.account.lock(), name)
    }

    /// A workspace that is given a key of storage shows it only after so many looks.
    pub fn delay_keys(&self, looks: u32) {
        self.account.lock().switches.late_keys = looks;
    }

    /// A workspace that is removed stays there for so many looks.
    pub fn slow_removals(&self, looks: u32) {
        self.account.lock().switches.slow_removals = looks;
    }

    /// The next new workspace becomes `FAILED` with this `workspace_status_message`.
    pub fn fail_next_workspace(&self, reason: &str) {
        let mut account = self.account.lock();
        account.switches.failures.push(reason.to_owned());
    }

    /// The next change of a workspace that is made anew for it ends in `FAILED` with this `workspace_status_message`.
    pub fn fail_next_change(&self, reason: &str) {
        let mut account = self.account.lock();
        account.switches.failed_changes.push(reason.to_owned());
    }

    /// VPC endpoints that are registered from now on are in these states, one for each look at them, and stay in the last.
    /// The answer to the registration says none, as that of the service.
    pub fn endpoints_become(&self, states: &[&str]) {
        let states = states.iter().map(|state| (*state).to_owned()).collect();
        self.account.lock().switches.endpoint_states = states;
    }

    /// Every VPC endpoint is available at the next look, and so are those that are registered from now on.
    pub fn accept_endpoints(&self) {
        let mut account = self.account.lock();
        let available = || vec!["available".to_owned()];
        account.switches.endpoint_states = available();
        let left = account.switches.states_left.values_mut();
        left.for_each(|left| *left = available());
    }

    /// Hosts of workspaces that are made from now on hang up on everybody until their faults are cleared, as when their names are
    /// not known yet.
    pub fn silence_new_hosts(&self) {
        self.account.lock().switches.silent_hosts = true;
    }

    /// Workspaces stay `PROVISIONING` for so many states more; 0: none.
    pub fn slow_provisioning(&self, states: u32) {
        self.account.lock().switches.slow = states;
    }

    /// The account gets a deployment prefix: a new workspace that asks for `shop` is called `acme-shop`, and one that asks for
    /// `EMPTY` is called `acme`.
    pub fn prefix_deployments(&self, prefix: &str) {
        self.account.lock().switches.prefix = prefix.to_owned();
    }

    /// Workspaces that are `PROVISIONING` now are done at the next look, however slow they were to be.
    pub fn hurry(&self) {
        let mut account = self.account.lock();
        account.slowness.values_mut().for_each(|left| *left = 0);
    }

    /// Networks in this VPC are `BROKEN` once a workspace is attached. `error_type` is `credentials`, `networkAcl`,
    /// `securityGroup`, `subnet` or `vpc`.
    pub fn break_vpc(&self, vpc_id: &str, error_type: &str, message: &str) {
        let error = (error_type.to_owned(), message.to_owned());
        let mut account = self.account.lock();
        account
            .switches
            .broken_vpcs
            .insert(vpc_id.to_owned(), error);
    }

    /// The VPC works again; what is attached finds out at its next change.
    pub fn mend_vpc(&self, vpc_id: &str) {
        self.account.lock().switches.broken_vpcs.remove(vpc_id);
    }

    /// The next `times` PATCH calls are answered with a login page and status 200, and do nothing.
    pub fn answer_changes_with_html(&self, times: u32) {
        let page = "<!DOCTYPE html><html><head><title>Databricks - Sign In</title></head><body></body></html>";
        let rule = FaultRule::status(200, times).on("PATCH").body(page);
        self.faults.add(rule.header("content-type", "text/html"));
    }

    /// The next `times` calls for a token on the account's host are refused: too many.
    pub fn throttle_tokens(&self, times: u32) {
        let body = r#"{"error":"temporarily_unavailable","error_description":"Temporarily throttled, too many requests"}"#;
        let rule = FaultRule::status(429, times).on("POST").body(body);
        let rule = rule.path_contains("/v1/token").header("retry-after", "1");
        self.faults
            .add(rule.header("content-type", "application/json"));
    }
}
