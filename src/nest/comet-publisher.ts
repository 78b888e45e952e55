import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { Injectable } from '@nestjs/common';
import type { AuditEvent } from '../bayeux/audit.js';
import type { BayeuxOptions } from '../bayeux/bayeux-options.js';
import type { Decision, Principal } from '../bayeux/ports.js';
import type { Sending } from '../bayeux/sending.js';
import { Session } from '../bayeux/session.js';
import { NOTHING_SETTLED } from '../bayeux/session-state.js';
import { CometEndpoint } from './comet.endpoint.js';

/** Publishes for principals that have no session: services that call over HTTP. Not part of the public API. */
@Injectable()
export class CometPublisher {
  readonly #endpoint: CometEndpoint;

  constructor(endpoint: CometEndpoint) {
    this.#endpoint = endpoint;
  }

  get options(): BayeuxOptions {
    return this.#endpoint.server.options;
  }

  /** Bytes of one message, and how deep its data may be. */
  get limits(): { readonly maxMessageBytes: number; readonly maxDepth: number } {
    return this.#endpoint.limits;
  }

  now(): number {
    return this.#endpoint.server.scheduler.now();
  }

  /** Where a request came from, as far as trusted proxies tell. */
  addressOf(request: IncomingMessage | Http2ServerRequest): string | undefined {
    return this.#endpoint.door.addressOf(request);
  }

  record(event: AuditEvent): void {
    this.#endpoint.server.audit.record(event);
  }

  /**
   * Whether a principal may publish on each of some channels, as it might if it had a session: rules are asked, and
   * authorizers too. Stops at the first that is refused.
   */
  async decide(
    principal: Principal,
    channels: readonly string[],
    address: string | undefined,
  ): Promise<{ readonly index: number; readonly decision: Decision } | undefined> {
    const { server } = this.#endpoint;
    const session = new Session(server, this.#stateOf(principal, address), 'push');
    try {
      for (const [index, channel] of channels.entries()) {
        const decision = await server.decide('publish', session, channel);
        if (!decision.allowed) return { index, decision };
      }
      return undefined;
    } finally {
      session.end('kick');
    }
  }

  /** Sends one message. */
  async send(sending: Omit<Sending, 'sender'>): Promise<void> {
    await this.#endpoint.server.send(sending);
  }

  /** Of a session that nobody can find, and that receives nothing: authorizers are asked in its name. */
  #stateOf(principal: Principal, address: string | undefined) {
    return {
      id: this.#endpoint.server.ids.clientId(),
      principal,
      browser: undefined,
      client: { headers: {}, ...(address !== undefined && { address }) },
      connected: false,
      interval: 0,
      subscriptions: new Set<string>(),
      own: NOTHING_SETTLED,
    };
  }
}
