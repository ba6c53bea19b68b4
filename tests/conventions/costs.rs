//! Recomputes the costs of docs/costs.md from the prices, counts and assumptions on that page.

use crate::sources::text;
use crate::template::{named_blocks_of_type, resource};
use kit::parameters;
use local::template::Template;

const FLOWS: [&str; 7] = [
    "link, known browser",
    "link, new browser",
    "password, known browser",
    "password, new browser",
    "session check",
    "session check that writes",
    "check by the authorizer",
];

/// Returns the cells of the one row of a table that starts with `label`, after the label.
fn cells<'p>(page: &'p str, label: &str) -> Vec<&'p str> {
    let start = format!("| {label} |");
    let mut rows = page.lines().filter_map(|line| line.strip_prefix(&start));
    let row = rows.next().unwrap_or_else(|| panic!("no row of {label}"));
    assert_eq!(rows.next(), None, "two rows of {label}");
    row.split('|').map(str::trim).collect()
}

/// Returns the number in a column of a row, where 0 is the column after the label.
fn number(page: &str, label: &str, column: usize) -> f64 {
    let cell = cells(page, label)[column].replace(',', "");
    cell.parse().unwrap_or_else(|_| panic!("{label}: {cell}"))
}

/// Returns the price of a million of a unit, or an assumption.
fn first(page: &str, label: &str) -> f64 {
    number(page, label, 0)
}

/// Returns the write and read units of a flow, and its cost in USD.
fn cost(page: &str, flow: &str) -> (f64, f64, f64) {
    let counted: Vec<_> = cells(page, flow)[0].split("; ").collect();
    let units = |column| counted.iter().map(|row| number(page, row, column)).sum();
    let (reads, writes): (f64, f64) = (units(3), units(4));
    let [emails, requests, small, large] = [3, 4, 5, 6].map(|column| number(page, flow, column));
    let seconds = |label| first(page, label) / 1e3;
    let gb_seconds = 0.25 * small * seconds("ms of an invocation with 256 MB")
        + large * seconds("ms of an invocation with 1,024 MB");
    let micros = writes * first(page, "write unit")
        + reads * first(page, "read unit")
        + emails * first(page, "email")
        + requests * first(page, "HTTP API request")
        + (small + large) * first(page, "Lambda invocation")
        + gb_seconds * first(page, "GB-second of Lambda on arm64")
        + (small + large) * first(page, "kB of logs of an invocation") * first(page, "kB of logs");
    (writes, reads, micros / 1e6)
}

#[test]
fn the_costs_of_a_sign_in_follow_from_prices_and_counts() {
    let page = text("docs/costs.md");
    for flow in FLOWS {
        let (writes, reads, cost) = cost(&page, flow);
        let mut computed = cells(&page, flow);
        let (writes, reads) = (writes.to_string(), reads.to_string());
        let thousand = format!("{:.3}", 1e3 * cost);
        (computed[1], computed[2], computed[7]) = (&writes, &reads, &thousand);
        let row = computed.join(" | ");
        assert_eq!(cells(&page, flow).join(" | "), row, "{flow}");
    }
}

#[test]
fn the_costs_of_a_month_follow_from_those_of_a_sign_in() {
    let page = text("docs/costs.md");
    let [sign_ins, new, checks, writing] = [
        "sign-ins of a user",
        "sign-ins of a user from a new browser",
        "session checks of a user",
        "session checks of a user that write",
    ]
    .map(|label| first(&page, label));
    let user = (sign_ins - new) * cost(&page, "link, known browser").2
        + new * cost(&page, "link, new browser").2
        + (checks - writing) * cost(&page, "session check").2
        + writing * cost(&page, "session check that writes").2;
    let idle = cells(&page, "**total**")[0].trim_matches('*');
    let idle: f64 = idle.split(" to ").last().unwrap().parse().unwrap();
    let months =
        |fixed: f64, each: f64| [1e2, 1e4, 1e5].map(|users| format!("{:.2}", fixed + users * each));
    let row = months(idle, user).join(" | ");
    assert!(
        page.contains(&format!("\n| Vestibule | {row} |\n")),
        "{row}"
    );
    let email = first(&page, "email") / 1e6;
    let essentials = first(&page, "email, on the SES plan Essentials") / 1e6 - email;
    for each in [sign_ins * email, (sign_ins + new) * essentials] {
        let [a, b, c] = months(0.0, each);
        let words = format!("{a}, {b} and {c} a month");
        assert!(page.contains(&words), "{words}");
    }
}

#[test]
fn the_readme_shows_the_same_costs_as_the_page() {
    let (readme, page) = (text("README.md"), text("docs/costs.md"));
    let (_, table) = readme.split_once("\n| users |").unwrap();
    let rows: Vec<_> = table
        .lines()
        .skip(2)
        .take_while(|row| row.starts_with('|'))
        .collect();
    assert!(rows.len() > 3, "{rows:?}");
    for row in rows {
        assert!(page.contains(&format!("\n{row}\n")), "{row}");
    }
    let idle = cells(&page, "**total**")[0].trim_matches('*');
    let sign_in = cost(&page, "link, known browser").2;
    for words in [format!("{idle} USD a month"), format!("{sign_in:.5} USD")] {
        assert!(readme.contains(&words), "{words}");
    }
}

#[test]
fn the_costs_of_an_idle_portal_follow_from_its_alarms() {
    let page = text("docs/costs.md");
    let yaml = text("template.yaml");
    let alarms = named_blocks_of_type(&yaml, "AWS::CloudWatch::Alarm");
    let metrics = alarms
        .iter()
        .map(|(_, alarm)| alarm.matches("MetricName: ").count());
    let metrics: usize = metrics.sum();
    let alarms = format!("{metrics} alarm metrics");
    let tenths = |count: usize| format!("{:.2}", f64::from(u32::try_from(count).unwrap()) / 10.0);
    let row = [tenths(metrics - 10), tenths(metrics)].join(" to ");
    assert_eq!(cells(&page, &alarms)[0], row);
    let range = |label| -> [f64; 2] {
        let bounds = cells(&page, label)[0].trim_matches('*').split(" to ");
        let bounds: Vec<_> = bounds.map(|bound| bound.parse::<f64>().unwrap()).collect();
        [bounds[0], *bounds.last().unwrap()]
    };
    let rows = ["key ring", &alarms, "sweep: Lambda", "sweep: DynamoDB"].map(range);
    let sum = [0, 1].map(|bound| rows.iter().map(|row| row[bound]).sum::<f64>());
    let total = sum.map(|sum| format!("{sum:.2}")).join(" to ");
    assert_eq!(cells(&page, "**total**")[0], format!("**{total}**"));
}

const FLOODS: [&str; 7] = [
    "sign-in requests",
    "reset requests",
    "sign-ups, with `SelfSignUp=on`",
    "passwords",
    "codes",
    "each other open route",
    "each other open route with 1,024 MB",
];

#[test]
fn the_worst_case_follows_from_the_limits_of_the_template() {
    let (page, yaml) = (text("docs/costs.md"), text("template.yaml"));
    let default = |name: &str| -> f64 {
        let (_, rest) = yaml.split_once(&format!("\n  {name}:\n")).unwrap();
        let (_, rest) = rest.split_once("Default: ").unwrap();
        rest.lines().next().unwrap().parse().unwrap()
    };
    let month = 365.0 / 12.0 * 24.0 * 60.0 * 60.0;
    let mut sum = 0.0;
    for flood in FLOODS {
        let (writes, reads, cost) = cost(&page, flood);
        let cost = cost * default("RequestsPerSecond") * month;
        sum += cost * number(&page, flood, 8);
        let mut computed = cells(&page, flood);
        let (writes, reads, cost) = (writes.to_string(), reads.to_string(), format!("{cost:.0}"));
        (computed[1], computed[2], computed[7]) = (&writes, &reads, &cost);
        assert_eq!(
            cells(&page, flood).join(" | "),
            computed.join(" | "),
            "{flood}"
        );
    }
    let all = cells(&page, "**all open routes at once**");
    assert_eq!(all[7], format!("**{:.0}**", (sum / 10.0).round() * 10.0));
    let [small, large] = open_routes(&yaml);
    assert_eq!(all[8], (small + large).to_string());
    let routes = |flood| number(&page, flood, 8).to_string();
    // The named floods are of three routes with 256 MB and two with 1,024 MB.
    assert_eq!(routes(FLOODS[5]), (small - 3).to_string());
    assert_eq!(routes(FLOODS[6]), (large - 2).to_string());

    let emails = 3.0 * default("EmailsPerDayPortal") * 365.0 / 12.0 * first(&page, "email") / 1e6;
    assert!(
        page.contains(&format!("Emails add {emails:.0} at most")),
        "{emails}"
    );
    let units = first(&page, "write unit") + first(&page, "read unit");
    let table = default("TableMaximumUnits") * month * units / 1e6;
    assert!(
        page.contains(&format!("which is {table:.0} a month for a table")),
        "{table}"
    );
    // A request for an email takes 9 write units, and its emails as many as that, in few tables.
    assert!(default("TableMaximumUnits") >= 20.0 * default("RequestsPerSecond"));
    for (name, table) in named_blocks_of_type(&yaml, "AWS::DynamoDB::Table") {
        for kind in ["Read", "Write"] {
            let maximum = format!("Max{kind}RequestUnits: !Ref TableMaximumUnits");
            assert!(table.contains(&maximum), "{name}");
        }
    }
}

/// Returns the number of routes that anybody may call, of functions with 256 and with 1,024 MB.
fn open_routes(yaml: &str) -> [usize; 2] {
    let template = Template::read(&parameters(&[("EmailFrom", "no-reply@example.com")])).unwrap();
    let mut count = [0, 0];
    for function in &template.functions {
        let words = function.name.split('-');
        let name: String = words
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect();
        let is_large = resource(yaml, &name).contains("MemorySize: 1024\n");
        let open = function.routes.iter().filter(|route| !route.signed);
        count[usize::from(is_large)] += open.count();
    }
    count
}

#[test]
fn a_budget_needs_an_address() {
    let from = ("EmailFrom", "no-reply@example.com");
    let (budget, address) = (("MonthlyBudget", "50"), ("AlarmEmail", "ops@example.com"));
    assert!(Template::read(&parameters(&[from, budget, address])).is_ok());
    let refused = Template::read(&parameters(&[from, budget])).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("MonthlyBudget needs AlarmEmail"),
        "{refused}"
    );
}
