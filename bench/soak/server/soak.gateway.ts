import { setTimeout as pause } from 'node:timers/promises';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway, CometSession } from '../../../src/index.js';
import { ECHO_SERVICE, FLOOD_CHANNEL, FLOOD_SERVICE, type FloodOrder } from '../channels.js';

/** Services that answer, and that send more than a client may want to read. */
@CometGateway()
export class SoakGateway {
  @SubscribeMessage(ECHO_SERVICE)
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  /** Returns at once; what was ordered is pushed beside it, until the session has ended. */
  @SubscribeMessage(FLOOD_SERVICE)
  flood(@MessageBody() order: FloodOrder, @ConnectedSocket() session: CometSession): void {
    void this.#send(order, session);
  }

  async #send({ from, bytes, burst, bursts, every }: FloodOrder, session: CometSession): Promise<void> {
    const pad = 'f'.repeat(bytes);
    for (let seq = 0; seq < burst * bursts && session.alive; seq++) {
      session.send(FLOOD_CHANNEL, { from, seq, pad });
      if (seq % burst === burst - 1) await pause(every);
    }
  }
}
