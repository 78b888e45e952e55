import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  CometAdapter,
  CometModule,
  type CometPrincipal,
  CometService,
  type TokenVerifier,
} from '../../../src/index.js';
import type { Payload } from '../../marks.js';
import { AUDIENCE, type Contender, type Setup } from '../contender.js';
import { BenchGateway } from './bench.gateway.js';

@Module({})
class BenchModule {}

/** This library, with its default options but for how fast a client may publish, in an application of Nest on Express; for WebSocket and long-polling. */
export default class Ours implements Contender {
  #service!: CometService;

  async listen({ issuer }: Setup): Promise<number> {
    const comet = CometModule.forRoot({
      auth: issuer === undefined ? { verifier: BY_NAME } : { issuer, audience: AUDIENCE },
      rules: [{ channel: '/**', subscribe: true, publish: true }],
      // One client speaks for many here, and no other contender limits what it says.
      limits: { messagesPerSecond: 0 },
    });
    const app = await NestFactory.create<NestExpressApplication>(
      { module: BenchModule, imports: [comet], providers: [BenchGateway] },
      { logger: ['error', 'fatal'] },
    );
    app.useWebSocketAdapter(new CometAdapter(app));
    const http = await app.listen(0, '127.0.0.1');
    // Longer than a case lasts, so that it is never the server who closes a connection as a poll comes in.
    http.keepAliveTimeout = 120_000;
    this.#service = app.get(CometService);
    return (http.address() as AddressInfo).port;
  }

  broadcast(channel: string, messages: readonly Payload[]): void {
    for (const data of messages) void this.#service.broadcast(channel, data);
  }

  toUser(user: string, data: Payload): void {
    void this.#service.sendMessage(user, '/inbox', data);
  }

  counts(): Readonly<Record<string, number>> {
    return { ...this.#service.counts };
  }
}

/** Takes a token for the name of its user: most cases are not about verifying. */
const BY_NAME: TokenVerifier = {
  verify(user: string): Promise<CometPrincipal> {
    return Promise.resolve({
      kind: 'user',
      userId: user,
      identity: user,
      expiresAt: Date.now() + 3_600_000,
      tokenRef: '',
      tenant: '',
      issuer: 'bench',
      subject: user,
      clientId: null,
      serviceId: null,
      scopes: [],
    });
  },
};
