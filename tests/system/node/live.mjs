// A wallet app in node that uses all of its SDK; it runs with @sentry/node 7 and the newest. SETUP in
// the environment, as JSON: `package`, `dsn`, and `values` to plant, `all` of them in a text.

const { package: name, dsn, values: v, all } = JSON.parse(process.env.SETUP);
const Sentry = await import(name);
const old = Sentry.SDK_VERSION.startsWith("7.");

Sentry.init({
  dsn,
  release: "trezor-suite@24.11.1",
  serverName: `${v.user}s-laptop`,
  sendDefaultPii: true,
  tracesSampleRate: 1,
  enableLogs: true,
  autoSessionTracking: false,
  ...(old ? { _experiments: { metricsAggregator: true } } : {}),
});
Sentry.setTag("backend", `https://${v.ip4}/${v.eth}`);
Sentry.setUser({ id: "42", email: v.email, ip_address: v.ip4 });
Sentry.setExtra("accounts", { [v.btc]: { descriptor: v.xpub }, all: [all] });
Sentry.setContext("wallet", { [v.zpub]: 1, label: v.label, device_id: v.deviceId });
Sentry.addBreadcrumb({
  category: "fetch",
  data: { url: `https://blockbook.example/${v.bech32}?xpub=${v.ypub}` },
});
Sentry.addBreadcrumb({
  category: "fetch",
  data: { url: `https://data.trezor.io/log?c_instance_id=${v.instanceId}` },
});
Sentry.getCurrentScope().addAttachment({ filename: `${v.btc}.log`, data: `log of ${all}\n` });

Sentry.startSession();
try {
  throw new TypeError(`no ${all}`);
} catch (error) {
  Sentry.captureException(error);
}
Sentry.captureSession();
Sentry.endSession();

Sentry.startSpan({ name: `sync ${v.xpub}`, op: "task" }, () => {
  Sentry.startSpan({ name: all, op: "http.client", attributes: { url: `https://x.example/${v.taproot}` } }, () => {});
});
Sentry.captureCheckIn({ monitorSlug: "discovery", status: "ok", duration: 1 });
if (old) {
  Sentry.metrics.increment("discoveries", 1, { tags: { address: v.btc } });
} else {
  Sentry.captureFeedback({ message: all, name: v.user, email: v.email });
  Sentry.logger.error(Sentry.logger.fmt`no ${all} here`, { address: all });
  Sentry.metrics.count("discoveries", 1, { attributes: { address: all } });
}
await Sentry.flush(10_000);
await Sentry.close(5_000);
console.log("flushed");
