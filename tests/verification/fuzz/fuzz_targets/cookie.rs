#![no_main]
fuzz::target!(cookie);
