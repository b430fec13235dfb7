// begin: tunnel
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "http://00000000000000000000000000000000@127.0.0.1:3000/1",
  tunnel: "http://127.0.0.1:3000/tunnel/?consent=granted",
  release: "trezor-suite@24.11.1",
  integrations: [
    Sentry.browserTracingIntegration(),
    Sentry.replayIntegration({ minReplayDuration: 0 }),
    Sentry.feedbackIntegration(),
  ],
  tracesSampleRate: 1,
  replaysSessionSampleRate: 1,
});
// end
import { behave } from "./behave.mjs";

behave(Sentry);
