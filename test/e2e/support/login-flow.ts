import type { BrowserContext } from 'playwright-core';
import { DEMO_PASSWORDS } from './demo-passwords.js';

const MAX_STEPS = 10;

/**
 * Signs a user in with the cookies of a browser, and stops where the provider sends the browser back to the portal: the
 * address that a thief would like to have, not visited yet.
 */
export async function callbackUrl(
  { request: http }: BrowserContext,
  user: keyof typeof DEMO_PASSWORDS,
  ending: 'sign in' | 'cancel' = 'sign in',
): Promise<URL> {
  let response = await http.get('/auth/login', { maxRedirects: 0 });
  for (let step = 0; step < MAX_STEPS; step++) {
    const { location } = response.headers();
    if (location !== undefined) {
      const next = new URL(location, response.url());
      if (next.pathname === '/auth/callback') return next;
      response = await http.get(next.href, { maxRedirects: 0 });
    } else if (ending === 'cancel') {
      response = await http.post(`${response.url()}/cancel`, { maxRedirects: 0 });
    } else {
      const form = { login: user, password: DEMO_PASSWORDS[user] };
      response = await http.post(response.url(), { form, maxRedirects: 0 });
    }
  }
  throw new Error('The login did not come to its end.');
}

/** The address with some parameters replaced, or taken out where the value is `null`. */
export function altered(url: URL, changes: Readonly<Record<string, string | null>>): string {
  const copy = new URL(url);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) copy.searchParams.delete(name);
    else copy.searchParams.set(name, value);
  }
  return copy.href;
}
