import type { CometAuthOptions } from '../auth/auth-options.js';
import type { ProtectedResource } from '../transports/transport-options.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The host itself, which developers use without TLS. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Whether a text can be the identifier of a resource (RFC 9728 §1.2). It has to be written as URLs are, letter by letter,
 * as issuers and clients compare it so.
 */
export function isResource(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, href, origin, search, hash, username } = new URL(value);
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) return false;
  if (search !== '' || hash !== '' || username !== '' || value.includes('#')) return false;
  return value === origin || (value === href && !value.endsWith('/'));
}

/** What the options say of this server as a resource. */
export function protectedResource(auth: CometAuthOptions): ProtectedResource | undefined {
  const { resource } = auth;
  const issuers = auth.issuers?.map(({ issuer }) => issuer) ?? [auth.issuer ?? []].flat();
  if (resource === undefined) return undefined;
  const { origin, pathname } = new URL(resource);
  const metadataPath = WELL_KNOWN + (pathname === '/' ? '' : pathname);
  const scopes = auth.scopesSupported ?? auth.requiredScopes ?? [];
  return {
    metadataPath,
    metadataUrl: origin + metadataPath,
    metadata: {
      resource,
      ...(issuers.length > 0 && { authorization_servers: issuers }),
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      bearer_methods_supported: ['header'],
    },
  };
}
