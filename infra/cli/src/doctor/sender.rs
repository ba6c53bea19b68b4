//! The identity by which SES sends for `EmailFrom`.

use super::Patient;
use crate::error::Error;
use crate::findings::Findings;
use serde_json::{Value, json};

/// Checks the identity by which SES sends for `EmailFrom`: that of the address, of its domain, or
/// of a domain above.
pub(super) async fn examine(patient: &Patient, findings: &mut Findings) -> Result<(), Error> {
    let address = patient.stack.parameter("EmailFrom");
    let domain = address
        .split_once('@')
        .map_or(address, |(_, domain)| domain);
    findings.check_yourself(format!(
        "DMARC, which tells receivers to refuse forgeries of {domain}, is a DNS record: dig +short \
         TXT _dmarc.{domain}. It should begin with v=DMARC1 and have p=quarantine or p=reject."
    ));
    let create = format!("aws sesv2 create-email-identity --email-identity {domain}");
    let Some((name, identity)) = of_domain(patient, domain).await? else {
        let problem = match patient.services.ses(&["identities", address]).await? {
            Some(_) => format!(
                "SES sends for {address} alone and does not sign for {domain}: receivers cannot \
                 tell its emails from forgeries."
            ),
            None => format!("SES may not send from {address}: it has no identity for {domain}."),
        };
        findings.add(problem, create);
        return Ok(());
    };
    let show = format!("aws sesv2 get-email-identity --email-identity {name}");
    if identity.get("VerifiedForSendingStatus") != Some(&json!(true)) {
        let fix = format!("Publish the DNS records that this prints: {show}");
        findings.add(
            format!("SES has not verified {name}, so no email is sent."),
            fix,
        );
    }
    let text = |path: &str| {
        identity
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if identity.pointer("/DkimAttributes/SigningEnabled") != Some(&json!(true)) {
        let fix = format!(
            "aws sesv2 put-email-identity-dkim-attributes --signing-enabled --email-identity {name}"
        );
        findings.add(
            format!("SES does not sign emails of {name} (DKIM is off)."),
            fix,
        );
    } else if text("/DkimAttributes/Status") != "SUCCESS" {
        let fix = format!("Publish the three CNAME records of DKIM that this prints: {show}");
        findings.add(
            format!("The DKIM records of {name} are not found in DNS."),
            fix,
        );
    }
    let mail_from = text("/MailFromAttributes/MailFromDomain");
    if mail_from.is_empty() {
        let fix = format!(
            "aws sesv2 put-email-identity-mail-from-attributes --email-identity {name} \
             --mail-from-domain mail.{name}"
        );
        let problem = format!("{name} has no MAIL FROM domain, so SPF proves nothing for it.");
        findings.add(problem, fix);
    } else if text("/MailFromAttributes/MailFromDomainStatus") != "SUCCESS" {
        let fix = format!("Publish its MX and TXT records, and watch: {show}");
        findings.add(
            format!("The records of the MAIL FROM domain {mail_from} are missing."),
            fix,
        );
    }
    Ok(())
}

/// Returns the identity of a domain or of the nearest domain above it, with its name.
async fn of_domain<'a>(
    patient: &Patient,
    domain: &'a str,
) -> Result<Option<(&'a str, Value)>, Error> {
    let mut name = domain;
    while name.contains('.') {
        if let Some(identity) = patient.services.ses(&["identities", name]).await? {
            return Ok(Some((name, identity)));
        }
        name = name.split_once('.').map_or("", |(_, above)| above);
    }
    Ok(None)
}
