import type { IssuerOptions } from './issuer-metadata.js';
import { permitsHttp } from './issuer-url.js';

/** The options of `JwtTokenVerifier`, with every default filled in. */
export interface JwtVerifierOptions extends IssuerOptions {
  /** The names of this server, one of which the `aud` of a token must hold. */
  readonly audience: string | readonly string[];
  /** Signature algorithms that are accepted; asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Values of the `typ` header that mark an access token. */
  readonly tokenTypes: readonly string[];
  /** Scopes that every token must have. */
  readonly requiredScopes: readonly string[];
  /** The claim that holds the user's id. */
  readonly userClaim: string;
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number;
}

/** With a shared secret whoever can verify can also sign; with `none` anybody can. */
const ALGORITHM = /^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519|ML-DSA-(?:44|65|87))$/;

/** Visible ASCII, as in RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * What is wrong with the options as far as it can be told without asking the issuer: one sentence for each mistake,
 * saying what to write instead. Empty if nothing is.
 */
export function validateJwtOptions(options: JwtVerifierOptions): string[] {
  const mistakes = issuerMistakes(options);
  const audiences = typeof options.audience === 'string' ? [options.audience] : options.audience;
  if (audiences.length === 0 || audiences.includes('')) {
    mistakes.push(
      'The audience is missing: write the name of this server that the issuer puts into the `aud` claim.',
    );
  }
  if (options.algorithms.length === 0) {
    mistakes.push("No algorithm is accepted: write at least one, for example 'RS256'.");
  }
  for (const algorithm of options.algorithms.filter((name) => !ALGORITHM.test(name))) {
    mistakes.push(
      `The algorithm '${algorithm}' cannot be used: write asymmetric ones, for example 'RS256' or 'ES256'.`,
    );
  }
  if (options.tokenTypes.length === 0 || options.tokenTypes.includes('')) {
    mistakes.push("The token types are incomplete: write the `typ` of access tokens, usually 'at+jwt'.");
  }
  for (const scope of options.requiredScopes.filter((name) => !SCOPE.test(name))) {
    mistakes.push(
      `The required scope '${scope}' is no scope: write one scope in each element, without spaces.`,
    );
  }
  if (options.userClaim === '') {
    mistakes.push(
      "The user claim is empty: write the name of the claim that holds the user's id, usually 'sub'.",
    );
  }
  if (!(Number.isFinite(options.clockTolerance) && options.clockTolerance >= 0)) {
    mistakes.push('The clock tolerance must be a number of seconds, 0 or more.');
  }
  return mistakes;
}

function issuerMistakes({ issuer, allowInsecureIssuer }: IssuerOptions): string[] {
  const example = "write it exactly as in the `iss` of its tokens, for example 'https://login.example.com'.";
  if (!URL.canParse(issuer) || /\s/.test(issuer))
    return [`The issuer '${issuer}' is no absolute URL: ${example}`];
  const url = new URL(issuer);
  // openid-client takes a URL with `/.well-known/` for the document itself and then compares no issuer.
  if (url.search !== '' || url.hash !== '' || url.username !== '' || issuer.includes('/.well-known/')) {
    return [
      `The issuer '${issuer}' must have no credentials, query, fragment or '/.well-known/': ${example}`,
    ];
  }
  if (url.protocol === 'https:') return [];
  if (url.protocol !== 'http:') return [`The issuer '${issuer}' must be an https: URL: ${example}`];
  if (permitsHttp(url, allowInsecureIssuer)) return [];
  return [
    `The issuer '${issuer}' uses plain HTTP, so anybody on the way could forge its keys: ` +
      'write its https: URL. Only in development, `allowInsecureIssuer: true` lets it through.',
  ];
}
