//! German, with the formal “Sie”.

use super::sentences::{ApiSentences, CommonSentences, PageSentences, Plural};

pub(super) static COMMON: CommonSentences = CommonSentences {
    months: "Januar,Februar,März,April,Mai,Juni,Juli,August,September,Oktober,November,Dezember",
    moment: "{day}. {month} {year} um {time} Uhr UTC",
    browser_on_system: "{browser} unter {system}",
    unknown_browser: "Unbekannter Browser",
    minutes: Plural(|minutes| match minutes {
        1 => "1 Minute".into(),
        _ => format!("{minutes} Minuten"),
    }),
    hours: Plural(|hours| match hours {
        1 => "1 Stunde".into(),
        _ => format!("{hours} Stunden"),
    }),
    days: Plural(|days| match days {
        1 => "1 Tag".into(),
        _ => format!("{days} Tagen"),
    }),
};

pub(super) static API: ApiSentences = ApiSentences {
    invalid_request: "Ungültige Anfrage",
    invalid_credentials: "E-Mail-Adresse oder Passwort falsch",
    not_found: "Nicht gefunden",
    weak_password: "Passwort nicht akzeptiert",
    invalid_template: "Ungültige E-Mail-Vorlage",
    not_authenticated: "Nicht angemeldet",
    reauthentication_required: "Bestätigung erforderlich",
    invalid_token: "Ungültiger Link oder Code",
    expired_token: "Link abgelaufen",
    used_token: "Link bereits verwendet",
    origin_not_allowed: "Ursprung nicht erlaubt",
    already_exists: "Benutzer bereits vorhanden",
    conflict: "Im aktuellen Status des Benutzers nicht möglich",
    idempotency_key_reused: "Idempotenzschlüssel bereits verwendet",
    payload_too_large: "Inhalt zu groß",
    unsupported_media_type: "Medientyp nicht unterstützt",
    too_many_attempts: "Zu viele Versuche",
    unavailable: "Vorübergehend nicht verfügbar",

    request_login_message: "Wenn diese E-Mail-Adresse registriert ist, senden wir einen Link und \
                            einen Code dorthin.",
    forgot_password_message: "Wenn diese E-Mail-Adresse registriert ist, senden wir einen Link \
                              zum Zurücksetzen des Passworts dorthin.",
    sign_up_message: "Wir senden einen Link an diese E-Mail-Adresse.",

    sign_in_first: "Melden Sie sich an und versuchen Sie es dann erneut.",
    confirm_first: "Bestätigen Sie die Sitzung mit `POST /auth/confirm` und versuchen Sie es dann \
                    erneut.",
    request_new_link: "Fordern Sie einen neuen Link an.",
    request_new_code: "Fordern Sie einen neuen Code an.",
    check_code: "Prüfen Sie den Code und versuchen Sie es erneut oder fordern Sie einen neuen an.",
    check_credentials: "Prüfen Sie Ihre Eingaben und versuchen Sie es erneut oder setzen Sie Ihr \
                        Passwort zurück.",
    endpoint_not_enabled: "Dieser Endpunkt ist nicht aktiviert.",
    check_path: "Prüfen Sie den Pfad und die Methode.",
    wait: "Versuchen Sie es nach `retry_after` Sekunden erneut.",
    try_again: "Versuchen Sie es gleich noch einmal.",
    wrong_origin: "Rufen Sie diese URL von den Seiten des Portals auf oder von einem Ursprung in \
                   `FrontendUrl` oder `AllowedOrigins`.",

    email_invalid: "`email` ist keine gültige E-Mail-Adresse.",
    name_invalid: "`name` muss 1 bis 120 druckbare Zeichen haben, davon mindestens ein sichtbares.",
    next_invalid: "`next` muss ein Pfad oder eine URL auf einem erlaubten Ursprung sein und darf \
                   nicht unter `/auth/` liegen.",
    password_invalid: "`{field}` muss 1 bis 256 Zeichen haben.",
    code_invalid: "`code` muss aus den 8 Ziffern in der E-Mail bestehen.",
    idempotency_key_invalid: "`idempotency_key` muss 16 bis 128 sichtbare ASCII-Zeichen haben.",
    token_or_code: "Senden Sie `token` oder `code`.",
    password_or_code: "Senden Sie entweder `password` oder `code`.",
    cookie_and_bearer: "Senden Sie entweder ein Sitzungs-Cookie oder ein Bearer-Token, nicht \
                        beides.",
    session_cookie_twice: "Das Sitzungs-Cookie wurde doppelt gesendet.",
    cookie_twice: "Das Cookie `{name}` wurde doppelt gesendet.",
    no_public_url: "Dieses Portal kennt seine eigene URL nicht. Setzen Sie `PublicUrl`.",
    unreadable_request: "Die Anfrage konnte nicht gelesen werden.",
    no_such_session: "Sie haben keine Sitzung mit dieser ID.",

    missing_field: "Das Feld `{field}` fehlt.",
    duplicate_field: "Das Feld `{field}` wurde doppelt gesendet.",
    unknown_field: "Der Inhalt enthält ein unbekanntes Feld. Bekannte Felder: `{known}`.",
    no_fields: "Der Inhalt darf keine Felder enthalten.",
    wrong_type: "`{field}` muss {expected} sein.",
    an_array: "ein Array",
    an_object: "ein Objekt",
    a_string: "eine Zeichenkette",
    one_of: "einer der Werte {values}",
    or: "{one} oder {other}",
    duplicate_parameter: "Der Parameter `{name}` wurde doppelt gesendet.",
    unknown_parameter: "Die URL enthält einen unbekannten Parameter. Bekannte Parameter: \
                        `{known}`.",
    no_parameters: "Die URL darf keine Parameter enthalten.",
    not_an_object: "Der Inhalt muss ein JSON-Objekt sein.",
    not_json: "Der Inhalt ist kein gültiges JSON (Zeile {line}, Spalte {column}).",
    not_utf8: "Der Inhalt ist kein gültiges UTF-8.",
    form_not_utf8: "Das Formular ist kein gültiges UTF-8.",
    body_too_large: "Der Inhalt darf höchstens {kib} KiB groß sein.",
    send_json: "Senden Sie JSON mit dem Content-Type `application/json`.",

    too_short: "Verwenden Sie mindestens {minimum} Zeichen.",
    too_long: "Verwenden Sie höchstens {maximum} Zeichen.",
    personal: "Dieses Passwort ähnelt Ihrer E-Mail-Adresse oder dem Namen des Portals zu sehr.",
    common: "Dieses Passwort ist zu verbreitet oder einem verbreiteten zu ähnlich.",
    repeats: "Dieses Passwort wiederholt sich und ist dadurch leicht zu erraten.",
    sequence: "Zeichenfolgen wie abc oder 6543 sind leicht zu erraten.",
    keyboard: "Tastaturmuster wie qwertz sind leicht zu erraten.",
    dates: "Datumsangaben und Jahreszahlen sind leicht zu erraten. Fügen Sie ein paar \
            ungewöhnliche Wörter hinzu.",
    names: "Namen sind leicht zu erraten. Fügen Sie ein paar ungewöhnliche Wörter hinzu.",
    guessable: "Dieses Passwort ist leicht zu erraten. Fügen Sie noch ein oder zwei ungewöhnliche \
                Wörter hinzu.",

    no_such_user: "Es gibt keinen Benutzer mit dieser ID.",
    email_taken: "Ein anderer Benutzer hat diese E-Mail-Adresse.",
    key_of_erased_user: "Der mit diesem `Idempotency-Key` angelegte Benutzer wurde gelöscht. \
                         Verwenden Sie einen neuen Schlüssel.",
    key_used_with_other_body: "Dieser `Idempotency-Key` wurde mit anderem Inhalt verwendet. \
                               Verwenden Sie einen neuen Schlüssel.",
    idempotency_header_invalid: "`Idempotency-Key` muss 1 bis 128 druckbare ASCII-Zeichen haben.",
    not_invited: "Nur Benutzer mit dem Status `invited` können erneut eingeladen werden.",
    erase_again: "Noch ist nicht alles gelöscht. Wiederholen Sie den Aufruf.",
    from_after_to: "`from` muss vor `to` liegen.",
    not_a_time: "`{name}` muss ein Zeitpunkt wie `2026-11-21T14:05:00Z` sein.",
    action_invalid: "`action` muss die Aktion eines Eintrags sein, zum Beispiel `partner.login`.",
    prefix_invalid: "`prefix` muss der Anfang einer E-Mail-Adresse in ASCII sein.",
    limit_invalid: "`limit` muss eine ganze Zahl von 1 bis 100 sein.",
    after_invalid: "`after` passt nicht zu dieser Liste. Beginnen Sie mit der ersten Seite.",
    address_or_status: "Senden Sie entweder `address` oder `status`.",
    address_invalid: "`address` ist keine gültige E-Mail-Adresse.",
    status_not_held: "`status` muss `held` sein.",
    not_of_held: "`from` und `to` sind nur zusammen mit `address` erlaubt.",
    no_such_email: "Keine E-Mail an diese Adresse hat diese ID.",
    cannot_redrive: "Diese E-Mail kann nicht erneut gesendet werden: Sie wurde nicht \
                     zurückgehalten, oder jemand hat sie schon erneut gesendet.",
    redrive_of_suppressed: "An diese Adresse wird nichts gesendet, weil eine E-Mail an sie \
                            unzustellbar war oder als Spam gemeldet wurde. Heben Sie zuerst die \
                            Sperre auf.",
    redrive_of_expired: "Diese E-Mail kann nicht mehr gesendet werden und wurde als abgelaufen \
                         markiert. Wenn möglich, fordert der Benutzer eine neue an.",
    role_invalid: "`role` darf höchstens 60 druckbare Zeichen haben.",
    resources_invalid: "`resources` darf höchstens 200 Einträge haben, mit höchstens 200 \
                        druckbaren Zeichen in jedem Feld.",
    users_invalid: "`users` muss 1 bis 25 Benutzer enthalten.",
    password_of_invited: "Lassen Sie `password` weg, wenn `status` den Wert `invited` hat. \
                          Eingeladene Benutzer wählen ihr Passwort selbst.",
    password_without_passwords: "Lassen Sie `password` weg. Dieses Portal verwendet keine \
                                 Passwörter.",
    hash_invalid: "`password` muss ein Argon2id-Hash sein (PHC-Format, Version 19) mit höchstens \
                   m=131072,t=10,p=16.",
    hash_costs: "`password` wurde mit {costs} gehasht, was dieses Portal nicht akzeptiert. Setzen \
                 Sie `PreviousArgon2` auf {costs}.",
    nothing_to_change: "Senden Sie mindestens eines der Felder `name`, `email`, `role`, \
                        `resources` und `status`.",

    no_such_template: "Es gibt keine E-Mail-Vorlage mit diesem Namen in dieser Sprache.",
    invalid_template_detail: "Beheben Sie die Fehler in `errors`. Es wurde nichts gespeichert.",
    template_empty: "Darf nicht leer sein.",
    template_too_long: "Darf höchstens {what} Zeichen haben.",
    template_character: "Dieses Zeichen ist nicht erlaubt: Steuerzeichen und unsichtbare \
                         Formatzeichen.",
    template_braces: "Doppelte geschweifte Klammern müssen paarweise stehen.",
    template_unknown_variable: "{what} ist keine Variable dieser Nachricht.",
    template_missing_variable: "{what} muss außerhalb optionaler Teile vorkommen.",
    template_unclosed: "{what} wird nicht geschlossen.",
    template_unopened: "{what} schließt nichts, was hier offen ist.",
    template_too_deep: "Elemente und optionale Teile sind zu tief verschachtelt.",
    template_unknown_element: "{what} ist kein Element, das E-Mails haben dürfen.",
    template_unknown_attribute: "Das Attribut {what} oder sein Wert ist hier nicht erlaubt.",
    template_href: "Das `href` eines Links muss eine URL-Variable dieser Nachricht sein oder eine \
                    https- oder mailto-URL.",
    template_misplaced: "{what} ist an dieser Stelle nicht erlaubt.",
    template_bare: "Text muss in einer Überschrift, einem Absatz, einem Listenpunkt oder einem \
                    Link stehen.",
    template_angle: "Nach `<` muss ein Element folgen. Für das Zeichen selbst schreiben Sie \
                     `&lt;`.",
    template_unknown_entity: "{what} ist nicht bekannt. Schreiben Sie das Zeichen selbst.",
};

pub(super) static PAGES: PageSentences = PageSentences {
    error: "Fehler",
    success: "Erledigt",
    email_label: "E-Mail-Adresse",
    name_label: "Name",
    password_label: "Passwort",
    current_password_label: "Aktuelles Passwort",
    new_password_label: "Neues Passwort",
    code_label: "8-stelliger Code",
    show_password: "Passwort anzeigen",
    support: "Brauchen Sie Hilfe? [Support kontaktieren]",

    sign_in: "Anmelden",
    sign_in_to: "Bei {portal} anmelden",
    sign_in_by_email: "Wir senden Ihnen einen Link und einen Code per E-Mail. Sie brauchen kein \
                       Passwort.",
    continue_button: "Weiter",
    no_account: "Noch kein Konto? [Registrieren]",
    use_password: "[Mit Passwort anmelden]",
    change_address: "Ändern",
    forgot: "Passwort vergessen?",
    or: "oder",
    email_me: "Link und Code per E-Mail erhalten",

    forgot_title: "Passwort zurücksetzen",
    forgot_text: "Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort festlegen können.",
    forgot_button: "Link per E-Mail erhalten",
    remembered: "Passwort wieder eingefallen? [Anmelden]",

    sign_up: "Registrieren",
    sign_up_to: "Bei {portal} registrieren",
    sign_up_text: "Wir senden Ihnen einen Link und einen Code per E-Mail.",
    sign_up_password_text: "Wir senden Ihnen einen Link, mit dem Sie ein Passwort festlegen \
                            können.",
    have_account: "Sie haben schon ein Konto? [Anmelden]",

    check_email_title: "Prüfen Sie Ihr Postfach",
    sent_code: "Wenn Ihre Adresse registriert ist, haben wir Ihnen einen Link und einen Code \
                gesendet.",
    sent_code_to: "Wenn {address} registriert ist, haben wir einen Link und einen Code dorthin \
                   gesendet.",
    sent_sign_up: "Wir haben Ihnen eine E-Mail gesendet.",
    sent_sign_up_to: "Wir haben eine E-Mail an {address} gesendet.",
    sent_reset: "Wenn Ihre Adresse registriert ist, haben wir Ihnen einen Link gesendet. Öffnen \
                 Sie ihn, um ein neues Passwort festzulegen.",
    sent_reset_to: "Wenn {address} registriert ist, haben wir einen Link dorthin gesendet. Öffnen \
                    Sie ihn, um ein neues Passwort festzulegen.",
    enter_code: "Öffnen Sie den Link in der E-Mail oder geben Sie hier den Code aus der E-Mail \
                 ein.",
    code_hint: "Der Code funktioniert nur in diesem Browser.",
    code_hint_passwords: "Der Code funktioniert nur in diesem Browser. Wenn Ihre E-Mail keinen \
                          Code enthält, öffnen Sie den Link.",
    no_code_here: "Hier können Sie keinen Code verwenden: Entweder blockiert dieser Browser \
                   Cookies, oder Sie haben die E-Mail vor zu langer Zeit angefordert. Erlauben \
                   Sie Cookies für diese Website und [fordern Sie eine neue E-Mail an].",
    not_arrived: "Noch keine E-Mail da? Es kann eine Minute dauern. Sehen Sie auch im Spam-Ordner \
                  nach.",
    send_again: "Erneut senden",
    other_address: "[Andere Adresse verwenden]",
    signed_in_elsewhere: "Sie sind angemeldet. Sie werden automatisch weitergeleitet.",

    link_signing_in: "Sie werden angemeldet",
    link_signing_in_to: "Sie werden bei {portal} angemeldet",
    link_address: "Sie melden sich als {address} an.",
    link_code_hint: "Sie finden den Code in derselben E-Mail. Wenn er nicht funktioniert, \
                     [fordern Sie eine neue E-Mail an].",
    not_requested: "Nicht angefordert? Schließen Sie diese Seite.",
    other_session: "Dieser Browser ist bereits angemeldet. Wenn Sie sich hier anmelden, wird die \
                    bisherige Sitzung beendet.",
    other_session_of: "Dieser Browser ist bereits als {address} angemeldet. Wenn Sie sich hier \
                       anmelden, wird die bisherige Sitzung beendet.",

    invitation_title: "Passwort festlegen",
    invitation_heading: "Willkommen! Legen Sie ein Passwort fest",
    reset_title: "Neues Passwort festlegen",
    account_of: "Für Ihr Konto {address}.",
    reset_signs_out: "Wenn Sie das Passwort ändern, werden Sie auf allen Geräten abgemeldet.",
    password_hint: "Verwenden Sie mindestens {minimum} Zeichen. Ein paar ungewöhnliche Wörter \
                    hintereinander sind leicht zu merken und schwer zu erraten.",
    set_password: "Passwort festlegen und anmelden",
    change_password: "Passwort ändern",
    not_expected: "Nicht erwartet? Schließen Sie diese Seite.",
    reset_not_requested: "Nicht angefordert? Schließen Sie diese Seite. Ihr Passwort bleibt \
                          unverändert.",

    invitation_used: "Diese Einladung wurde bereits verwendet",
    invitation_used_text: "Ihr Konto {address} hat bereits ein Passwort. Melden Sie sich damit \
                           an.",
    invitation_used_help: "Nicht selbst festgelegt oder vergessen? [Passwort zurücksetzen]",
    invitation_expired: "Diese Einladung ist abgelaufen",
    invitation_invalid: "Diese Einladung funktioniert nicht mehr",
    invitation_again: "Wir können eine neue Einladung an {address} senden.",
    invitation_again_button: "Neue Einladung per E-Mail erhalten",
    invitation_not_expected: "Keine Einladung erwartet? Schließen Sie diese Seite.",
    link_again: "Wir können einen neuen Link an {address} senden.",

    link_expired: "Dieser Link ist abgelaufen",
    link_used: "Dieser Link wurde bereits verwendet",
    link_used_text: "Damit hat sich jemand als {address} angemeldet, vielleicht in einem anderen \
                     Browser.",
    end_other_session: "Andere Sitzung beenden",
    end_other_session_text: "Wenn Sie das nicht waren, beenden Sie die andere Sitzung:",
    link_unsupported: "Dieser Link funktioniert nicht mehr",
    link_unsupported_text: "Dieser Link wird nicht mehr unterstützt. Fordern Sie einen neuen an.",
    link_of_other_browser: "Dieser Link gehört zu einem anderen Browser",
    link_of_other_browser_text: "Mit diesem Link melden Sie sich als {address} an, aber nur in \
                                 dem Browser, in dem Sie ihn angefordert haben.",
    open_there: "Öffnen Sie ihn dort oder fordern Sie hier einen neuen Link an.",
    invitation_needs_request: "Um sich als {address} anzumelden, fordern Sie in diesem Browser \
                               einen Link an.",
    request_link: "Neuen Link anfordern",

    report_title: "Waren Sie das nicht?",
    report_text: "Beenden Sie jetzt alle Sitzungen Ihres Kontos. Sie werden auf allen Geräten \
                  abgemeldet, Links zum Anmelden und für Passwörter aus früheren E-Mails \
                  funktionieren nicht mehr, und die Administration des Portals wird informiert.",
    report_button: "Alle Sitzungen beenden",
    report_unneeded: "Wenn Sie das waren, müssen Sie nichts tun. Schließen Sie diese Seite.",
    reported: "Alle Sitzungen wurden beendet",
    reported_text: "Sie sind auf allen Geräten abgemeldet. Links zum Anmelden und für Passwörter \
                    aus früheren E-Mails funktionieren nicht mehr. Die Administration des Portals \
                    wurde informiert.",
    report_used_text: "Dabei wurden alle Sitzungen beendet.",
    report_expired_text: "Solche Links funktionieren 7 Tage lang. Es wurde nichts geändert, und \
                          es wurden keine Sitzungen beendet.",
    report_invalid_text: "Es wurde nichts geändert. Prüfen Sie, ob Sie den ganzen Link geöffnet \
                          haben.",
    report_then_password: "Wenn jemand Zugriff auf Ihr E-Mail-Konto haben könnte, sichern Sie \
                           dieses zuerst. Legen Sie dann ein neues Passwort fest.",
    report_then_sign_in: "Wenn jemand Zugriff auf Ihr E-Mail-Konto haben könnte, sichern Sie \
                          dieses zuerst. Melden Sie sich dann wieder an.",
    report_help: "Können Sie sich nicht mehr anmelden? Wenden Sie sich an die Administration des \
                  Portals.",

    account_title: "Ihr Konto",
    sessions_heading: "Wo Sie angemeldet sind",
    this_session: "Dieser Browser",
    last_seen: "Zuletzt aktiv am {time}",
    end_session: "Beenden",
    end_session_of: "Sitzung beenden: {client}",
    end_other_sessions: "Alle anderen Sitzungen beenden",
    password_heading: "Passwort",
    change_password_text: "Wenn Sie Ihr Passwort ändern, werden alle anderen Sitzungen beendet.",
    sign_out: "Abmelden",
    go_on: "Weiter zu {portal}",
    shared_computer: "Melden Sie sich auf einem gemeinsam genutzten Computer ab, wenn Sie fertig \
                      sind.",

    confirm_title: "Bestätigen Sie, dass Sie es sind",
    confirm_text: "Ihre Anmeldung liegt einige Zeit zurück. Geben Sie Ihr Passwort ein, um \
                   fortzufahren.",
    confirm_button: "Bestätigen",
    confirm_by_email: "Ihre Anmeldung liegt einige Zeit zurück. Melden Sie sich erneut an, um \
                       fortzufahren.",

    not_signed_in: "Sie sind nicht angemeldet",
    cookies_blocked: "Wenn Sie sich gerade erst angemeldet haben, blockiert dieser Browser \
                      vermutlich Cookies. Erlauben Sie Cookies für diese Website und melden Sie \
                      sich erneut an.",
    not_found: "Seite nicht gefunden",
    not_found_text: "Prüfen Sie die Adresse oder gehen Sie zur Anmeldeseite.",
    unavailable: "Das funktioniert gerade nicht",
    to_sign_in: "Zur Anmeldung",

    check_fields: "Prüfen Sie Ihre Eingaben und versuchen Sie es erneut.",
    check_email: "Geben Sie eine gültige E-Mail-Adresse ein.",
    check_password: "Geben Sie ein Passwort ein.",
    check_name: "Geben Sie Ihren Namen ein.",
    check_code: "Geben Sie den 8-stelligen Code aus der E-Mail ein.",
    wrong_credentials: "E-Mail-Adresse oder Passwort falsch. Prüfen Sie beides und versuchen Sie \
                        es erneut.",
    wrong_password: "Falsches Passwort. Prüfen Sie es und versuchen Sie es erneut.",
    choose_password: "Wählen Sie ein anderes Passwort.",
    attempts_left: Plural(|count| match count {
        1 => "Dieser Code funktioniert nicht. Sie haben noch 1 Versuch.".into(),
        _ => format!("Dieser Code funktioniert nicht. Sie haben noch {count} Versuche."),
    }),
    no_attempts_left: "Dieser Code funktioniert nicht. Sie haben keine Versuche mehr. Fordern Sie \
                       eine neue E-Mail an.",
    code_used: "Der Link in derselben E-Mail wurde bereits verwendet, vielleicht in einem anderen \
                Browser. Wenn Sie das nicht waren, öffnen Sie ihn in diesem Browser, um die damit \
                begonnene Sitzung zu beenden.",
    token_expired: "Dieser Link ist abgelaufen. Fordern Sie einen neuen an.",
    token_used: "Dieser Link wurde bereits verwendet. Fordern Sie einen neuen an.",
    token_invalid: "Dieser Link oder Code funktioniert nicht. Versuchen Sie es erneut oder \
                    fordern Sie einen neuen an.",
    too_many_attempts: "Zu viele Versuche. Versuchen Sie es in {time} Minuten erneut.",
    wait_a_while: "Zu viele Versuche. Warten Sie eine Weile und versuchen Sie es dann erneut.",
    try_later: "Das hat gerade nicht geklappt. Versuchen Sie es gleich noch einmal.",
    unknown_error: "Etwas ist schiefgegangen. Versuchen Sie es erneut.",
    password_changed: "Ihr Passwort wurde geändert. Melden Sie sich mit dem neuen Passwort an.",
    password_changed_here: "Ihr Passwort wurde geändert. Alle anderen Sitzungen wurden beendet.",
    session_ended: "Die andere Sitzung wurde beendet.",
    session_ended_here: "Die Sitzung wurde beendet.",
    no_session: "Diese Sitzung wurde bereits beendet.",
    sessions_ended: "Alle anderen Sitzungen wurden beendet.",
    confirmed: "Danke für die Bestätigung. Sie können jetzt fortfahren.",
};
