//! Addresses and ranges of IP access lists, and whether they would lock the caller out.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use crate::databricks::error::ApiError;

/// Callers of the sandbox are on this machine.
const CALLER: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// An IPv4 address, or a range like `10.0.0.0/8`.
fn parse(text: &str) -> Option<(u32, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (
            address,
            bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?,
        ),
        None => (text, 32),
    };
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some((u32::from(address.parse::<Ipv4Addr>().ok()?) & mask, mask))
}

fn addresses(row: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let list = row.get("ip_addresses").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// Refuses what is neither an address nor a range.
pub(in crate::databricks) fn check(row: &Map<String, Value>) -> Result<(), ApiError> {
    match addresses(row).find(|text| parse(text).is_none()) {
        Some(text) => Err(ApiError::invalid(format!(
            "{text} is not a valid IPv4 address or CIDR range."
        ))),
        None => Ok(()),
    }
}

/// Refuses lists, when they hold, that do not let the caller in: a block list that names it, or allow lists that do not.
pub(super) fn check_caller<'a>(
    rows: impl Iterator<Item = &'a Map<String, Value>>,
) -> Result<(), ApiError> {
    let (mut allow_lists, mut allowed, mut blocked) = (false, false, false);
    for row in rows.filter(|row| row.get("enabled") != Some(&Value::Bool(false))) {
        let named = addresses(row)
            .filter_map(parse)
            .any(|(network, mask)| u32::from(CALLER) & mask == network);
        if row.get("list_type").and_then(Value::as_str) == Some("BLOCK") {
            blocked |= named;
        } else {
            allow_lists = true;
            allowed |= named;
        }
    }
    if blocked || (allow_lists && !allowed) {
        return Err(ApiError::state(format!(
            "Your current IP {CALLER} will not be allowed to access the workspace under the current configuration."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn addresses_and_ranges_are_read() {
        assert_eq!(parse("10.1.2.3/8"), Some((0x0a00_0000, 0xff00_0000)));
        assert_eq!(parse("1.2.3.4"), Some((0x0102_0304, u32::MAX)));
        assert_eq!(parse("0.0.0.0/0"), Some((0, 0)));
        for wrong in ["", "1.2.3", "1.2.3.4/33", "1.2.3.4/x", "::1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
