"""The deployed stack on one machine: the real template, the real tools and the real binaries, an emulated AWS.

`steps` shows progress, `checks` says what went wrong, `places` knows the paths. `build`, `emulator`, `stack` and `gateway`
bring a stack up; `web`, `mailbox` and `tables` look at it from outside; `admin`, `journey` and `lifecycle` walk through it.
"""
