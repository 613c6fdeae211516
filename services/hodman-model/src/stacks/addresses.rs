//! Addresses of Terraform: `module.net["eu"].aws_vpc.main[0]`.

use std::collections::BTreeSet;

use serde_json::Value;

/// The address without the keys of instances, at every step. Keys in quotation marks may have brackets and dots in them.
pub(super) fn without_keys(address: &str) -> String {
    cut(address).0
}

/// The address without the key of its last step: all instances of a resource in one instance of a module.
pub(super) fn without_last_key(address: &str) -> &str {
    match cut(address).1 {
        Some(at) if address.ends_with(']') => &address[..at],
        _ => address,
    }
}

/// The address without keys, and where the last key begins.
fn cut(address: &str) -> (String, Option<usize>) {
    let mut whole = String::with_capacity(address.len());
    let mut last = None;
    let (mut inside, mut quoted, mut escaped) = (false, false, false);
    for (at, letter) in address.char_indices() {
        if !inside {
            inside = letter == '[';
            match inside {
                true => last = Some(at),
                false => whole.push(letter),
            }
        } else if escaped {
            escaped = false;
        } else {
            match letter {
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                ']' if !quoted => inside = false,
                _ => {}
            }
        }
    }
    (whole, last)
}

/// The addresses of everything that a configuration declares below `module`, which lies at `prefix`.
pub(super) fn configured(module: &Value, prefix: &str, known: &mut BTreeSet<String>) {
    let resources = module["resources"].as_array().into_iter().flatten();
    let addresses = resources.filter_map(|one| one["address"].as_str());
    known.extend(addresses.map(|address| format!("{prefix}{address}")));
    for (name, call) in module["module_calls"].as_object().into_iter().flatten() {
        configured(&call["module"], &format!("{prefix}module.{name}."), known);
    }
}

/// The addresses of everything in a state, with and without the keys of instances.
pub(super) fn kept(module: &Value, known: &mut BTreeSet<String>) {
    let resources = module["resources"].as_array().into_iter().flatten();
    for address in resources.filter_map(|one| one["address"].as_str()) {
        known.insert(without_keys(address));
        known.insert(address.to_owned());
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        kept(child, known);
    }
}
