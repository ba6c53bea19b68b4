//! Users as lines of text.

use serde_json::Value;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let items = value.get(name).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// Returns a line for each user.
pub(super) fn list(page: &Value) -> String {
    let line = |user: &Value| {
        let [id, email, name] = ["id", "email", "name"].map(|field| text(user, field));
        format!("{:<10}{email}  {name}  {id}", text(user, "status"))
    };
    let mut lines: Vec<_> = items(page, "users").map(line).collect();
    if lines.is_empty() {
        lines.push("There is no such user.".to_owned());
    }
    if page.get("next").is_some_and(|next| !next.is_null()) {
        lines.push("There are more users. Show them with --limit or --prefix.".to_owned());
    }
    lines.join("\n")
}

/// Returns a user with their sessions, emails and audit records, the newest of each first.
pub(super) fn show(user: &Value) -> String {
    let [email, name] = ["email", "name"].map(|field| text(user, field));
    let mut lines = vec![format!("{email}, {name}")];
    for field in ["id", "status", "role", "created_at", "last_sign_in_at"] {
        if !text(user, field).is_empty() {
            let label = field.replace('_', " ");
            lines.push(format!("  {label:<16}{}", text(user, field)));
        }
    }
    let resources = items(user, "resources").count();
    if resources > 0 {
        lines.push(format!("  {:<16}{resources}", "resources"));
    }
    section(&mut lines, "Sessions", items(user, "sessions").map(session));
    section(&mut lines, "Emails", items(user, "emails").map(email_line));
    section(&mut lines, "Audit", items(user, "audit").map(audit));
    lines.join("\n")
}

fn section(lines: &mut Vec<String>, title: &str, entries: impl Iterator<Item = String>) {
    let mut entries = entries.peekable();
    if entries.peek().is_some() {
        lines.extend([String::new(), format!("{title}:")]);
        lines.extend(entries.map(|entry| format!("  {entry}")));
    }
}

fn session(session: &Value) -> String {
    let [created, client, ip] = ["created_at", "client", "ip"].map(|field| text(session, field));
    let state = match text(session, "ended_at") {
        "" => format!("live until {}", text(session, "expires_at")),
        ended => format!("{} {ended}", text(session, "how")),
    };
    format!("{created}  {client}, {ip}: {state}")
}

fn email_line(email: &Value) -> String {
    let [at, kind, status] = ["requested_at", "kind", "status"].map(|field| text(email, field));
    format!("{at}  {kind}: {status}")
}

fn audit(record: &Value) -> String {
    let [at, action, ip] = ["at", "action", "ip"].map(|field| text(record, field));
    format!("{at}  {action}  {ip}").trim_end().to_owned()
}
