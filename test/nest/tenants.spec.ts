import { Injectable } from '@nestjs/common';
import { type CometMessage, type CometSession, OnChannel } from '../../src/index.js';
import { Bench } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { tenantTokens, tokenAt } from '../support/tenant-tokens.js';

const OPTIONS = { auth: { verifier: tenantTokens, tenants: true, anonymous: true } };

@Injectable()
class Listener {
  readonly heard: unknown[] = [];

  @OnChannel('/news/{topic}')
  note({ channel, data, tenant }: CometMessage): void {
    this.heard.push([tenant, channel, data]);
  }
}

describe('CometService, where there are tenants', () => {
  const bench = new Bench('express', 'websocket');
  afterEach(() => bench.finish());

  const joinAs = (tenant: string, name: string) =>
    bench.client().join(presenting(bench.secret(tokenAt(tenant, name))));

  it('sends to nobody unless it is told in which tenant', async () => {
    const { service } = await bench.start(OPTIONS);
    for (const user of ['alice', { userId: 'alice' }, null] as never[]) {
      await expect(service.sendMessage(user, '/x', 1)).rejects.toThrow(
        "There are tenants, and none was named: write for example { tenant: 'acme', userId: 'alice' }.",
      );
      expect(() => service.sessions(user)).toThrow(TypeError);
    }
    expect(() => service.disconnect('alice')).toThrow(TypeError);
    await expect(service.broadcast('/x', 1)).rejects.toThrow(/write for example broadcast\('\/news', 1/);
    expect(() => service.openSession('clock')).toThrow(/openSession\('clock', \{ tenant: 'acme' \}\)/);
    expect(() => service.channel({ name: '/news' } as never)).toThrow(TypeError);
  });

  it('does not take a user without an id for everybody of the tenant', async () => {
    const { service } = await bench.start(OPTIONS);
    await joinAs('acme', 'alice');
    const nobody = { tenant: 'acme', userId: undefined } as never;
    expect([service.sessions(nobody), service.disconnect(nobody)]).toEqual([[], 0]);
    await expect(service.sendMessage(nobody, '/x', 1)).rejects.toThrow(TypeError);
    expect(service.sessions()).toHaveLength(1);
  });

  it('has sessions without a token in the tenant without a name', async () => {
    const { service } = await bench.start(OPTIONS);
    const anonymous = await bench.client().join();
    const alice = await joinAs('acme', 'alice');
    for (const client of [anonymous, alice]) await client.subscribe('/a');
    expect(await service.broadcast('/a', 1, { tenant: '' })).toEqual({ sessions: 1 });
    expect(await anonymous.receive()).toEqual([{ channel: '/a', data: 1 }]);
    expect(service.sessionsOfTenant('')).toHaveLength(1);
  });

  it('[G6] knows who is subscribed in one tenant, or in all', async () => {
    const { service } = await bench.start(OPTIONS);
    for (const tenant of ['acme', 'globex']) await (await joinAs(tenant, 'alice')).subscribe('/a');
    const tenantsOf = (sessions: readonly CometSession[]) =>
      sessions.map(({ principal }) => principal.tenant);
    expect(tenantsOf(service.subscribers('/a'))).toEqual(['acme', 'globex']);
    expect(tenantsOf(service.subscribers({ tenant: 'globex', name: '/a' }))).toEqual(['globex']);
    expect(service.subscribers({ tenant: 'initech', name: '/a' })).toEqual([]);
    expect(() => service.subscribers({ name: '/a' } as never)).toThrow(/There are tenants/);
  });

  it('lets sessions of the server into the tenant they are opened for', async () => {
    const { service } = await bench.start(OPTIONS);
    const alice = await joinAs('acme', 'alice');
    await alice.subscribe('/a');
    const got: unknown[] = [];
    const [acme, globex] = ['acme', 'globex'].map((tenant) => service.openSession('clock', { tenant }));
    for (const local of [acme, globex]) {
      await local?.subscribe('/a', ({ data }) => void got.push([local.session.principal.tenant, data]));
    }
    await globex?.publish('/a', 1);
    await alice.publish('/a', 2);
    expect(got).toEqual([
      ['globex', 1],
      ['acme', 2],
    ]);
    expect(await alice.receive()).toEqual([{ channel: '/a', data: 2 }]);
    acme?.disconnect();
    globex?.disconnect();
  });

  it('settles a channel by its name for all tenants, and with a tenant for that one', async () => {
    const { service } = await bench.start(OPTIONS);
    const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
    const [all, one] = [service.channel('/a'), service.channel({ tenant: 'acme', name: '/a' })];
    expect([all.tenant, one.tenant]).toEqual([undefined, 'acme']);
    expect(service.findChannel({ tenant: 'globex', name: '/a' })).toBeUndefined();
    expect(service.findChannel('/a')?.tenant).toBeUndefined();
    const heard: string[] = [];
    all.addListener({ subscribed: ({ principal }) => void heard.push(`all: ${principal.tenant}`) });
    one.addListener({ subscribed: ({ principal }) => void heard.push(`one: ${principal.tenant}`) });
    for (const client of [acme, globex]) await client.subscribe('/a');
    expect(heard).toEqual(['all: acme', 'one: acme', 'all: globex']);
    expect([all.subscribers.length, one.subscribers.length]).toEqual([2, 1]);
    one.remove();
    expect(all.subscribers.map(({ principal }) => principal.tenant)).toEqual(['globex']);
    all.remove();
    expect(service.counts.channels).toBe(0);
  });

  it('keeps what is settled for all tenants until the last subscriber of all has gone', async () => {
    const { service } = await bench.start(OPTIONS);
    const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
    for (const client of [acme, globex]) await client.subscribe('/a');
    service.channel('/a').configure({ persistent: false });
    await acme.unsubscribe('/a');
    expect(service.findChannel('/a')).toBeDefined();
    await globex.unsubscribe('/a');
    expect(service.findChannel('/a')).toBeUndefined();
  });

  it('tells listeners in which tenant something happens', async () => {
    const { service } = await bench.start(OPTIONS, [Listener]);
    const told: string[] = [];
    service.addListener({
      channelAdded: (name, tenant) => void told.push(`+${tenant}${name}`),
      channelRemoved: (name, tenant) => void told.push(`-${tenant}${name}`),
      configureChannel: ({ name, tenant }) => void told.push(`=${tenant}${name}`),
    });
    const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
    for (const client of [acme, globex]) await client.subscribe('/a');
    await acme.unsubscribe('/a');
    expect(told).toEqual(['=acme/a', '+acme/a', '=globex/a', '+globex/a', '-acme/a']);
    await globex.publish('/news/a', 1);
    await service.broadcast('/news/b', 2, { tenant: 'acme' });
    expect(bench.app.get(Listener).heard).toEqual([
      ['globex', '/news/a', 1],
      ['acme', '/news/b', 2],
    ]);
  });
});
