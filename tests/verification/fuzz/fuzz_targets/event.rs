#![no_main]
fuzz::target!(event);
