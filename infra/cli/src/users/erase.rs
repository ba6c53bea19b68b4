//! `vestibule users erase`, which asks first.

use super::find;
use crate::api::Api;
use crate::error::Error;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// The most calls that one erasure takes. Each erases as much as fits into one request.
const CALLS: usize = 100;

pub(super) async fn run(api: &Api, user: &str, yes: bool) -> Result<(Value, String), Error> {
    let path = find::path(api, user).await?;
    let shown = api.get(&path).await?;
    let email = shown.get("email").and_then(Value::as_str);
    let email = email.unwrap_or(user).to_owned();
    if !yes {
        confirm(&email, &mut io::stdin().lock(), &mut io::stderr())?;
    }
    for _ in 0..CALLS {
        let response = api.send("DELETE", &path, None).await?;
        // 503: more remains to be erased.
        if response.status != 503 {
            break;
        }
    }
    api.delete(&path).await?;
    Ok((json!({}), format!("{email} is erased.")))
}

/// Goes on only if the address is typed.
///
/// # Errors
/// [`Error::Refused`] for any other answer, and for none.
fn confirm(email: &str, input: &mut impl BufRead, output: &mut impl Write) -> Result<(), Error> {
    let question = format!("This erases {email} for good. Type the address to go on: ");
    let _shown = output.write_all(question.as_bytes());
    let _flushed = output.flush();
    let mut answer = String::new();
    let _read = input.read_line(&mut answer);
    if answer.trim() == email {
        return Ok(());
    }
    let why = "Nothing was erased. Type the address, or pass --yes.";
    Err(Error::Refused(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_confirms() {
        let answer = |text: &str| confirm("ada@example.com", &mut text.as_bytes(), &mut vec![]);
        assert_eq!(answer("ada@example.com\n"), Ok(()));
        for other in ["", "\n", "y\n", "yes\n", "ada@example.org\n"] {
            assert!(matches!(answer(other), Err(Error::Refused(_))), "{other}");
        }
    }
}
