// begin: tag
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "http://00000000000000000000000000000000@127.0.0.1:3000/1",
  initialScope: { tags: { allowReport: true } },
  release: "trezor-suite@24.11.1",
});
// end
import { behave } from "./behave.mjs";

behave(Sentry);
