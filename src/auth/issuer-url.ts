/** Hosts that only this machine can be: nobody is on the way between it and itself. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Tells whether plain HTTP is acceptable for what an issuer publishes (RFC 8414 §2 demands HTTPS): from the own host,
 * or where the operator says so.
 *
 * @internal
 */
export function permitsHttp(url: URL, allowInsecureIssuer: boolean): boolean {
  return allowInsecureIssuer || isLoopback(url.hostname);
}

/**
 * Tells whether what an issuer publishes may be had from here.
 *
 * @internal
 */
export function isPermitted(url: URL, allowInsecureIssuer: boolean): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && permitsHttp(url, allowInsecureIssuer));
}
