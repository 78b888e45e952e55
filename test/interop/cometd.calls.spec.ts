import { SubscribeMessage } from '@nestjs/websockets';
import { EMPTY, type Observable } from 'rxjs';
import { CometGateway } from '../../src/index.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { CometdClient } from './cometd.client.js';
import { Interop } from './interop.js';

/** Milliseconds after which the client gives up what is never answered. */
const GIVEN_UP = 100;

@CometGateway()
class ResultsGateway {
  @SubscribeMessage('/service/void')
  nothing(): void {
    // It does something and has nothing to say.
  }

  @SubscribeMessage('/service/empty')
  empty(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('/service/null')
  null(): null {
    return null;
  }
}

describe.each(DEFAULT_TRANSPORTS)('[G5] remote calls of the stock client over %s', (transport) => {
  const interop = new Interop(transport, (settings) => new CometdClient(settings));
  afterEach(() => interop.finish());

  const join = async (answerVoid: boolean): Promise<CometdClient> => {
    await interop.start({ services: { answerVoid } }, [ResultsGateway]);
    const client = await interop.client('alice');
    await client.start();
    return client as CometdClient;
  };

  it('get `null`, end in their time-out without a result, and get one where their message asks for it', async () => {
    const client = await join(false);
    expect(await client.remoteCall('/service/null', {})).toBeNull();
    await expect(client.remoteCall('/service/void', {}, GIVEN_UP)).rejects.toThrow('406::timeout');
    await expect(client.remoteCall('/service/empty', {}, GIVEN_UP)).rejects.toThrow('406::timeout');
    const asking = { ext: { call: true } };
    expect(await client.remoteCall('/service/void', {}, 5_000, asking)).toBeNull();
    expect(await client.remoteCall('/service/empty', {}, 5_000, asking)).toBeNull();
  });

  it('all get an answer with `answerVoid`', async () => {
    const client = await join(true);
    for (const service of ['null', 'void', 'empty']) {
      expect(await client.remoteCall(`/service/${service}`, {})).toBeNull();
    }
  });
});
