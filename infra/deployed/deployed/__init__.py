"""The deployed stack on one machine: the real template, the real tools and the real binaries, an emulated AWS.

`steps` shows progress, `checks` says what went wrong, `places` knows the paths. `build`, `emulator`, `stack` and `gateway`
bring a stack up; `web`, `mailbox` and `tables` look at it from outside. `walk` goes through it: `journey` with links,
`accounts`, `sessions` and `sign_up` with passwords, `admin` and `administration` with signed calls; `lifecycle` is what
changes around people, `records` what is kept of them.
"""
