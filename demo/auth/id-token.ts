import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { ServerMetadata } from 'openid-client';
import { errorCode, LoginRefusedError, ProviderUnavailableError } from './auth.errors.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** Checks ID tokens of one provider for one client (OpenID Connect Core §3.1.3.7). */
export class IdTokenVerifier {
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(
    private readonly metadata: Readonly<ServerMetadata>,
    private readonly clientId: string,
  ) {
    this.keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ''));
  }

  /** @throws {@link LoginRefusedError} or {@link ProviderUnavailableError} */
  async verify(token: unknown, nonce: string): Promise<JWTPayload> {
    if (typeof token !== 'string') throw new LoginRefusedError('the provider gave no ID token');
    const { payload } = await jwtVerify(token, this.keys, {
      issuer: this.metadata.issuer,
      audience: this.clientId,
      algorithms: ALGORITHMS,
      requiredClaims: ['sub', 'iat', 'exp'],
      clockTolerance: 5,
    }).catch((error: unknown) => {
      throw isVerdict(error)
        ? new LoginRefusedError(`ID token: ${errorCode(error)}`)
        : new ProviderUnavailableError('keys');
    });
    if (payload['nonce'] !== nonce) throw new LoginRefusedError('ID token: another nonce');
    const { azp } = payload;
    if (Array.isArray(payload.aud) && payload.aud.length > 1 && azp !== this.clientId) {
      throw new LoginRefusedError('ID token: issued to another client');
    }
    return payload;
  }
}

/** Whether the token was judged, as opposed to keys that could not be fetched. */
function isVerdict(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    error.code !== 'ERR_JOSE_GENERIC'
  );
}
