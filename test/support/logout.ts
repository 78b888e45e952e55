import type { OutgoingHttpHeaders } from 'node:http';
import type { CometApp } from './comet-app.js';
import { ask, type HttpAnswer } from './http.js';
import type { TokenChanges, TokenIssuer } from './token-issuer.js';

/** The event that makes a token a logout token. */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** A logout token of the client `portal`, issued at `now` (milliseconds); `undefined` takes a claim out. */
export function mintLogout(
  issuer: TokenIssuer,
  now: number,
  claims: Readonly<Record<string, unknown>>,
  { header = { typ: 'logout+jwt' } }: Pick<TokenChanges, 'header'> = {},
): Promise<string> {
  return issuer.mint('nobody', now, {
    claims: {
      sub: undefined,
      client_id: undefined,
      aud: 'portal',
      events: { [LOGOUT_EVENT]: {} },
      ...claims,
    },
    header,
  });
}

/** Sends a body to the logout endpoint of a node, as an issuer does. */
export function postLogout(
  app: CometApp,
  body: string,
  headers: OutgoingHttpHeaders = {},
  method = 'POST',
): Promise<HttpAnswer> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return ask(`${app.url}/backchannel-logout`, { method, body, headers: { ...type, ...headers } }).answer;
}

/** Sends a logout token to a node. */
export function sendLogout(app: CometApp, token: string): Promise<HttpAnswer> {
  return postLogout(app, new URLSearchParams({ logout_token: token }).toString());
}
