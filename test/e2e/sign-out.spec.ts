import { decodeJwt } from 'jose';
import { connectOf, openFrom, sendFrom, tokenOf } from './support/page-session.js';
import { Stage } from './support/stage.js';

const stage = Stage.forAll();
const BAYEUX_BROWSER = /^BAYEUX_BROWSER/;

describe('signing out', () => {
  it('ends the session here and at the login service, and forgets the push sessions', async () => {
    const alice = await stage.enter();
    await alice.signIn('alice');
    await alice.init();
    const session = await alice.sessionCookie();
    expect(await alice.cookie(BAYEUX_BROWSER)).toBeDefined();

    await alice.signOut();
    expect((await alice.notice()).title).toBe('You are signed out');
    expect(await alice.cookie(BAYEUX_BROWSER)).toBeUndefined();
    expect(await alice.sessionCookie()).toBeUndefined();
    expect(alice.complaints).toEqual([]);

    // Not even with the cookie of old.
    const { port } = new URL(stage.url);
    await alice.context.addCookies([{ name: `portal-${port}`, value: session ?? '', url: stage.url }]);
    await alice.visit('/');
    await alice.page.click('#sign-in-link');
    await alice.page.waitForSelector('#sign-in-form');
  });

  it('may leave the session at the login service as it is', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const { sid: former } = decodeJwt(await tokenOf(alice.page, await alice.csrf()));
    await alice.page.click('#sign-out');
    await alice.page.click('#keep-session');
    await alice.page.waitForURL('**/signed-out*');
    expect(await alice.sessionCookie()).toBeUndefined();
    await alice.page.click('.notice a');
    await alice.page.waitForSelector('#comet-widget');
    expect(await alice.userName()).toBe('Alice');
    // It is another login all the same: what ended with the former one is over.
    const { sid } = decodeJwt(await tokenOf(alice.page, await alice.csrf()));
    expect([typeof former, typeof sid]).toEqual(['string', 'string']);
    expect(sid).not.toBe(former);
    expect(await alice.init()).toBe('websocket');
  });

  it('tells a page in another tab that its session is lost', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const other = await alice.newTab();
    await other.visit('/');
    await other.signOut();
    await alice.page.click('#comet-init');
    await alice.page.waitForSelector('#comet-state[data-state=lost]');
    expect(await alice.page.getByRole('alert').textContent()).toContain('Your portal session has ended.');
  });

  it('takes a click in the portal: no link and no foreign form', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    expect((await alice.visit('/auth/logout')).status()).toBe(404);
    const http = alice.context.request;
    const csrf = await alice.visit('/').then(() => alice.csrf());
    const attempts = [
      { headers: { origin: stage.url }, form: {} },
      { headers: { origin: stage.url }, form: { csrf: 'x'.repeat(csrf.length) } },
      { headers: { origin: 'https://evil.example' }, form: { csrf } },
      { headers: {}, form: { csrf } },
    ];
    for (const attempt of attempts) {
      expect((await http.post('/auth/logout', { ...attempt, maxRedirects: 0 })).status()).toBe(403);
    }
    await alice.visit('/');
    expect(await alice.userName()).toBe('Alice');
  });
});

describe('another user in the same browser', () => {
  it('T54: gets a push session of their own, and nothing of what waited for the one before', async () => {
    const first = await stage.enter();
    await first.signInAhead('alice');
    const aliceToken = await tokenOf(first.page, await first.csrf());
    const clientId = await openFrom(first.page, aliceToken);
    // The cookie is proof enough for now.
    expect(await sendFrom(first.page, connectOf(clientId))).toEqual([
      expect.objectContaining({ successful: true }),
    ]);
    await first.send('for alice alone');
    await first.page.getByText(/^Sent to you, in \d+ sessions?\.$/).waitFor();
    await first.signOut();

    await first.signInAhead('bob');
    const bobToken = await tokenOf(first.page, await first.csrf());
    const unknown = [expect.objectContaining({ successful: false, error: '402::session_unknown' })];
    expect(await sendFrom(first.page, connectOf(clientId))).toEqual(unknown);
    expect(await sendFrom(first.page, connectOf(clientId, bobToken))).toEqual(unknown);
    expect(await first.init()).toBe('websocket');
    expect(await first.cookie(BAYEUX_BROWSER)).toBeDefined();
    expect(await sendFrom(first.page, connectOf(clientId))).toEqual(unknown);
    await first.send('for bob');
    await first.notification('for bob').waitFor();
    expect(await first.arrivals()).toEqual(['for bob']);

    // Nobody else gets it either: her session has ended with her login.
    const elsewhere = await stage.enter();
    await elsewhere.visit('/');
    const answer = await sendFrom(elsewhere.page, connectOf(clientId, aliceToken));
    expect(answer).toEqual([expect.objectContaining({ channel: '/meta/connect', successful: false })]);
  });
});
