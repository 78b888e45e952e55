const CSRF_TOKEN = document.querySelector('meta[name="csrf-token"]').content;

const PATIENCE = 15_000;

/** The portal does not know the user any more; `reason` is `access-ended` where an administrator has seen to that. */
export class SessionLostError extends Error {
  constructor({ message, reason }) {
    super(message);
    this.reason = reason;
  }
}

/** Posts JSON to the portal and returns its answer. What it refuses is an error with a sentence to show. */
export async function post(path, body = {}, signal = AbortSignal.timeout(PATIENCE)) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': CSRF_TOKEN, Accept: 'application/json' },
    body: JSON.stringify(body),
    signal,
  }).catch(() => {
    throw new Error('The portal cannot be reached.');
  });
  const answer = await response.json().catch(() => ({}));
  // 403: somebody else has signed in with this browser, so that the page's CSRF token is no longer good.
  if ([401, 403].includes(response.status)) throw new SessionLostError(answer);
  if (!response.ok) throw new Error([answer.message ?? 'The portal made a mistake.'].flat()[0]);
  return answer;
}
