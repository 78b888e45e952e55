import { BadRequestException, HttpException } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { from, type Observable } from 'rxjs';
import { CometGateway, type CometSession } from '../../src/index.js';

/** Services with every kind of answer and failure. */
@CometGateway()
export class ServiceGateway {
  /** Bodies that reached `/service/record`. */
  readonly recorded: unknown[] = [];
  #release: (value: unknown) => void = () => undefined;
  readonly #released = new Promise((resolve) => (this.#release = resolve));

  /** Lets every call of `/service/slow` go on. */
  release(): void {
    this.#release('released');
  }

  @SubscribeMessage('/service/echo')
  echo(@MessageBody() data: unknown): unknown {
    return { echo: data };
  }

  @SubscribeMessage('/service/who')
  who(@ConnectedSocket() session: CometSession): unknown {
    return { userId: session.userId, alive: session.alive };
  }

  @SubscribeMessage('/service/record')
  record(@MessageBody() data: unknown): void {
    this.recorded.push(data);
  }

  @SubscribeMessage('/service/count')
  count(): Observable<number> {
    return from([1, 2, 3]);
  }

  @SubscribeMessage('/service/slow')
  async slow(@MessageBody() data: unknown): Promise<unknown> {
    await this.#released;
    return data;
  }

  @SubscribeMessage('/service/push')
  push(@ConnectedSocket() session: CometSession): string {
    session.send('/pushed', 'by the service');
    return 'done';
  }

  @SubscribeMessage('/service/kick')
  kick(@ConnectedSocket() session: CometSession): void {
    session.disconnect();
  }

  @SubscribeMessage('/service/fail')
  fail(@MessageBody() kind: string): never {
    switch (kind) {
      case 'bad request':
        throw new BadRequestException(['name must be a string', 'age must be a number']);
      case 'payment':
        throw new HttpException('pay first', 402);
      case 'coded':
        throw new WsException('409:x:taken');
      case 'session':
        throw new WsException('402::session_unknown');
      case 'worded':
        throw new WsException('no such room');
      default:
        throw new Error('connection to db-1.internal refused');
    }
  }

  @SubscribeMessage('/service/unspeakable')
  unspeakable(): unknown {
    return { big: 1n };
  }
}
