# Shortcuts for the commands of the documentation. Recipes only call them; CI calls the same scripts.

# Lists the recipes
default:
    @just --list

# Starts a portal on this machine
run *args:
    cargo run -p local -- {{ args }}

# Runs all tests
test *args:
    cargo test --workspace {{ args }}

# Runs everything that decides about a change
ci:
    .ci/run

# Sends generated requests and compares the responses with docs/openapi.yaml
openapi *args:
    tests/openapi/run {{ args }}

# Deploys to an AWS emulator on this machine and walks through the API
deployed *args:
    infra/deployed/run {{ args }}

# Compares the sizes of the built functions with the committed figures
sizes *args:
    infra/deployed/sizes {{ args }}

# Measures the built functions beside what others would use
bench *args:
    tests/verification/benches/run {{ args }}

# Compares the instructions of the built functions with the committed counts
instructions *args:
    tests/verification/benches/instructions {{ args }}

# Runs one of the large verification runs
verify *args:
    cargo run --profile verification -p verification -- {{ args }}

# Checks advisories, licenses and banned crates
deny:
    cargo deny check
