//! Words of others without a value that nobody may read, should they repeat it: whole, as JSON has it, line by line, or cut off.

/// What stands in its place.
const HIDDEN: &str = "(hidden)";

/// What stands where our clients cut off a long message.
const CUT: char = '…';

/// Fewer letters say nothing, and hiding them would tear words apart.
const SHORTEST: usize = 4;

/// One line of several, such as the last of a key, is an everyday word sooner than a whole value.
const SHORTEST_LINE: usize = 8;

/// `words` without `value`.
pub(super) fn hidden(words: String, value: &str) -> String {
    let escaped = serde_json::Value::from(value).to_string();
    let escaped = &escaped[1..escaped.len() - 1];
    let lines = value.lines().map(str::trim);
    let lines = lines.filter(|line| line.len() >= SHORTEST_LINE);
    let whole = [value, escaped];
    let whole = whole.into_iter().filter(|form| form.len() >= SHORTEST);
    whole.chain(lines).fold(words, without)
}

fn without(words: String, form: &str) -> String {
    let words = match words.contains(form) {
        true => words.replace(form, HIDDEN),
        false => words,
    };
    if !words.contains(CUT) {
        return words;
    }
    // The longest part first: a shorter one would leave some of it behind.
    let ends = form.char_indices().map(|(end, _)| end).rev();
    let mut starts = ends.take_while(|end| *end >= SHORTEST);
    match starts.find(|end| words.contains(&format!("{}{CUT}", &form[..*end]))) {
        Some(end) => words.replace(&format!("{}{CUT}", &form[..end]), &format!("{HIDDEN}{CUT}")),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN KEY-----\nMIIEvQ\"IBADAN\nBgkqhkiG9w0B\n-----END KEY-----";

    #[test]
    fn a_value_is_hidden_however_it_is_repeated() {
        for (words, left) in [
            (format!("no: {KEY}."), "no: (hidden)."),
            (
                format!("no: {}.", serde_json::Value::from(KEY)),
                "no: \"(hidden)\".",
            ),
            (
                "line 3 (BgkqhkiG9w0B) is odd".to_owned(),
                "line 3 ((hidden)) is odd",
            ),
            (format!("no: {}…", &KEY[..24]), "no: (hidden)…"),
            ("no: BgkqhkiG…; so".to_owned(), "no: (hidden)…; so"),
            ("no: key…".to_owned(), "no: key…"),
        ] {
            assert_eq!(hidden(words.clone(), KEY), left, "{words}");
        }
        assert_eq!(hidden("a ab abc".to_owned(), "abc"), "a ab abc");
    }
}
