import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway, CometSession } from '../../../src/index.js';

/** A gateway of three handlers, as an application may have. */
@CometGateway()
export class BenchGateway {
  @SubscribeMessage('/service/echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('/service/whoami')
  whoAmI(@ConnectedSocket() session: CometSession): unknown {
    return { user: session.userId };
  }

  @SubscribeMessage('/service/time')
  time(): unknown {
    return { now: Date.now() };
  }
}
