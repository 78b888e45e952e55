import { type ClaimsOptions, claimsMistakes } from './claims-options.js';
import type { IssuerOptions } from './issuer-metadata.js';
import { isPermitted, permitsHttp } from './issuer-url.js';

/** The options of `JwtTokenVerifier`, with every default filled in. */
export interface JwtVerifierOptions extends IssuerOptions, ClaimsOptions {
  /** Signature algorithms that are accepted; asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Values of the `typ` header that access tokens have besides `at+jwt`; `none` if they may have none. */
  readonly tokenTypes: readonly string[];
  /** Characters a token may have. */
  readonly maxTokenLength: number;
}

/** With a shared secret whoever can verify can also sign; with `none` anybody can. */
export const ALGORITHM = /^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519|ML-DSA-(?:44|65|87))$/;

/**
 * What is wrong with the options as far as it can be told without asking the issuer: one sentence for each mistake,
 * saying what to write instead. Empty if nothing is.
 */
export function validateJwtOptions(options: JwtVerifierOptions): string[] {
  const mistakes = [...issuerMistakes(options), ...claimsMistakes(options)];
  if (options.algorithms.length === 0) {
    mistakes.push("No algorithm is accepted: write at least one, for example 'RS256'.");
  }
  for (const algorithm of options.algorithms.filter((name) => !ALGORITHM.test(name))) {
    mistakes.push(
      `The algorithm '${algorithm}' cannot be used: write asymmetric ones, for example 'RS256' or 'ES256'.`,
    );
  }
  if (options.tokenTypes.length === 0 || options.tokenTypes.includes('')) {
    mistakes.push(
      "The token types are incomplete: write the `typ` of access tokens, for example 'JWT', or leave them out.",
    );
  }
  return mistakes;
}

function issuerMistakes(options: IssuerOptions): string[] {
  const mistakes = nameMistakes(options);
  for (const [name, address] of [
    ['jwksUri', options.jwksUri],
    ['introspection.endpoint', options.introspectionEndpoint],
  ] as const) {
    if (address === undefined) continue;
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url && isPermitted(url, options.allowInsecureIssuer)) continue;
    mistakes.push(
      `The ${name} must be an https: URL: write it in full, or leave it out to have it discovered.`,
    );
  }
  return mistakes;
}

function nameMistakes({ issuer, allowInsecureIssuer }: IssuerOptions): string[] {
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
