//! The commands that start a portal, as the page and `--help` show them.

/// A command, and the reason to run it.
pub struct Command {
    pub purpose: &'static str,
    pub line: &'static str,
}

/// The commands that cover most of what a frontend needs.
pub const COMMANDS: [Command; 4] = [
    Command {
        purpose: "Use your own frontend",
        line: "cargo run -p local -- --frontend http://localhost:5173",
    },
    Command {
        purpose: "Use host names, so that cookies behave as they do when deployed",
        line: "cargo run -p local -- --host login.example.localhost \
               --frontend http://portal.example.localhost:5173",
    },
    Command {
        purpose: "Let anyone sign up",
        line: "cargo run -p local -- --set SelfSignUp=on",
    },
    Command {
        purpose: "Sign in without passwords",
        line: "cargo run -p local -- --set Activation=link",
    },
];
