// A small wallet app in node: it fails, and its SDK says so. SETUP in the environment, as JSON:
// `dsn`, `consent` (true, false or null), and `values` to plant.

import * as Sentry from "@sentry/node";

const { dsn, consent, values } = JSON.parse(process.env.SETUP);
const { xpub, btc, eth, email, ip4, home, user } = values;

Sentry.init({
  dsn,
  release: "trezor-suite@24.11.1",
  environment: "test",
  serverName: `${user}s-laptop`,
  includeLocalVariables: true,
});
if (consent !== null) Sentry.setTag("allowReport", consent);
Sentry.setTag("backend", `https://${ip4}/api`);
Sentry.setUser({ id: "42", email, ip_address: ip4 });
Sentry.setExtra("accounts", { [btc]: { descriptor: xpub }, path: `${home}/suite.log` });
Sentry.addBreadcrumb({ category: "wallet", message: `discovered ${btc} for ${xpub}` });
Sentry.addEventProcessor((event) => ({
  ...event,
  request: { url: `https://${ip4}/api/${btc}`, query_string: `descriptor=${xpub}` },
}));

function readBalance() {
  throw new RangeError("the device went away after 1 of 2 calls");
}

function findAddress() {
  throw new TypeError(`no ${eth} in ${home}/cache for ${xpub}`);
}

for (const fail of [readBalance, findAddress]) {
  try {
    fail();
  } catch (error) {
    Sentry.captureException(error);
  }
}
await Sentry.flush(10_000);
console.log("flushed");
