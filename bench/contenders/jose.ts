import { createRemoteJWKSet, jwtVerify } from 'jose';
import { AUDIENCE, type Contender, type Setup } from './contender.js';

/** No server: it verifies access tokens as one does with `jose`, and nothing else. */
export default class Jose implements Contender {
  #setup: Setup = {};
  #keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  listen(setup: Setup): Promise<number> {
    this.#setup = setup;
    this.#keys = createRemoteJWKSet(new URL(`${setup.issuer}/jwks`));
    return Promise.resolve(0);
  }

  broadcast(): void {
    throw new Error('not measured: it is no server');
  }

  toUser(): void {
    throw new Error('not measured: it is no server');
  }

  async verify(tokens: readonly string[]): Promise<void> {
    const { issuer = '' } = this.#setup;
    const keys = this.#keys;
    if (!keys) throw new Error('listen comes first');
    const options = { issuer, audience: AUDIENCE, typ: 'at+jwt', algorithms: ['RS256'] };
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let token = tokens[next++]; token !== undefined; token = tokens[next++]) {
        await jwtVerify(token, keys, options);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  }
}

/** As many at once as clients that shake hands at once. */
const IN_FLIGHT = 50;
