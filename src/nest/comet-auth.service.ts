import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { revocationOf, type RevocationTarget } from '../auth/revocation-target.js';
import { AuthUnavailableError } from '../auth/token-verifier.js';
import type { RevocationResult } from '../bayeux/revocation.js';
import { networkOf } from '../transports/client-network.js';
import { CometEndpoint } from './comet.endpoint.js';
import type { ResolvedOptions } from './comet-options.resolver.js';
import { COMET_RESOLVED } from './tokens.js';

/**
 * Withdraws tokens before their time: at a logout, when a user is thrown out, or when a token has got into wrong hands.
 *
 * @publicApi
 */
@Injectable()
export class CometAuth {
  readonly #endpoint: CometEndpoint;
  readonly #resolved: ResolvedOptions;

  constructor(endpoint: CometEndpoint, @Inject(COMET_RESOLVED) resolved: ResolvedOptions) {
    this.#endpoint = endpoint;
    this.#resolved = resolved;
  }

  /**
   * Ends all sessions of a target, on every node, and lets none of its tokens in any more. Their clients are told
   * `401::session_revoked` and not to come back, and get nothing that was waiting for them. Tokens are compared by the
   * second in which they were issued: one of the same second as the revocation is refused too.
   *
   * @example
   * await this.auth.revoke({ userId: 'alice' }); // log out everywhere
   * await this.auth.revoke({ sid: idToken.sid }); // this browser only
   *
   * @param by who revokes, for the audit.
   * @returns how many sessions ended in this process.
   * @throws TypeError if the target is none, or lacks the tenant or issuer without which it could be somebody else.
   * @throws Error if the revocation could not be stored: it may be without effect then, and should be repeated.
   */
  async revoke(target: RevocationTarget, by?: CometPrincipal): Promise<RevocationResult> {
    const { server } = this.#endpoint;
    const revocation = revocationOf(target, {
      now: server.scheduler.wallTime(),
      keptFor: this.#resolved.revocation,
      issuers: this.#resolved.issuers.map(({ issuer }) => issuer),
      tenants: this.#resolved.tenants,
    });
    const result = await server.revocations.revoke(revocation);
    server.audit.record({ type: 'revoked', principal: by, reason: reasonOf(target) });
    return result;
  }

  /**
   * Whether the token of a principal was revoked.
   *
   * @throws AuthUnavailableError if that cannot be told at present: then let nobody in.
   */
  async isRevoked(principal: CometPrincipal): Promise<boolean> {
    const standing = await this.#endpoint.server.revocations.ask(principal, (answer) => answer);
    if (standing === 'unknown') throw new AuthUnavailableError('revocations cannot be looked up');
    return standing === 'revoked';
  }

  /** Under which name the attempts of a request to a controller are counted. @internal */
  networkOf(request: IncomingMessage): string {
    return networkOf(this.#endpoint.door.addressOf(request));
  }
}

/** What a target is named by; the name itself may be a secret of its bearer. */
function reasonOf({ tenant, issuer, ...named }: RevocationTarget): string {
  const where = [tenant && `tenant ${tenant}`, issuer && `issuer ${issuer}`].filter(Boolean).join(', ');
  const [name = '', value] = Object.entries(named).find(([, given]) => given !== undefined) ?? [];
  const what = name === 'userId' ? `userId ${String(value)}` : name;
  return where === '' ? what : `${what} of ${where}`;
}
