/** What the provider gave at a login or a renewal. */
export interface TokenSet {
  /** For the push server. */
  readonly accessToken: string;
  /** Never leaves the portal's server. */
  readonly refreshToken?: string;
  readonly idToken?: string;
  /** Milliseconds that the access token is good for from its issue on. */
  readonly lifetime: number;
  /** When the access token ceases to be good, by `performance.now()`: the provider tells how long, and not until when. */
  readonly expiresAt: number;
}
