import { Inject, Injectable } from '@nestjs/common';
import type { Engine, Scheduler } from '../bayeux/ports.js';
import { Authenticator } from '../auth/authenticator.js';
import { BackchannelLogout } from '../auth/backchannel-logout.js';
import type { LogoutTokenOptions } from '../auth/logout-token.js';
import { IssuersVerifier } from '../auth/issuers.verifier.js';
import { LogoutTokenVerifier } from '../auth/logout-token.verifier.js';
import { Rechecks } from '../auth/rechecks.js';
import { revocableOf } from '../auth/revocation-keys.js';
import { RuleAuthority } from '../auth/rule.authority.js';
import type { VerificationGate } from '../auth/verification-gate.js';
import { BayeuxServer } from '../bayeux/server.js';
import { networkOf } from '../transports/client-network.js';
import { FrontDoor } from '../transports/front-door.js';
import { LogoutEndpoint } from '../transports/logout.endpoint.js';
import { Intake } from '../transports/intake.js';
import { guardedAudit } from './comet-audit.js';
import type { TransportOptions } from '../transports/transport-options.js';
import { randomId } from '../transports/random-id.js';
import { extensionOf } from './comet-extension.js';
import { viewOf } from './comet-session.js';
import type { ResolvedOptions } from './comet-options.resolver.js';
import { GatewayHub } from './gateway-hub.js';
import { CometLogger } from './nest.logger.js';
import { COMET_ENGINE, COMET_RESOLVED, COMET_SCHEDULER, VERIFICATION_GATE } from './tokens.js';

/** What is alive in this process; all zero once every client is gone. */
export interface CometCounts {
  readonly sessions: number;
  /** Channels and patterns that somebody subscribed to. */
  readonly channels: number;
  /** Times at which something is due. */
  readonly deadlines: number;
  /** WebSockets that are open. */
  readonly sockets: number;
}

/** The parts of the push server, put together. Not part of the public API. */
@Injectable()
export class CometEndpoint {
  readonly path: string;
  readonly hub = new GatewayHub();
  /** Whether principals have tenants. */
  readonly tenants: boolean;
  readonly server: BayeuxServer;
  readonly door: FrontDoor;
  /** What one message may be like, on whatever way it comes. */
  readonly limits: Pick<TransportOptions, 'maxMessageBytes' | 'maxDepth'>;
  /** Set by the adapter when it is made; without it gateways would find none. */
  adapterMade = false;

  constructor(
    @Inject(COMET_RESOLVED) resolved: ResolvedOptions,
    @Inject(COMET_SCHEDULER) scheduler: Scheduler,
    @Inject(COMET_ENGINE) engine: Engine,
    @Inject(VERIFICATION_GATE) gate: VerificationGate,
  ) {
    const logger = new CometLogger();
    this.path = resolved.transport.path;
    this.tenants = resolved.tenants;
    this.limits = resolved.transport;
    this.server = new BayeuxServer(resolved.bayeux, {
      scheduler,
      engine,
      authority: new RuleAuthority(resolved.rules, resolved.auth.anonymous ?? false),
      services: this.hub,
      listener: this.hub,
      revocable: revocableOf,
      ids: { clientId: randomId },
      logger,
      ...(resolved.audit && { audit: guardedAudit(resolved.audit, logger) }),
      networkOf,
      random: Math.random,
    });
    for (const extension of resolved.extensions) {
      this.server.extensions.add(extensionOf(extension, viewOf));
    }
    const { verifier } = gate;
    if (verifier instanceof IssuersVerifier && verifier.shortestRecheck > 0) {
      this.server.listeners.add(new Rechecks(this.server, verifier));
    }
    const { credentials } = resolved;
    const authenticator = new Authenticator(gate, logger, {
      credentials,
      tenants: this.tenants,
      maxTokenLength: resolved.maxTokenLength,
      now: () => scheduler.now(),
    });
    const intake = new Intake(this.server, authenticator, logger, resolved.transport);
    this.door = new FrontDoor(
      intake,
      resolved.transport,
      logger,
      resolved.logout && this.#logoutEndpoint(resolved, resolved.logout),
    );
  }

  #logoutEndpoint(
    { issuers, revocation, transport }: ResolvedOptions,
    options: LogoutTokenOptions,
  ): LogoutEndpoint {
    const { audit, logger, revocations, scheduler } = this.server;
    const logout = new BackchannelLogout(
      new LogoutTokenVerifier(issuers, options, logger, scheduler),
      revocations,
      { keptFor: revocation, fallbackToSub: options.fallbackToSub, clock: scheduler },
    );
    return new LogoutEndpoint(transport, logout, { audit, logger, now: () => scheduler.now() });
  }

  get counts(): CometCounts {
    return { ...this.server.counts, sockets: this.door.sockets };
  }
}
