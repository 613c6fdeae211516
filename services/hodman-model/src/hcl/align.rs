//! The file as `terraform fmt` leaves it: two spaces, and the equals signs of neighbouring attributes below each other.
//! The crate that writes HCL does not align, and no other does.

use super::HEAD;

/// A whole file.
pub(super) fn file(body: &hcl::Body) -> String {
    // Bodies made of expressions and names cannot fail to be written.
    let text = hcl::format::to_string(body).unwrap_or_default();
    let text = aligned(&text);
    if text.is_empty() {
        HEAD.to_owned()
    } else {
        format!("{HEAD}\n{text}")
    }
}

/// Lines `name = value` that follow each other at one depth get their equals signs at one column.
pub(super) fn aligned(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut heredoc: Option<String> = None;
    while at < lines.len() {
        if let Some(end) = &heredoc {
            out.push_str(lines[at]);
            out.push('\n');
            if lines[at].trim() == end {
                heredoc = None;
            }
            at += 1;
            continue;
        }
        // A value of several lines stands alone: `terraform fmt` aligns it with nothing.
        let run = lines[at..]
            .iter()
            .take_while(|line| assignment(line).is_some() && !opens(line))
            .count();
        if run == 0 {
            heredoc = assignment(lines[at])
                .and_then(|(_, value)| value.strip_prefix("<<"))
                .map(|end| end.trim_start_matches('-').to_owned());
            // A block without anything in it.
            match lines[at].strip_suffix(" {  }") {
                Some(header) => out.push_str(&format!("{header} {{}}")),
                None => out.push_str(lines[at]),
            }
            out.push('\n');
            at += 1;
            continue;
        }
        let width = lines[at..at + run]
            .iter()
            .filter_map(|line| assignment(line))
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or_default();
        for line in &lines[at..at + run] {
            if let Some((name, value)) = assignment(line) {
                let padding = " ".repeat(width - name.chars().count());
                out.push_str(&format!("{name}{padding} = {value}\n"));
            }
        }
        at += run;
    }
    out
}

/// Indentation with the name, and the value.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let name_end = if line.trim_start().starts_with('"') {
        let start = line.find('"')? + 1;
        let close = line[start..].find('"')? + start;
        close + 1
    } else {
        line.find(" = ")?
    };
    let (name, rest) = line.split_at(name_end);
    let bare = name.trim_start();
    let is_name = bare.starts_with('"')
        || bare
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let value = rest.strip_prefix(" = ")?;
    (is_name && !bare.is_empty()).then_some((name, value))
}

/// Whether the value goes on below.
fn opens(line: &str) -> bool {
    line.ends_with(['{', '[', '(']) || line.contains(" = <<")
}
