import { post, SessionLostError } from './backend.js';

const RETRY = 10_000;

/**
 * Holds the access token for the push server and replaces it before it expires. The token lives in memory only;
 * the refresh token behind it never leaves the portal's server.
 */
export class TokenSource {
  #token = null;
  #timer = 0;
  #listener;

  /** `listener` gets `onToken(expiresAt)` for every token and `onLost()` when there will be none any more. */
  constructor(listener) {
    this.#listener = listener;
  }

  /** The present token. Extensions of the client are synchronous, so it has to be at hand. */
  get current() {
    return this.#token;
  }

  /** Fetches a token; `renew` if the one at hand was refused. */
  async fetch({ renew = false } = {}) {
    const { token, expiresIn } = await post('/auth/comet-token', { renew });
    this.#token = token;
    this.#listener.onToken(new Date(Date.now() + expiresIn * 1000));
    // The portal hands out tokens with at least half of their life ahead: there is time for more than one try.
    this.#schedule(expiresIn * 750);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#token = null;
  }

  #schedule(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.fetch().catch((error) => {
        if (error instanceof SessionLostError) this.#listener.onLost();
        else this.#schedule(RETRY);
      });
    }, delay);
  }
}
