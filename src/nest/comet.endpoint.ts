import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Engine, Scheduler } from '../bayeux/ports.js';
import { Authenticator } from '../auth/authenticator.js';
import { RuleAuthority } from '../auth/rule.authority.js';
import type { TokenVerifier } from '../auth/token-verifier.js';
import { BayeuxServer } from '../bayeux/server.js';
import { Attempts } from '../transports/attempts.js';
import { FrontDoor } from '../transports/front-door.js';
import { Intake } from '../transports/intake.js';
import { guardedAudit } from './comet-audit.js';
import type { TransportOptions } from '../transports/transport-options.js';
import { extensionOf } from './comet-extension.js';
import { viewOf } from './comet-session.js';
import type { ResolvedOptions } from './comet-options.resolver.js';
import { GatewayHub } from './gateway-hub.js';
import { CometLogger } from './nest.logger.js';
import { COMET_ENGINE, COMET_RESOLVED, COMET_SCHEDULER, TOKEN_VERIFIER } from './tokens.js';

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
    @Inject(TOKEN_VERIFIER) verifier: TokenVerifier,
  ) {
    const logger = new CometLogger();
    this.path = resolved.transport.path;
    this.limits = resolved.transport;
    this.server = new BayeuxServer(resolved.bayeux, {
      scheduler,
      engine,
      authority: new RuleAuthority(resolved.rules, resolved.auth.anonymous ?? false),
      services: this.hub,
      listener: this.hub,
      ids: { clientId: () => randomBytes(24).toString('base64url') },
      logger,
      ...(resolved.audit && { audit: guardedAudit(resolved.audit, logger) }),
      random: Math.random,
    });
    for (const extension of resolved.extensions) {
      this.server.extensions.add(extensionOf(extension, viewOf));
    }
    const intake = new Intake(
      this.server,
      new Authenticator(verifier, logger),
      new Attempts(resolved.transport, () => scheduler.now()),
      logger,
    );
    this.door = new FrontDoor(intake, resolved.transport, logger);
  }

  get counts(): CometCounts {
    return { ...this.server.counts, sockets: this.door.sockets };
  }
}
