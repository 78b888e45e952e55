import { exportSPKI } from 'jose';
import { createKey, sign, TestIssuer, AUDIENCE, type IssuerKey } from '../auth/issuer.fixture.js';

/** What a token shall say other than usual; `undefined` takes a claim out. */
export interface TokenChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, string>>;
  /** Seconds for which the token is good. */
  readonly expiresIn?: number;
}

/** An OAuth issuer on a real port, which publishes its keys and mints access tokens, good and bad ones. */
export class TokenIssuer {
  readonly #server: TestIssuer;
  readonly #key: IssuerKey;
  readonly #foreignKey: IssuerKey;
  #minted = 0;

  private constructor(server: TestIssuer, key: IssuerKey, foreignKey: IssuerKey) {
    this.#server = server;
    this.#key = key;
    this.#foreignKey = foreignKey;
  }

  static async open(): Promise<TokenIssuer> {
    const key = await createKey('ES256', 'key-1');
    // The same name as the published key, so that only the signature tells them apart.
    const foreignKey = await createKey('ES256', 'key-1');
    return new TokenIssuer(await new TestIssuer().open([key.jwk]), key, foreignKey);
  }

  /** What the application names as its issuer and audience. */
  get auth(): { issuer: string; audience: string } {
    return { issuer: this.#server.url, audience: AUDIENCE };
  }

  /** An access token of `user`, issued at `now` (milliseconds). */
  mint(user: string, now: number, { claims, header, expiresIn = 300 }: TokenChanges = {}): Promise<string> {
    return sign(this.#key, this.#claims(user, now, expiresIn, claims), header);
  }

  /** A token that somebody else has signed. */
  forge(user: string, now: number): Promise<string> {
    return sign(this.#foreignKey, this.#claims(user, now, 300));
  }

  /** The key that everybody may know, as PEM. */
  publicKey(): Promise<string> {
    return exportSPKI(this.#key.publicKey);
  }

  /** The issuer goes away; tokens are minted all the same. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** The issuer comes back where it was. */
  reopen(): Promise<void> {
    return this.#server.reopen();
  }

  #claims(user: string, now: number, expiresIn: number, changes: object = {}): object {
    const seconds = Math.floor(now / 1000);
    return {
      iss: this.#server.url,
      aud: AUDIENCE,
      sub: user,
      client_id: 'portal',
      jti: `token-${++this.#minted}`,
      iat: seconds,
      exp: seconds + expiresIn,
      ...changes,
    };
  }
}
