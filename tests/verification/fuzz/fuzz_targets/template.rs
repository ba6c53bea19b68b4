#![no_main]
fuzz::target!(template);
