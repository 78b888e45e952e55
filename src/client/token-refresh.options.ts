/** What the application's back end hands to its page. */
export interface FetchedToken {
  /** An OAuth access token for the push server. */
  readonly token: string;
  /** Seconds for which it is good still, as `expires_in` of RFC 6749 §5.1. */
  readonly expiresIn: number;
}

/** Why and for how long a token is asked for. */
export interface TokenRequest {
  /**
   * The push server has refused the token it had. A back end that caches tokens should get another one, instead of handing
   * out the same again.
   */
  readonly refused: boolean;
  /** Ends with `stop()`, and after `fetchTimeout`. */
  readonly signal: AbortSignal;
}

/** Options of {@link tokenRefresh}. */
export interface TokenRefreshOptions {
  /**
   * Gets an access token, most often from the page's own back end. A rejection is taken for trouble that passes and tried
   * again, at first after a second, at most every half minute. `null` says that there is no token to be had any more,
   * since nobody is signed in.
   */
  fetchToken(request: TokenRequest): Promise<FetchedToken | null>;
  /**
   * A name for the login, the same in all tabs of it and in no others: the user's id, for example. Tabs with the same name
   * fetch one token for all of them. Without a name every tab fetches its own.
   */
  readonly shareAs?: string;
  /**
   * Whether every `/meta/connect` carries the token, by which the server knows clients that send it no cookies. `false`
   * sends only those that it has not seen.
   *
   * @default true
   */
  readonly everyConnect?: boolean;
  /** Milliseconds after which a token that has not come is given up. @default 30000 */
  readonly fetchTimeout?: number;
  /**
   * Begins a new session after the token of a handshake was refused and replaced.
   *
   * @default calls `handshake()` of the client, without properties or callback
   */
  handshake?(): void;
  /** A token has come, or was replaced; `expiresAt` is when it ceases to be good. */
  onToken?(expiresAt: Date): void;
  /** `fetchToken` has rejected. It is tried again in `retryIn` milliseconds. */
  onError?(error: unknown, retryIn: number): void;
  /** The server has taken channels back that the renewed token does not cover. */
  onUnsubscribed?(channels: readonly string[]): void;
  /** `fetchToken` has answered `null`. The helper has stopped; a session that is there goes on until its token expires. */
  onSignedOut?(): void;
  /** Somebody has ended the session: a logout elsewhere, an administrator. The helper has stopped and does not come back. */
  onRevoked?(error: string): void;
  /** The server refuses tokens even when they are new. The helper has stopped. */
  onRefused?(error: string): void;
}
