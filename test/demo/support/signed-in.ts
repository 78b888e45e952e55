import { DEMO_PASSWORDS } from '../../e2e/support/demo-passwords.js';
import { HttpBrowser, type HttpPage } from './http-browser.js';

/** Signs a user of the embedded provider in. Gives the browser and the portal's page in it. */
export async function signedIn(
  url: string,
  user: keyof typeof DEMO_PASSWORDS,
): Promise<{ browser: HttpBrowser; page: HttpPage }> {
  const browser = new HttpBrowser(url);
  const form = await browser.open('/auth/login');
  const page = await browser.submit(form, { login: user, password: DEMO_PASSWORDS[user] });
  if (page.status !== 200) throw new Error(`The sign-in of ${user} failed: ${page.status} ${page.text}`);
  return { browser, page };
}
