// begin: prefix
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "http://00000000000000000000000000000000@127.0.0.1:3000/consented/1",
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
