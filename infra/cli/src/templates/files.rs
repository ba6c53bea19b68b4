//! The texts of an email as files.

use crate::error::Error;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const SUBJECT: &str = "subject.txt";
const TEXT: &str = "text.txt";
const HTML: &str = "body.html";

pub(super) struct Texts {
    subject: String,
    text: String,
    html: String,
}

impl Texts {
    /// Reads the three files of a folder.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let read = |name| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))
        };
        Ok(Self {
            subject: read(SUBJECT)?.trim_end_matches(['\r', '\n']).to_owned(),
            text: read(TEXT)?,
            html: read(HTML)?,
        })
    }

    pub(super) fn from_json(shown: &Value) -> Self {
        Self {
            subject: format!("{}\n", text(shown, "subject")),
            text: text(shown, "text"),
            html: text(shown, "html"),
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "subject": self.subject, "text": self.text, "html": self.html })
    }

    /// Writes the three files, and returns a sentence that says so.
    pub(super) fn write(&self, folder: &Path) -> Result<String, Error> {
        fs::create_dir_all(folder).map_err(|error| failed("create", folder, &error))?;
        for (name, text) in [
            (SUBJECT, &self.subject),
            (TEXT, &self.text),
            (HTML, &self.html),
        ] {
            write(&folder.join(name), text)?;
        }
        let folder = folder.display();
        Ok(format!("Wrote {SUBJECT}, {TEXT} and {HTML} into {folder}."))
    }
}

/// Writes a preview beside the files, and returns its subject and a sentence that says so.
pub(super) fn write_preview(folder: &Path, preview: &Value) -> Result<String, Error> {
    write(&folder.join("preview.html"), &text(preview, "html"))?;
    write(&folder.join("preview.txt"), &text(preview, "text"))?;
    let (subject, folder) = (text(preview, "subject"), folder.display());
    Ok(format!(
        "Subject: {subject}\nWrote preview.html and preview.txt into {folder}."
    ))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| failed("write", path, &error))
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn failed(act: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Failed(format!("Could not {act} {}: {error}.", path.display()))
}
