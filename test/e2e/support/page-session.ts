import type { Page } from 'playwright-core';

/** What a page gets that sends a Bayeux message by itself. */
export interface PageReply {
  readonly channel: string;
  readonly clientId?: string;
  readonly successful?: boolean;
  readonly error?: string;
  readonly data?: unknown;
}

/** Asks the portal for an access token as its page does. */
export function tokenOf(page: Page, csrf: string): Promise<string> {
  return page.evaluate(async (csrf) => {
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
    const response = await fetch('/auth/comet-token', { method: 'POST', headers, body: '{}' });
    return ((await response.json()) as { token: string }).token;
  }, csrf);
}

/** Sends a message from within the page, with the cookies that its browser has, and with nothing else. */
export function sendFrom(page: Page, message: object): Promise<PageReply[]> {
  return page.evaluate(async (message) => {
    const response = await fetch('/cometd', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify([message]),
    });
    return (await response.json()) as PageReply[];
  }, message);
}

/** Opens a push session that no script of the page knows of, and that leaving the page does not end. */
export async function openFrom(page: Page, token: string): Promise<string> {
  const [reply] = await sendFrom(page, {
    channel: '/meta/handshake',
    version: '1.0',
    supportedConnectionTypes: ['long-polling'],
    ext: { auth: { token } },
  });
  if (!reply?.clientId) throw new Error(`The handshake failed: ${JSON.stringify(reply)}`);
  return reply.clientId;
}

/** The connect of such a session. */
export const connectOf = (clientId: string, token?: string): object => ({
  channel: '/meta/connect',
  connectionType: 'long-polling',
  clientId,
  ...(token !== undefined && { ext: { auth: { token } } }),
});
