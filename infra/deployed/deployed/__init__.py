"""The deployed stack on one machine: the real template, tools and binaries, with an emulated AWS.

`steps` shows progress, `checks` reports failures, and `paths` knows the files. `build`, `emulator`, `stack` and
`gateway` deploy a stack. `web`, `mailbox` and `tables` access it from outside. `walk` runs all tests: `journey` with
links; `accounts`, `sessions` and `sign_up` with passwords; `admin` and `administration` with signed calls;
`protected_api` and `rest_api` with a team's own APIs; `lifecycle` when the stack changes; and `records` on what the
stack has stored and logged.
"""
