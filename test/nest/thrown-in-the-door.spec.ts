import { jest } from '@jest/globals';
import { CometEndpoint } from '../../src/nest/comet.endpoint.js';
import { Intake } from '../../src/transports/intake.js';
import { ProxyTrust } from '../../src/transports/proxy-trust.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { UpgradeRefused } from '../support/socket.client.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

const BROKEN = 'a mistake in the door';

function fail(): never {
  throw new Error(BROKEN);
}

describe('what is thrown in the door', () => {
  const stage = new NestStage();
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Expects one line in the log for each failure. */
  function expectErrors(app: NestApp, ...errors: string[]): void {
    const logged = app.log.takeErrors();
    expect(logged).toHaveLength(errors.length);
    for (const [index, error] of errors.entries()) {
      expect(logged[index]).toContain(error);
      expect(logged[index]).toContain(BROKEN);
    }
  }

  it.each(HTTP_KINDS)('[W1] ends a request with 500, and an upgrade, on %s', async (http) => {
    const app = await stage.start({ http });
    const spy = jest.spyOn(ProxyTrust.prototype, 'resolve').mockImplementation(fail);
    expect((await app.polling().post('[]').answer).status).toBe(500);
    expectErrors(app, 'A request failed.');
    await expect(app.socket().open()).rejects.not.toThrow(UpgradeRefused);
    expectErrors(app, 'An upgrade failed.');
    spy.mockRestore();
    await app.polling('alice').join();
    await app.socket('bob').join();
  });

  it.each([
    ['at once', fail],
    // What is thrown later would be a rejection that nobody handles.
    ['later', () => Promise.resolve().then(fail)],
  ])('[W1] ends the request and the socket that messages came by, if it is thrown %s', async (_, handle) => {
    const app = await stage.start();
    const [polling, socket] = [app.polling(), app.socket()];
    await socket.open();
    const spy = jest.spyOn(app.app.get(CometEndpoint).server, 'handle').mockImplementation(handle);
    const message = '[{"channel":"/meta/handshake","version":"1.0"}]';
    expect((await polling.post(message).answer).status).toBe(503);
    await socket.sendRaw(message);
    expect(await socket.end()).toMatchObject({ code: 1013 });
    expectErrors(app, 'Messages could not be handled.', 'Messages could not be handled.');
    spy.mockRestore();
    await polling.join();
  });

  it('[W1] ends the request and the socket, if it is thrown where events are heard', async () => {
    const app = await stage.start();
    const [polling, socket] = [app.polling(), app.socket()];
    await socket.open();
    const message = '[{"channel":"/meta/handshake","version":"1.0"}]';
    const spy = jest.spyOn(Intake.prototype, 'accept').mockImplementation(fail);
    expect((await polling.post(message).answer).status).toBe(503);
    expectErrors(app, 'A request failed.');
    await socket.sendRaw(message);
    expect(await socket.end()).toMatchObject({ code: 1013 });
    expectErrors(app, 'A frame failed.');
    spy.mockRestore();
    await polling.join();
  });
});
