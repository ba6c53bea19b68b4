#![no_main]
fuzz::target!(next);
