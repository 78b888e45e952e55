import * as oidc from 'openid-client';

/** Asks a provider for its metadata. Every later request with the result is limited to ten seconds too. */
export function discoverProvider(
  issuer: string,
  clientId: string,
  authentication: oidc.ClientAuth,
): Promise<oidc.Configuration> {
  return oidc.discovery(new URL(issuer), clientId, undefined, authentication, {
    timeout: 10,
    // The configuration permits http for the embedded provider and on this machine only.
    execute: issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
  });
}
