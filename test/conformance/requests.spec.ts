import { HTTP_TRANSPORTS, over } from '../support/bench.js';
import { until } from '../support/until.js';

describe('a connect over HTTP', () => {
  over(HTTP_TRANSPORTS, (bench) => {
    it('L-13, J-04: a message for a client that vanished is not lost but comes with the next one', async () => {
      await bench.start();
      const client = await bench.requester().join();
      await client.subscribe('/a');
      const before = bench.clock.armed;
      const poll = client.askConnect();
      await until('the connect to be held', () => bench.clock.armed > before);
      poll.abort();
      await until('the hold to be dropped', () => bench.clock.armed === before);
      await bench.app.service.broadcast('/a', 1);
      await bench.app.service.broadcast('/a', 2);
      expect(await client.receive(2)).toEqual([
        { channel: '/a', data: 1 },
        { channel: '/a', data: 2 },
      ]);
    });

    it('L-13, J-04: what was written to a connection that went comes again', async () => {
      await bench.start();
      const client = await bench.requester().join();
      await client.subscribe('/a');
      const before = bench.clock.armed;
      client.askConnect();
      await until('the connect to be held', () => bench.clock.armed > before);
      // In one turn, so that the server writes before it can see that nobody is there.
      const pushed = bench.app.service.broadcast('/a', 'again');
      bench.app.cutConnections();
      expect(await pushed).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'again' }]);
    });
  });
});
