//! All sentences in English.

use super::sentences::{ApiSentences, CommonSentences, EmailSentences, PageSentences, Plural};

pub(super) static COMMON: CommonSentences = CommonSentences {
    months: "January,February,March,April,May,June,July,August,September,October,November,December",
    moment: "{day} {month} {year} at {time} UTC",
    browser_on_system: "{browser} on {system}",
    unknown_browser: "Unknown browser",
};

pub(super) static API: ApiSentences = ApiSentences {
    invalid_request: "Invalid request",
    invalid_credentials: "Wrong email address or password",
    not_found: "Not found",
    weak_password: "Password not accepted",
    not_authenticated: "Not signed in",
    reauthentication_required: "Confirmation required",
    invalid_token: "Invalid link or code",
    expired_token: "Link expired",
    used_token: "Link already used",
    origin_not_allowed: "Origin not allowed",
    already_exists: "User already exists",
    conflict: "Not possible in the user’s current status",
    idempotency_key_reused: "Idempotency key already used",
    payload_too_large: "Body too large",
    unsupported_media_type: "Unsupported media type",
    too_many_attempts: "Too many attempts",
    unavailable: "Temporarily unavailable",

    request_login_message: "If this email address is registered, we’ll send a link and a code to \
                            it.",
    forgot_password_message: "If this email address is registered, we’ll send a link to reset the \
                              password to it.",
    sign_up_message: "We’ll send a link to this email address.",

    sign_in_first: "Sign in, then try again.",
    confirm_first: "Confirm the session with `POST /auth/confirm`, then try again.",
    request_new_link: "Request a new link.",
    request_new_code: "Request a new code.",
    check_code: "Check the code and try again, or request a new one.",
    check_credentials: "Check what you entered and try again, or reset your password.",
    endpoint_not_enabled: "This endpoint is not enabled.",
    wait: "Try again after `retry_after` seconds.",
    try_again: "Try again in a moment.",
    wrong_origin: "Call this from the portal’s own pages, or from an origin in `FrontendUrl` or \
                   `AllowedOrigins`.",

    email_invalid: "`email` is not a valid email address.",
    name_invalid: "`name` must be 1 to 120 printable characters, at least one of them visible.",
    next_invalid: "`next` must be a path or a URL on an allowed origin, and not below `/auth/`.",
    password_invalid: "`{field}` must be 1 to 256 characters.",
    code_invalid: "`code` must be the 8 digits from the email.",
    idempotency_key_invalid: "`idempotency_key` must be 16 to 128 visible ASCII characters.",
    token_or_code: "Send `token` or `code`.",
    password_or_code: "Send either `password` or `code`.",
    cookie_and_bearer: "Send either a session cookie or a bearer token, not both.",
    session_cookie_twice: "The session cookie was sent twice.",
    cookie_twice: "The cookie `{name}` was sent twice.",
    no_public_url: "This portal does not know its own URL. Set `PublicUrl`.",
    no_such_session: "You have no session with this ID.",

    missing_field: "Missing field `{field}`.",
    duplicate_field: "Field `{field}` was sent twice.",
    unknown_field: "The body has an unknown field. Known fields: `{known}`.",
    no_fields: "The body must have no fields.",
    wrong_type: "`{field}` must be {expected}.",
    an_array: "an array",
    an_object: "an object",
    a_string: "a string",
    one_of: "one of {values}",
    or: "{one} or {other}",
    duplicate_parameter: "Query parameter `{name}` was sent twice.",
    unknown_parameter: "The query has an unknown parameter. Known parameters: `{known}`.",
    no_parameters: "The query must have no parameters.",
    not_an_object: "The body must be a JSON object.",
    not_json: "The body is not valid JSON (line {line}, column {column}).",
    not_utf8: "The body is not valid UTF-8.",
    form_not_utf8: "The form is not valid UTF-8.",
    body_too_large: "The body must be at most {kib} KiB.",
    send_json: "Send JSON, with `application/json` as the content type.",

    too_short: "Use at least {minimum} characters.",
    too_long: "Use at most {maximum} characters.",
    personal: "This password is too similar to your email address or the portal’s name.",
    common: "This password is too common, or too similar to a common one.",
    repeats: "This password repeats itself, which makes it easy to guess.",
    sequence: "Sequences like abc or 6543 are easy to guess.",
    keyboard: "Keyboard patterns like qwerty are easy to guess.",
    dates: "Dates and years are easy to guess. Add a few uncommon words.",
    names: "Names are easy to guess. Add a few uncommon words.",
    guessable: "This password is easy to guess. Add another uncommon word or two.",

    no_such_user: "There is no user with this ID.",
    email_taken: "Another user has this email address.",
    key_of_erased_user: "The user created with this `Idempotency-Key` has been erased. Use a new \
                         key.",
    key_used_with_other_body: "This `Idempotency-Key` was used with another body. Use a new key.",
    idempotency_header_invalid: "`Idempotency-Key` must be 1 to 128 printable ASCII characters.",
    not_invited: "Only users with the status `invited` can be invited again.",
    erase_again: "Not everything has been erased yet. Repeat the call.",
    from_after_to: "`from` must be before `to`.",
    not_a_time: "`{name}` must be a time such as `2026-11-21T14:05:00Z`.",
    action_invalid: "`action` must be the action of a record, such as `partner.login`.",
    prefix_invalid: "`prefix` must be the beginning of an email address, in ASCII.",
    limit_invalid: "`limit` must be a whole number from 1 to 100.",
    after_invalid: "`after` does not match this list. Start from the first page.",
    address_or_status: "Send either `address` or `status`.",
    address_invalid: "`address` is not a valid email address.",
    status_not_held: "`status` must be `held`.",
    not_of_held: "`from` and `to` only go with `address`.",
    no_such_email: "There is no email with this ID to this address.",
    cannot_redrive: "This email cannot be sent again: it was not held back, or somebody has sent \
                     it again already.",
    redrive_of_suppressed: "Nothing is sent to this address, because an email to it bounced or was \
                            marked as spam. Lift the suppression first.",
    redrive_of_expired: "The link in this email has expired. The email was marked as expired. The \
                         user can request a new one.",
    role_invalid: "`role` must be at most 60 printable characters.",
    resources_invalid: "`resources` may hold at most 200 items, with at most 200 printable \
                        characters in each field.",
    users_invalid: "`users` must contain 1 to 25 users.",
    password_of_invited: "Leave out `password` if `status` is `invited`. Invited users choose \
                          their own.",
    password_without_passwords: "Leave out `password`. This portal does not use passwords.",
    hash_invalid: "`password` must be an Argon2id hash (PHC format, version 19) with at most \
                   m=131072,t=10,p=16.",
    hash_costs: "`password` was hashed with {costs}, which this portal does not accept. Set \
                 `PreviousArgon2` to {costs}.",
    nothing_to_change: "Send at least one of `name`, `email`, `role`, `resources` and `status`.",
};

pub(super) static EMAILS: EmailSentences = EmailSentences {
    sign_in_subject: "Sign in to {portal}",
    sign_in_heading: "Your sign-in link",
    sign_in_opening: "Sign in to {portal} in the browser where you requested this link.",
    sign_in_button: "Sign in",
    code_hint: "Or enter this code on the page where you requested the link. It works only there \
                and expires after 10 minutes.",
    code_hint_of_short_link: "Or enter this code on the page where you requested the link. It \
                              works only there and expires with the link.",

    invitation_subject: "Your invitation to {portal}",
    invitation_heading: "You’re invited",
    invitation_opening: "You’ve been invited to {portal}. If the link has expired, request a new \
                         one on the sign-in page.",
    invitation_code_hint: "Enter this code on the page that the link opens.",

    activation_subject: "Choose your {portal} password",
    activation_heading: "Choose your password",
    activation_opening: "Your account at {portal} is ready. Choose a password to activate it and \
                         sign in.",
    activation_button: "Choose password",

    reset_subject: "Reset your {portal} password",
    reset_heading: "Reset your password",
    reset_opening: "Use this link to choose a new password for your {portal} account. Your \
                    password won’t change until you do.",
    reset_button: "Choose a new password",

    password_changed_subject: "Your {portal} password was changed",
    password_changed_heading: "Your password was changed",
    password_changed_opening: "The password for your {portal} account was changed, and all other \
                               sessions have ended.",
    password_changed_advice: "Someone may have access to your email account. Secure it first. \
                              Then use the link above, which ends all sessions and tells the \
                              portal’s administrators, and reset your password here:",

    address_changed_subject: "Your {portal} email address was changed",
    address_changed_heading: "Your email address was changed",
    address_changed_opening: "The email address for your {portal} account was changed, and you \
                              were signed out on all devices.",
    address_changed_advice: "Use the link above. It ends all sessions and tells the portal’s \
                             administrators. Otherwise, sign in with the new address here:",

    new_browser_subject: "New sign-in to {portal}",
    new_browser_heading: "New sign-in",
    new_browser_opening: "Your {portal} account was just used to sign in from a new browser. If \
                          that was you, you don’t need to do anything.",
    new_browser_advice: "Use the link above. It ends all sessions of your account and tells the \
                         portal’s administrators.",

    sessions_ended_subject: "You were signed out of {portal}",
    sessions_ended_heading: "You were signed out on all devices",
    sessions_ended_opening: "An administrator has ended all sessions of your {portal} account. \
                             Links that were emailed to you before no longer work.",
    sessions_ended_advice: "If you noticed something unusual in your account, use the link above \
                            to tell the portal’s administrators. Otherwise, sign in again here:",

    report_button: "This wasn’t me",

    valid_minutes: Plural(|minutes| match minutes {
        1 => "The link works once and expires after 1 minute.".into(),
        _ => format!("The link works once and expires after {minutes} minutes."),
    }),
    valid_hours: Plural(|hours| match hours {
        1 => "The link works once and expires after 1 hour.".into(),
        _ => format!("The link works once and expires after {hours} hours."),
    }),
    valid_days: Plural(|days| match days {
        1 => "The link works once and expires after 1 day.".into(),
        _ => format!("The link works once and expires after {days} days."),
    }),
    fallback: "If the button doesn’t work, copy this link into your browser:",
    requested_from: "Requested from",
    changed_from: "Changed from",
    changed_on: "Changed on",
    signed_in_from: "Signed in from",
    ended_on: "Ended on",
    ip_address: "IP address {ip}",
    not_requested: "Didn’t request this?",
    not_expected: "Weren’t expecting this?",
    not_you: "Wasn’t you?",
    ignore_sign_in: "You can ignore this email. Nobody can sign in without it. Don’t forward it \
                     or share the code with anyone.",
    ignore_invitation: "You can ignore this email. Don’t forward it to anyone.",
    ignore_activation: "You can ignore this email. The account stays inactive until a password is \
                        chosen with this link. Don’t forward this email to anyone.",
    ignore_reset: "You can ignore this email. Your password stays the same. Don’t forward this \
                   email to anyone.",
    support: "Need help?",
};

pub(super) static PAGES: PageSentences = PageSentences {
    error: "Error",
    success: "Done",
    email_label: "Email address",
    name_label: "Name",
    password_label: "Password",
    current_password_label: "Current password",
    new_password_label: "New password",
    code_label: "8-digit code",
    show_password: "Show password",
    support: "Need help? [Contact support]",

    sign_in: "Sign in",
    sign_in_to: "Sign in to {portal}",
    sign_in_by_email: "We’ll email you a link and a code. You don’t need a password.",
    continue_button: "Continue",
    no_account: "No account yet? [Sign up]",
    use_password: "[Sign in with a password]",
    change_address: "Change",
    forgot: "Forgot your password?",
    or: "or",
    email_me: "Email me a link and a code",

    forgot_title: "Reset password",
    forgot_text: "We’ll email you a link to choose a new password.",
    forgot_button: "Email me a link",
    remembered: "Remember your password? [Sign in]",

    sign_up: "Sign up",
    sign_up_to: "Sign up for {portal}",
    sign_up_text: "We’ll email you a link and a code.",
    sign_up_password_text: "We’ll email you a link to choose a password.",
    have_account: "Already have an account? [Sign in]",

    check_email_title: "Check your email",
    sent_code: "If your address is registered, we’ve emailed you a link and a code.",
    sent_code_to: "If {address} is registered, we’ve sent a link and a code to it.",
    sent_sign_up: "We’ve sent you an email.",
    sent_sign_up_to: "We’ve sent an email to {address}.",
    sent_reset: "If your address is registered, we’ve emailed you a link. Open it to choose a new \
                 password.",
    sent_reset_to: "If {address} is registered, we’ve sent a link to it. Open it to choose a new \
                    password.",
    enter_code: "Open the link in the email, or enter the code from the email here.",
    code_hint: "The code works only in this browser.",
    code_hint_passwords: "The code works only in this browser. If your email has no code, open \
                          its link instead.",
    no_code_here: "You can’t use a code here: either this browser blocks cookies, or you \
                   requested the email too long ago. Allow cookies for this site, then [request a \
                   new email].",
    not_arrived: "No email yet? It can take a minute. Check your spam folder.",
    send_again: "Send again",
    other_address: "[Use another address]",
    signed_in_elsewhere: "You’re signed in. You’ll be redirected automatically.",

    link_signing_in: "Signing you in",
    link_signing_in_to: "Signing you in to {portal}",
    link_address: "You’re signing in as {address}.",
    link_code_hint: "You’ll find the code in the same email. If it doesn’t work, [request a new \
                     email].",
    not_requested: "Didn’t request this? Close this page.",
    other_session: "This browser is already signed in. Signing in here ends that session.",
    other_session_of: "This browser is already signed in as {address}. Signing in here ends that \
                       session.",

    invitation_title: "Choose a password",
    invitation_heading: "Welcome! Choose a password",
    reset_title: "Choose a new password",
    account_of: "For your account {address}.",
    reset_signs_out: "Changing the password signs you out on all devices.",
    password_hint: "Use at least {minimum} characters. A few uncommon words in a row are easy to \
                    remember and hard to guess.",
    set_password: "Set password and sign in",
    change_password: "Change password",
    not_expected: "Weren’t expecting this? Close this page.",
    reset_not_requested: "Didn’t request this? Close this page. Your password won’t change.",

    invitation_used: "This invitation has already been used",
    invitation_used_text: "Your account {address} already has a password. Sign in with that \
                           password.",
    invitation_used_help: "Didn’t choose it yourself, or forgot it? [Reset password]",
    invitation_expired: "This invitation has expired",
    invitation_invalid: "This invitation no longer works",
    invitation_again: "We can email a new invitation to {address}.",
    invitation_again_button: "Email me a new invitation",
    invitation_not_expected: "Weren’t expecting an invitation? Close this page.",
    link_again: "We can email a new link to {address}.",

    link_expired: "This link has expired",
    link_used: "This link has already been used",
    link_used_text: "It was used to sign in as {address}, maybe in another browser.",
    end_other_session: "End the other session",
    end_other_session_text: "If that wasn’t you, end the other session:",
    link_unsupported: "This link no longer works",
    link_unsupported_text: "This link is no longer supported. Request a new one.",
    link_of_other_browser: "This link belongs to another browser",
    link_of_other_browser_text: "This link signs you in as {address}, but only in the browser \
                                 where you requested it.",
    open_there: "Open it there, or request a new link here.",
    invitation_needs_request: "To sign in as {address}, request a link in this browser.",
    request_link: "Request a new link",

    report_title: "Wasn’t this you?",
    report_text: "Then end all sessions of your account. You’ll be signed out on all devices, \
                  links that were emailed to you stop working, and the portal’s administrators \
                  are told.",
    report_button: "This wasn’t me",
    report_unneeded: "If it was you, you don’t need to do anything. Close this page.",
    reported: "All sessions have ended",
    reported_text: "You’re signed out on all devices, and links that were emailed to you before \
                    no longer work. The portal’s administrators have been told.",
    report_used_text: "All sessions ended when it was used.",
    report_expired_text: "It worked for 7 days.",
    report_invalid_text: "Check that you opened the whole link.",
    report_then_password: "If someone may have access to your email account, secure it first. \
                           Then choose a new password.",
    report_then_sign_in: "If someone may have access to your email account, secure it first. Then \
                          sign in again.",
    report_help: "Can’t sign in any more? Contact the portal’s administrator.",

    account_title: "Your account",
    sessions_heading: "Where you’re signed in",
    this_session: "This browser",
    last_seen: "Last active {time}",
    end_session: "End",
    end_session_of: "End session: {client}",
    end_other_sessions: "End all other sessions",
    password_heading: "Password",
    change_password_text: "Changing your password ends all other sessions.",
    sign_out: "Sign out",
    go_on: "Continue to {portal}",
    shared_computer: "On a shared computer, sign out when you’re done.",

    confirm_title: "Confirm it’s you",
    confirm_text: "You signed in a while ago. Enter your password to continue.",
    confirm_button: "Confirm",
    confirm_by_email: "You signed in a while ago. Sign in again to continue.",

    not_signed_in: "You’re not signed in",
    cookies_blocked: "If you’ve just signed in, this browser is probably blocking cookies. Allow \
                      cookies for this site, then sign in again.",
    not_found: "Page not found",
    not_found_text: "Check the address, or go to the sign-in page.",
    unavailable: "This isn’t working right now",
    to_sign_in: "Go to sign-in",

    check_fields: "Check what you entered, then try again.",
    check_email: "Enter a valid email address.",
    check_password: "Enter a password.",
    check_name: "Enter your name.",
    check_code: "Enter the 8-digit code from the email.",
    wrong_credentials: "Wrong email address or password. Check both and try again.",
    wrong_password: "Wrong password. Check it and try again.",
    choose_password: "Choose a different password.",
    attempts_left: Plural(|count| match count {
        1 => "This code doesn’t work. You have 1 attempt left.".into(),
        _ => format!("This code doesn’t work. You have {count} attempts left."),
    }),
    no_attempts_left: "This code doesn’t work. You have no attempts left. Request a new email.",
    code_used: "The link in the same email has already been used, maybe in another browser. If \
                that wasn’t you, open the link in this browser to end the session it started.",
    token_expired: "This link has expired. Request a new one.",
    token_used: "This link has already been used. Request a new one.",
    token_invalid: "This link or code doesn’t work. Try again, or request a new one.",
    too_many_attempts: "Too many attempts. Try again in {time} minutes.",
    wait_a_while: "Too many attempts. Wait a while, then try again.",
    try_later: "We couldn’t do that just now. Try again in a moment.",
    unknown_error: "Something went wrong. Try again.",
    password_changed: "Your password was changed. Sign in with your new password.",
    password_changed_here: "Your password was changed, and all other sessions have ended.",
    session_ended: "The other session has ended.",
    session_ended_here: "The session has ended.",
    no_session: "That session has already ended.",
    sessions_ended: "All other sessions have ended.",
    confirmed: "Thanks for confirming. You can continue now.",
};
