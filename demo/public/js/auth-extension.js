import { Extension } from '/vendor/cometd/cometd.js';

const CARRIERS = ['/meta/handshake', '/meta/connect'];

/**
 * Puts the access token on handshakes and connects. It is asked for the token at every message, so that a fresh one
 * reaches the server with the next connect, and with a handshake that the client repeats by itself.
 */
export class AuthExtension extends Extension {
  #token;

  constructor(token) {
    super();
    this.#token = token;
  }

  outgoing(message) {
    const token = this.#token();
    if (token && CARRIERS.includes(message.channel)) message.ext = { ...message.ext, auth: { token } };
    return message;
  }
}
