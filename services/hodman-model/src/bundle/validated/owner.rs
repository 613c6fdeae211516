//! Who deploys keeps what they made: the Databricks CLI puts them among the permissions that a bundle gives.

use crate::bundle::{CurrentUser, Permission, Principal};
use crate::kinds::permissions::is_application_id;

const OWNER: &str = "IS_OWNER";

/// The kinds whose objects have an owner among their permissions.
const OWNED: [&str; 3] = ["jobs", "pipelines", "sql_warehouses"];

/// `permissions` of an object of that kind with `user` as its owner, or as one who manages it where the kind has no owner
/// or the bundle names another one.
pub(super) fn with(
    kind: &str,
    permissions: &[Permission],
    user: Option<&CurrentUser>,
) -> Vec<Permission> {
    let mut all = permissions.to_vec();
    // Its access list is not that of an object.
    let Some(user) = user.filter(|_| kind != "secret_scopes") else {
        return all;
    };
    let is_user = |one: &Permission| {
        let is_group = matches!(one.principal, Principal::Group(_));
        !is_group && one.principal.name() == user.user_name
    };
    if all.iter().any(|one| is_user(one) && one.level == OWNER) {
        return all;
    }
    let has_owner = all.iter().any(|one| one.level == OWNER);
    let level = match OWNED.contains(&kind) && !has_owner {
        true => OWNER,
        false => "CAN_MANAGE",
    };
    match all.iter_mut().find(|one| is_user(one)) {
        Some(own) => own.level = level.to_owned(),
        None => {
            let name = user.user_name.clone();
            let principal = match is_application_id(&name) {
                true => Principal::ServicePrincipal(name),
                false => Principal::User(name),
            };
            let level = level.to_owned();
            all.push(Permission { level, principal });
        }
    }
    all
}
