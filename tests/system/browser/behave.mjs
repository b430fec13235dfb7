// What the wallet app in the page does, once its SDK is set up. `window.VALUES` holds what to plant, `window.ALL` the same as a text;
// `window.finish()` sends all that waits.

export function behave(Sentry) {
  const v = window.VALUES;
  const all = window.ALL;
  document.querySelector("#account").textContent = all;
  document.querySelector("#account").title = v.btc;
  Sentry.setTag("backend", `https://${v.ip4}/${v.eth}`);
  Sentry.setUser({ id: "42", email: v.email, ip_address: v.ip4 });
  Sentry.setExtra("accounts", { [v.btc]: { descriptor: v.xpub }, all: [all] });
  Sentry.addBreadcrumb({
    category: "fetch",
    data: { url: `https://blockbook.example/${v.bech32}?xpub=${v.ypub}` },
  });
  Sentry.setContext("wallet", { [v.zpub]: 1, label: v.label, device_id: v.deviceId });
  Sentry.getCurrentScope().addAttachment({ filename: `${v.btc}.log`, data: `log of ${all}\n` });
  Sentry.captureException(new TypeError(`no ${all}`));
  Sentry.startSpan({ name: `sync ${v.xpub}`, op: "task" }, () => {
    Sentry.startSpan({ name: all, op: "http.client" }, () => {});
  });
  window.finish = async () => {
    const client = Sentry.getClient();
    const replay = client.getIntegrationByName?.("Replay");
    await replay?.flush?.();
    await Sentry.flush(10_000);
  };
}
