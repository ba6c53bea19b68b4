//! Names of keys in KMS.

/// The ARN of a KMS key; that of an alias is none, as an alias can point to another key later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyArn(String);

impl KeyArn {
    /// Parses an ARN of the form `arn:<partition>:kms:<region>:<account>:key/<id>`.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let [arn, _partition, service, _region, _account, resource] = parts.as_slice() else {
            return None;
        };
        let id = resource.strip_prefix("key/")?;
        let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_key = *arn == "arn" && *service == "kms" && !id.is_empty() && is_plain;
        is_key.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key's id, the last part of the ARN.
    pub fn id(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_key_is_one() {
        let arn = KeyArn::parse("arn:aws:kms:us-east-1:000000000000:key/mrk-1a").unwrap();
        assert_eq!(arn.id(), "mrk-1a");
        for wrong in [
            "",
            "mrk-1a",
            "arn:aws:kms:us-east-1:000000000000:key/",
            "arn:aws:kms:us-east-1:000000000000:key/a/b",
            "arn:aws:kms:us-east-1:000000000000:key/a\"b",
            "arn:aws:kms:us-east-1:000000000000:alias/a",
            "arn:aws:sns:us-east-1:000000000000:key/a",
        ] {
            assert_eq!(KeyArn::parse(wrong), None, "{wrong}");
        }
    }
}
