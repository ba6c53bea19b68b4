// How the tests start Chromium.
import { chromium } from "playwright-core";

const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
  "--disable-sync",
];

export const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args,
  // With the back-forward cache, as browsers have it.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};

export const launch = () => chromium.launch(launchOptions);
