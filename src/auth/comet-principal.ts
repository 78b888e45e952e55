import type { Principal } from '../bayeux/ports.js';

/**
 * Who a token speaks for. Plain data, made by a `TokenVerifier` and kept with the session.
 * A token of the client credentials grant is a `service` and never has a `userId` (RFC 9700 §4.15); docs/security.md
 * lists the marks by which it is told.
 */
export interface CometPrincipal extends Principal {
  /** The `iss` of the token; `''` for anonymous sessions. */
  readonly issuer: string;
  /** The `sub` of the token; `null` if it has none, as some of services have, and for anonymous sessions. */
  readonly subject: string | null;
  /** The client of a service token; `null` for users. */
  readonly serviceId: string | null;
  /** The `client_id` of the token, or what its issuer calls so (`azp`, `cid`, `appid`); `null` if it has none. */
  readonly clientId: string | null;
  /** The granted scopes. */
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch at which the token ceases to be good, clocks' difference included; absent if never. */
  readonly expiresAt?: number;
  /** Milliseconds since the epoch at which the token ends by what it says itself, and by what its client is told. */
  readonly statedExpiry?: number;
  /** Milliseconds since the epoch at which the token was issued; absent if that is not known. */
  readonly issuedAt?: number;
  /** The `jti` of the token, by which it can be revoked. */
  readonly tokenId?: string;
  /** The `sid` of the token: the login it came from, which a logout ends. */
  readonly sid?: string;
  /** Claims of the token that the options say are to be kept, for rules and handlers. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Twelve hexadecimal digits that identify the token in logs without giving it away. */
  readonly tokenRef: string;
}

/** The principal of a session that authenticated with nothing. */
export const ANONYMOUS: CometPrincipal = Object.freeze({
  kind: 'anonymous',
  tenant: '',
  userId: null,
  identity: '',
  issuer: '',
  subject: null,
  serviceId: null,
  clientId: null,
  scopes: [],
  tokenRef: '',
});
