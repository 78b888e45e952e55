import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { AUDIENCE } from '../contenders/contender.js';
import { userName } from '../processes/work.js';

const KEY_ID = 'bench';
const ALGORITHM = 'RS256';

/** An authorization server that has nothing but keys, and makes access tokens after RFC 9068. */
export class Issuer {
  private constructor(
    readonly url: string,
    readonly sign: (user: string) => Promise<string>,
    readonly close: () => void,
  ) {}

  static async start(): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
    const keys = [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }];
    let url = '';
    const server = createServer((request, response) => {
      const body = request.url === '/jwks' ? { keys } : { issuer: url, jwks_uri: `${url}/jwks` };
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sign = (user: string): Promise<string> =>
      new SignJWT({ client_id: 'bench', scope: 'push' })
        .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'at+jwt' })
        .setIssuer(url)
        .setSubject(user)
        .setAudience(AUDIENCE)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime('2h')
        .sign(privateKey);
    return new Issuer(url, sign, () => server.close());
  }

  /** Tokens of users by their numbers, each different. */
  async tokens(count: number): Promise<string[]> {
    const tokens: string[] = [];
    for (let index = 0; index < count; index++) tokens.push(await this.sign(userName(index)));
    return tokens;
  }
}
