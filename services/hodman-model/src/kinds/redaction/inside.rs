//! Secrets inside of longer texts: in the address of a database, in a command line, in a connection string. Only they are
//! hidden; the rest says what people have to know.
//!
//! Queries say `a.token=b.token` and mean no secret, so what stands before `=` counts only where nothing but such pairs stands,
//! in addresses, and after a dash.

use super::{REDACTED, is_reference, looks_secret, tells};

/// The text without the secrets in it; none when there are none.
pub(super) fn masked(text: &str) -> Option<String> {
    if !text.contains(['=', '@', '-']) {
        return None;
    }
    // A command stands on one line; dashes in a script or a query are something else.
    let command = !text.contains('\n');
    let only_pairs = is_pairs(text, ';') || is_pairs(text, ' ');
    let mut done = String::with_capacity(text.len());
    let mut flag = false;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let space = &word[bare.len()..];
        if flag && is_value(bare) {
            done += REDACTED;
        } else if bare.contains("://") || bare.contains("jdbc:") {
            done += &pairs(&user(bare));
        } else if only_pairs || (command && bare.starts_with('-')) {
            done += &pairs(bare);
        } else {
            done += bare;
        }
        done += space;
        flag = command && is_flag(bare);
    }
    (done != text).then_some(done)
}

/// Whether the next argument is a secret: `--password`.
pub(super) fn is_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|name| !name.contains('=') && tells(name))
}

/// Whether a word after `--password` is one, and not the next of a sentence about it.
fn is_value(word: &str) -> bool {
    let short = word.len() < 8 && word.chars().all(|c| c.is_ascii_lowercase());
    !short && !word.starts_with('-') && !is_reference(word)
}

/// Whether a text is nothing but `name=value`, several of them or one, with `between` between them. `User Id` is a name, too,
/// but the words of a query are none.
fn is_pairs(text: &str, between: char) -> bool {
    let parts = text.split(between).filter(|part| !part.trim().is_empty());
    let words = if parts.clone().count() > 1 { 2 } else { 1 };
    let is_pair = |part: &str| {
        part.split_once('=').is_some_and(|(name, _)| {
            let of_name = |c: char| c.is_ascii_alphanumeric() || " _.-".contains(c);
            let name = name.trim();
            !name.is_empty()
                && name.chars().all(of_name)
                && name.split_whitespace().count() <= words
        })
    };
    parts.clone().all(is_pair)
}

/// The password of `scheme://user:password@host` hidden, and a token in the place of the user.
fn user(word: &str) -> String {
    // Oracle's way: `jdbc:oracle:thin:user/password@host`.
    if word.starts_with("jdbc:oracle:")
        && let Some((login, host)) = word.split_once('@')
        && let Some((name, word)) = login.rsplit_once('/')
        && !word.is_empty()
    {
        return format!("{name}/{REDACTED}@{host}");
    }
    let mut done = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("://") {
        done += before;
        done += "://";
        let end = after.find(['/', '?', '#', ';', '"', '\'']);
        let (authority, left) = after.split_at(end.unwrap_or(after.len()));
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                match user.split_once(':') {
                    Some((name, word)) if !word.is_empty() && !is_reference(word) => {
                        done += &format!("{name}:{REDACTED}");
                    }
                    None if looks_secret("", user) => done += REDACTED,
                    _ => done += user,
                }
                done += "@";
                done += host;
            }
            None => done += authority,
        }
        rest = left;
    }
    done + rest
}

/// The values hidden whose names say that they are secrets: `;password=x`, `?token=x`, `--db-password=x`.
fn pairs(word: &str) -> String {
    let mut done = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('=') {
        done += before;
        done += "=";
        let of_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let begin = before.rfind(|c| !of_name(c));
        let name = begin.map_or(before, |at| &before[at..]);
        // A folder may be called `token=1`.
        let is_name = name.starts_with(|c| of_name(c) || "?;&#\"'".contains(c));
        let quote = after.chars().next().filter(|c| "\"'".contains(*c));
        let inner = quote.map_or(after, |quote| &after[quote.len_utf8()..]);
        let end = match quote {
            Some(quote) => inner.find(quote),
            None => inner.find([';', '&', '"', '\'']),
        };
        let (value, left) = inner.split_at(end.unwrap_or(inner.len()));
        if value.is_empty() || value == REDACTED || is_reference(value) || !is_name || !tells(name)
        {
            rest = after;
            continue;
        }
        done.extend(quote);
        done += REDACTED;
        rest = left;
    }
    done + rest
}
