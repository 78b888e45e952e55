import type { Principal } from './ports.js';

/** What happens to sessions and their credentials that whoever answers for security wants to know of. */
export type AuditEventType =
  | 'handshake_ok'
  | 'handshake_denied'
  | 'refresh_ok'
  | 'refresh_denied'
  | 'token_expired'
  | 'session_suspended'
  | 'session_resumed'
  | 'session_revoked'
  | 'revoked'
  | 'authorization_denied'
  | 'client_id_mismatch'
  | 'origin_denied'
  | 'host_denied'
  | 'token_in_query'
  | 'multiple_credentials'
  | 'rate_limited'
  | 'logout_token_ok'
  | 'logout_token_denied'
  | 'push_ok'
  | 'push_denied'
  | 'issuer_unavailable';

/** One of those. It never holds a token, a whole client id, or the data of a message. */
export interface AuditEvent {
  readonly type: AuditEventType;
  /** Who it is about, where that is known. */
  readonly principal?: Principal | undefined;
  /** Address of the client, as far as trusted proxies tell. */
  readonly address?: string | undefined;
  /** The channel or pattern it is about. */
  readonly channel?: string | undefined;
  /** The error the peer was told, or why it happened. */
  readonly reason?: string | undefined;
}

/** Where they are recorded. */
export interface Audit {
  record(event: AuditEvent): void;
}

/** Records nothing. */
export const NO_AUDIT: Audit = { record: () => undefined };
