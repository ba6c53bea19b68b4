"""Builds a release folder: everything that a deployment needs, without Rust.

`cargo` makes the binaries, `template` refers to them, `packages` knows the crates that they link, `inventory` and
`notices` list these, and `folder` puts everything in place.
"""
