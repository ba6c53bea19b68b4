//! The sentences that every language has. `{name}` in one of them stands for a value, and `[text]`
//! for the part of it that is a link.

use std::fmt;

/// A sentence that depends on a number, by the rules of its language.
pub struct Plural(pub fn(u64) -> String);

/// Shows the sentence for one and for several.
impl fmt::Display for Plural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.0(1), self.0(5))
    }
}

/// Returns `sentence` with each `{name}` replaced by its value.
pub fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(sentence.len() + 16);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(before);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

/// Declares the sentences of one room, and `all`, which lists them for the table in the docs.
macro_rules! sentences {
    ($(#[$doc:meta])* $group:ident { $($name:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        pub struct $group { $(pub $name: $kind,)* }

        impl $group {
            /// Returns the name and the text of every sentence.
            pub fn all(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), self.$name.to_string()),)*]
            }
        }
    };
}

type Text = &'static str;

sentences! {
    /// The sentences of problem documents and other JSON responses.
    ApiSentences {
        invalid_request: Text,
        invalid_credentials: Text,
        not_found: Text,
        weak_password: Text,
        invalid_template: Text,
        not_authenticated: Text,
        reauthentication_required: Text,
        invalid_token: Text,
        expired_token: Text,
        used_token: Text,
        origin_not_allowed: Text,
        already_exists: Text,
        conflict: Text,
        idempotency_key_reused: Text,
        payload_too_large: Text,
        unsupported_media_type: Text,
        too_many_attempts: Text,
        unavailable: Text,

        request_login_message: Text,
        forgot_password_message: Text,
        sign_up_message: Text,

        sign_in_first: Text,
        confirm_first: Text,
        request_new_link: Text,
        request_new_code: Text,
        check_code: Text,
        check_credentials: Text,
        endpoint_not_enabled: Text,
        check_path: Text,
        wait: Text,
        try_again: Text,
        wrong_origin: Text,

        email_invalid: Text,
        name_invalid: Text,
        next_invalid: Text,
        password_invalid: Text,
        code_invalid: Text,
        idempotency_key_invalid: Text,
        token_or_code: Text,
        password_or_code: Text,
        cookie_and_bearer: Text,
        session_cookie_twice: Text,
        cookie_twice: Text,
        no_public_url: Text,
        unreadable_request: Text,
        no_such_session: Text,

        missing_field: Text,
        duplicate_field: Text,
        unknown_field: Text,
        no_fields: Text,
        wrong_type: Text,
        an_array: Text,
        an_object: Text,
        a_string: Text,
        one_of: Text,
        or: Text,
        duplicate_parameter: Text,
        unknown_parameter: Text,
        no_parameters: Text,
        not_an_object: Text,
        not_json: Text,
        not_utf8: Text,
        form_not_utf8: Text,
        body_too_large: Text,
        send_json: Text,

        too_short: Text,
        too_long: Text,
        personal: Text,
        common: Text,
        repeats: Text,
        sequence: Text,
        keyboard: Text,
        dates: Text,
        names: Text,
        guessable: Text,

        no_such_user: Text,
        email_taken: Text,
        key_of_erased_user: Text,
        key_used_with_other_body: Text,
        idempotency_header_invalid: Text,
        not_invited: Text,
        erase_again: Text,
        from_after_to: Text,
        not_a_time: Text,
        action_invalid: Text,
        prefix_invalid: Text,
        limit_invalid: Text,
        after_invalid: Text,
        address_or_status: Text,
        address_invalid: Text,
        status_not_held: Text,
        not_of_held: Text,
        no_such_email: Text,
        cannot_redrive: Text,
        redrive_of_suppressed: Text,
        redrive_of_expired: Text,
        role_invalid: Text,
        resources_invalid: Text,
        users_invalid: Text,
        password_of_invited: Text,
        password_without_passwords: Text,
        hash_invalid: Text,
        hash_costs: Text,
        nothing_to_change: Text,

        no_such_template: Text,
        invalid_template_detail: Text,
        template_empty: Text,
        template_too_long: Text,
        template_character: Text,
        template_braces: Text,
        template_unknown_variable: Text,
        template_missing_variable: Text,
        template_unclosed: Text,
        template_unopened: Text,
        template_too_deep: Text,
        template_unknown_element: Text,
        template_unknown_attribute: Text,
        template_href: Text,
        template_misplaced: Text,
        template_bare: Text,
        template_angle: Text,
        template_unknown_entity: Text,
    }
}

sentences! {
    /// The words for times and clients, which emails show as well.
    CommonSentences {
        months: Text,
        moment: Text,
        browser_on_system: Text,
        unknown_browser: Text,
        minutes: Plural,
        hours: Plural,
        days: Plural,
    }
}

sentences! {
    /// The sentences of the built-in pages.
    PageSentences {
        error: Text,
        success: Text,
        email_label: Text,
        name_label: Text,
        password_label: Text,
        current_password_label: Text,
        new_password_label: Text,
        code_label: Text,
        show_password: Text,
        support: Text,

        sign_in: Text,
        sign_in_to: Text,
        sign_in_by_email: Text,
        continue_button: Text,
        no_account: Text,
        use_password: Text,
        change_address: Text,
        forgot: Text,
        or: Text,
        email_me: Text,

        forgot_title: Text,
        forgot_text: Text,
        forgot_button: Text,
        remembered: Text,

        sign_up: Text,
        sign_up_to: Text,
        sign_up_text: Text,
        sign_up_password_text: Text,
        have_account: Text,

        check_email_title: Text,
        sent_code: Text,
        sent_code_to: Text,
        sent_sign_up: Text,
        sent_sign_up_to: Text,
        sent_reset: Text,
        sent_reset_to: Text,
        enter_code: Text,
        code_hint: Text,
        code_hint_passwords: Text,
        no_code_here: Text,
        not_arrived: Text,
        send_again: Text,
        other_address: Text,
        signed_in_elsewhere: Text,

        link_signing_in: Text,
        link_signing_in_to: Text,
        link_address: Text,
        link_code_hint: Text,
        not_requested: Text,
        other_session: Text,
        other_session_of: Text,

        invitation_title: Text,
        invitation_heading: Text,
        reset_title: Text,
        account_of: Text,
        reset_signs_out: Text,
        password_hint: Text,
        set_password: Text,
        change_password: Text,
        not_expected: Text,
        reset_not_requested: Text,

        invitation_used: Text,
        invitation_used_text: Text,
        invitation_used_help: Text,
        invitation_expired: Text,
        invitation_invalid: Text,
        invitation_again: Text,
        invitation_again_button: Text,
        invitation_not_expected: Text,
        link_again: Text,

        link_expired: Text,
        link_used: Text,
        link_used_text: Text,
        end_other_session: Text,
        end_other_session_text: Text,
        link_unsupported: Text,
        link_unsupported_text: Text,
        link_of_other_browser: Text,
        link_of_other_browser_text: Text,
        open_there: Text,
        invitation_needs_request: Text,
        request_link: Text,

        report_title: Text,
        report_text: Text,
        report_button: Text,
        report_unneeded: Text,
        reported: Text,
        reported_text: Text,
        report_used_text: Text,
        report_expired_text: Text,
        report_invalid_text: Text,
        report_then_password: Text,
        report_then_sign_in: Text,
        report_help: Text,

        account_title: Text,
        sessions_heading: Text,
        this_session: Text,
        last_seen: Text,
        end_session: Text,
        end_session_of: Text,
        end_other_sessions: Text,
        password_heading: Text,
        change_password_text: Text,
        sign_out: Text,
        go_on: Text,
        shared_computer: Text,

        confirm_title: Text,
        confirm_text: Text,
        confirm_button: Text,
        confirm_by_email: Text,

        not_signed_in: Text,
        cookies_blocked: Text,
        not_found: Text,
        not_found_text: Text,
        unavailable: Text,
        to_sign_in: Text,

        check_fields: Text,
        check_email: Text,
        check_password: Text,
        check_name: Text,
        check_code: Text,
        wrong_credentials: Text,
        wrong_password: Text,
        choose_password: Text,
        attempts_left: Plural,
        no_attempts_left: Text,
        code_used: Text,
        token_expired: Text,
        token_used: Text,
        token_invalid: Text,
        too_many_attempts: Text,
        wait_a_while: Text,
        try_later: Text,
        unknown_error: Text,
        password_changed: Text,
        password_changed_here: Text,
        session_ended: Text,
        session_ended_here: Text,
        no_session: Text,
        sessions_ended: Text,
        confirmed: Text,
    }
}
