// Asks this relay. A token is kept in the memory of this page alone: in no storage, in no address.

let token = "";

/** Sends a token with every request from now on. */
export function useToken(text) {
  token = text;
}

/** An answer that is none: its status, and why, in the relay's words. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Returns what the relay answers: to a GET, or with a body to a POST. */
export async function ask(path, body) {
  const options = {
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
  };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused(0, "the relay does not answer");
  }
  const told = await answer.json().catch(() => ({ detail: `status ${answer.status}` }));
  if (!answer.ok) {
    throw new Refused(answer.status, told.detail);
  }
  return told;
}
