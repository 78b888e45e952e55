const CSRF_TOKEN = document.querySelector('meta[name="csrf-token"]').content;

/** The portal does not know the user any more. */
export class SessionLostError extends Error {}

/** Posts JSON to the portal and returns its answer. What it refuses is an error with a sentence to show. */
export async function post(path, body = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': CSRF_TOKEN, Accept: 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  }).catch(() => {
    throw new Error('The portal cannot be reached.');
  });
  const answer = await response.json().catch(() => ({}));
  // 403: somebody else has signed in with this browser, so that the page's CSRF token is no longer good.
  if ([401, 403].includes(response.status)) throw new SessionLostError(answer.message);
  if (!response.ok) throw new Error([answer.message ?? 'The portal made a mistake.'].flat()[0]);
  return answer;
}
