/**
 * The catalogue of errors a peer can see in the `error` member of a reply (Bayeux 1.0 §4: `code:args:message`).
 * `402` always means a dead session and nothing else: clients handshake again when they see it.
 */
export const BayeuxErrors = {
  /** An element of the array was no JSON object. Mend the client. */
  messageInvalid: '400::message_invalid',
  /** A message without `channel`. Mend the client. */
  channelMissing: '400::channel_missing',
  /** A publish without `data`; `data: null` is data. Mend the client. */
  dataMissing: '400::data_missing',
  /** `ext.binary` marks data that stands for no bytes. Mend the client. */
  binaryInvalid: '400::binary_invalid',
  /** Two different tokens in one request. Send one. */
  multipleCredentials: '400::multiple_credentials',
  /** A token in the query of the URL. Send it in `ext.auth.token` or the `Authorization` header. */
  tokenInQuery: '400::token_in_query',
  /** `minimumVersion` is above 1.0. */
  versionUnsupported: '400::version_unsupported',
  /** None of `supportedConnectionTypes` is one of the server's, which the reply lists. */
  connectionTypesUnsupported: '400::connection_types_unsupported',
  /** More messages in one request or frame than it may hold; those before were handled. Send them in several. */
  batchTooLarge: '400::batch_too_large',
  /** The subscribe and unsubscribe messages of one request name too many channels. Spread them over several. */
  tooManyNames: '400::too_many_names',
  /** The handshake carried no token. Get one and handshake again. */
  authenticationRequired: '401::authentication_required',
  /** The token was not accepted. Get another one. */
  tokenInvalid: '401::invalid_token',
  /** The token was good once. Get a fresh one. */
  tokenExpired: '401::token_expired',
  /** Whoever logged in has logged out, or was thrown out. Do not come back with this token. */
  sessionRevoked: '401::session_revoked',
  /** No such session for this sender. Handshake again, then subscribe again. */
  sessionUnknown: '402::session_unknown',
  /** The same, in the words that clients of Salesforce look for; see `compat.salesforce`. */
  clientUnknown: '403::Unknown client',
  /** The handshake was refused by policy. Do not repeat it. */
  handshakeDenied: '403::handshake_denied',
  /** A token of somebody else than the session's, which is unchanged, or than the `exoId` of a handshake. */
  principalMismatch: '403::principal_mismatch',
  /** Other tabs of the browser are held already, and this one is not to poll. Close the others. */
  multipleClients: '403::multiple_clients',
  /** The user has as many sessions as one may have. Close one. */
  tooManySessions: '403::too_many_sessions',
  /** The session has as many subscriptions as one may have. Unsubscribe some. */
  tooManySubscriptions: '403::too_many_subscriptions',
  /** A subscribe or unsubscribe without `subscription`, or with an empty array. */
  subscriptionMissing: '403::subscription_missing',
  /** `subscription` is not a channel name, a wildcard, or an array of those. */
  subscriptionInvalid: '403::subscription_invalid',
  /** The session ended while the subscribe was decided. */
  subscribeFailed: '403::subscribe_failed',
  /** An extension or a listener of the application has stopped the message. */
  messageDeleted: '404::message_deleted',
  /** No handler answers this service channel. */
  serviceUnknown: '404::service_unknown',
  /** Not a channel name, or a wildcard in a publish. */
  channelInvalid: '405::channel_invalid',
  /** `id` is neither a number nor a printable string of the permitted length. */
  messageIdInvalid: '405::message_id_invalid',
  /** The session has presented too many new tokens in a short time; this one was not looked at. Wait, then repeat. */
  tooManyAttempts: '429::too_many_attempts',
  /** Too many messages in too short a time; this one did nothing. Send it again later, and fewer in a second. */
  tooManyMessages: '429::too_many_messages',
  /** The server failed; its log says how. The message may be repeated. */
  serverError: '500::server_error',
  /** The handler of a service failed; the log of the server says how. */
  serviceFailed: '500::service_failed',
  /** The message could not be handed on; it may be repeated. */
  publishFailed: '503::publish_failed',
} as const;

const MAX_ERROR = 512;

/** An error in the words of the application: one line, and never that the session is gone. */
export function errorOfApplication(text: string): string {
  const line = text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MAX_ERROR);
  return line.startsWith('402') ? BayeuxErrors.messageDeleted : line;
}

/** What clients ask to be let do. */
export type Operation = 'create' | 'subscribe' | 'publish' | 'call';

/** Why an operation was refused: a rule that denies, no rule that grants, or what an authorizer says. */
export type DenialReason = string;

/** `403:<why>:subscribe_denied`, and likewise for the other operations. */
export function denied(operation: Operation, why: DenialReason): string {
  return `403:${why}:${operation}_denied`;
}
