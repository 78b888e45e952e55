import { Module } from '@nestjs/common';
import { CometModule } from '../../../src/index.js';
import { HANDSHAKE_TIMEOUT, HOLD, MAX_INTERVAL } from '../control.js';
import { SoakGateway } from './soak.gateway.js';

/** An application as anybody would write it, but for its short times. */
@Module({
  imports: [
    CometModule.forRoot({
      auth: { anonymous: true },
      rules: [{ channel: '/**', subscribe: true, publish: true }],
      session: { timeout: HOLD, maxInterval: MAX_INTERVAL, rehandshakeSpread: 2_000 },
      limits: {
        handshakeTimeout: HANDSHAKE_TIMEOUT,
        anonymousSessionsPerAddress: 0,
        // What a thousand clients say comes back late on a busy machine, and then all at once.
        messagesPerSecond: 1_000,
        burst: 10_000,
      },
    }),
  ],
  providers: [SoakGateway],
})
export class SoakModule {}
