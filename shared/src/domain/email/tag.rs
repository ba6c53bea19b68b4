//! The tag by which events of the provider name their email.

use super::OutboxKey;
use crate::domain::ids::{KeyedHash, RecordId};

/// The name of the tag.
pub const TAG: &str = "vestibule-email";

impl OutboxKey {
    /// Returns the value of the tag: the keyed hash, an underscore and the id. SES allows letters,
    /// digits, underscores and hyphens in it.
    pub fn to_tag(&self) -> String {
        format!("{}_{}", self.to, self.id.as_str())
    }

    /// Parses the value of the tag.
    pub fn from_tag(text: &str) -> Option<Self> {
        let (to, id) = text.rsplit_once('_')?;
        Some(Self {
            to: KeyedHash::parse(to)?,
            id: RecordId::parse(id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_key_survives_its_tag_and_nothing_else_is_one() {
        for byte in [0, 0xff] {
            let key = OutboxKey {
                to: KeyedHash::from_bytes([byte; 32]),
                id: RecordId::new(Timestamp::from_secs(1), [byte; 8]),
            };
            let tag = key.to_tag();
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            assert!(tag.chars().all(is_allowed), "{tag}");
            assert_eq!(OutboxKey::from_tag(&tag), Some(key));
            let hash = &tag[..43];
            for wrong in [
                String::new(),
                hash.to_owned(),
                format!("{hash}_suppression"),
                format!("{hash}.{}", &tag[44..]),
                format!("{tag}_"),
                tag[1..].to_owned(),
            ] {
                assert_eq!(OutboxKey::from_tag(&wrong), None, "{wrong}");
            }
        }
    }
}
