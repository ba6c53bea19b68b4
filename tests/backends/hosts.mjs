// Resolves the subdomains of localhost to this machine, as browsers do. With CLOCK_AHEAD, sets the clock ahead by so
// many seconds.
import dns from "node:dns";

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, ...rest);

const ahead = Number(process.env.CLOCK_AHEAD ?? 0) * 1000;
const { now } = Date;
if (ahead) Date.now = () => now() + ahead;
