import { takeCredentials } from '../../src/auth/credentials.js';
import { BayeuxErrors } from '../../src/bayeux/errors.js';

const HANDSHAKE = '/meta/handshake';

/** Messages as they come from the wire, where `__proto__` is a member like any other. */
function parse(text: string): unknown[] {
  return JSON.parse(text) as unknown[];
}

describe('takeCredentials', () => {
  describe('Authorization header', () => {
    it.each(['Bearer t', 'bearer t', 'BEARER t', '  Bearer   t  ', 'Bearer\tt'])(
      "takes '%s'",
      (authorization) => {
        expect(takeCredentials({ messages: [], authorization })).toEqual({ messages: [], token: 't' });
      },
    );

    it('takes all characters a token may have', () => {
      const token = 'AZaz09-._~+/==';
      expect(takeCredentials({ messages: [], authorization: `Bearer ${token}` })).toMatchObject({ token });
    });

    it.each([undefined, '', 'Basic dTpw', 'DPoP t', 'Bearerx t', 'OAuth t', 't', []])(
      'ignores %j, as if there were none',
      (authorization) => {
        expect(takeCredentials({ messages: [], authorization })).toEqual({ messages: [] });
      },
    );

    it.each([
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Bearer a, Bearer b',
      'Bearer "a"',
      'Bearer a=b',
      'Bearer ü',
    ])("refuses '%s'", (authorization) => {
      expect(takeCredentials({ messages: [], authorization })).toEqual({
        messages: [],
        error: BayeuxErrors.tokenInvalid,
      });
    });

    it('T15 refuses two headers with different tokens, and takes one token that is repeated', () => {
      const take = (...authorization: string[]) => takeCredentials({ messages: [], authorization });
      expect(take('Bearer a', 'Bearer b')).toEqual({ messages: [], error: BayeuxErrors.multipleCredentials });
      expect(take('Bearer a', 'bearer a', 'Basic x')).toEqual({ messages: [], token: 'a' });
    });
  });

  describe('ext', () => {
    it.each(['/meta/handshake', '/meta/connect', '/meta/subscribe', '/service/x', '/news', undefined])(
      'takes ext.auth.token of a message to %s',
      (channel) => {
        const message = { channel, id: '1', ext: { auth: { token: 't', scheme: 'Bearer' } } };
        expect(takeCredentials({ messages: [message] })).toEqual({
          messages: [{ channel, id: '1' }],
          token: 't',
        });
      },
    );

    it.each([{ authentication: { token: 't' } }, { authToken: 't' }, { access_token: 't' }, { token: 't' }])(
      'T16 takes %j of handshakes, and drops it from all others',
      (ext) => {
        const take = (channel: string) => takeCredentials({ messages: [{ channel, ext }] });
        expect(take(HANDSHAKE)).toEqual({ messages: [{ channel: HANDSHAKE }], token: 't' });
        expect(take('/meta/connect')).toEqual({ messages: [{ channel: '/meta/connect' }] });
      },
    );

    it.each([
      { auth: { token: '' } },
      { auth: { token: 7 } },
      { auth: { token: null } },
      { auth: { token: { toString: 'x' } } },
      { auth: 't' },
      { auth: null },
      { auth: ['t'] },
      { authToken: '' },
      { access_token: ['t'] },
      { authentication: { token: 7 } },
    ])('T1 refuses %j', (ext) => {
      expect(takeCredentials({ messages: [{ channel: HANDSHAKE, ext }] })).toEqual({
        messages: [{ channel: HANDSHAKE }],
        error: BayeuxErrors.tokenInvalid,
      });
    });

    it('keeps of ext.auth whether a client that shakes hands refreshes its token, and nothing else', () => {
      const kept = (channel: string, refresh: unknown) =>
        takeCredentials({ messages: [{ channel, ext: { auth: { token: 't', refresh, scheme: 'x' } } }] })
          .messages;
      expect(kept(HANDSHAKE, true)).toEqual([{ channel: HANDSHAKE, ext: { auth: { refresh: true } } }]);
      expect(kept(HANDSHAKE, 'true')).toEqual([{ channel: HANDSHAKE }]);
      expect(kept('/meta/connect', true)).toEqual([{ channel: '/meta/connect' }]);
    });

    it.each<[unknown, { token?: string; error?: string }]>([
      [{ token: 't', more: 1 }, { token: 't' }],
      [{ token: 7 }, { error: BayeuxErrors.tokenInvalid }],
      ['t', {}],
      [['t'], {}],
    ])('T48: takes all that is published to the service for tokens: %j', (data, taken) => {
      for (const channel of ['/service/comet/auth', '/service/comet/auth/', '/service/comet/auth?x'])
        expect(takeCredentials({ messages: [{ channel, data }] })).toEqual({
          messages: [{ channel, data: {} }],
          ...taken,
        });
      const messages = [{ channel: '/service/other', data }];
      expect(takeCredentials({ messages })).toEqual({ messages });
    });

    it('finds no credentials in ext.auth without a token, nor in a user with a password', () => {
      const messages = [
        { channel: HANDSHAKE, ext: { auth: { refresh: true } } },
        { channel: HANDSHAKE, ext: { authentication: { user: 'u', credentials: 'secret' } } },
      ];
      expect(takeCredentials({ messages })).toEqual({
        messages: [{ channel: HANDSHAKE, ext: { auth: { refresh: true } } }, { channel: HANDSHAKE }],
      });
    });

    it.each([
      ['header and ext', 'Bearer a', [{ ext: { auth: { token: 'b' } } }]],
      ['two messages', undefined, [{ ext: { auth: { token: 'a' } } }, { ext: { auth: { token: 'b' } } }]],
      ['ext and alias', undefined, [{ channel: HANDSHAKE, ext: { auth: { token: 'a' }, authToken: 'b' } }]],
      ['two aliases', undefined, [{ channel: HANDSHAKE, ext: { token: 'a', access_token: 'b' } }]],
    ])('T15 refuses different tokens in %s', (_name, authorization, messages) => {
      const taken = takeCredentials({ messages, authorization });
      expect(taken).toMatchObject({ error: BayeuxErrors.multipleCredentials });
      expect(taken).not.toHaveProperty('token');
      expect(JSON.stringify(taken.messages)).not.toMatch(/"[ab]"/);
    });

    it('T15 takes one token that is sent in several places', () => {
      const messages = [{ channel: HANDSHAKE, ext: { auth: { token: 'a' }, authToken: 'a' } }];
      expect(takeCredentials({ messages, authorization: 'Bearer a' })).toMatchObject({ token: 'a' });
    });
  });

  describe('T16 where else a handshake may carry its token', () => {
    const EVERYWHERE = {
      authentication: { token: 't' },
      authToken: 't',
      access_token: 't',
      token: 't',
      'com.example.authn': { login: { token: 't' } },
      ticket: 't',
    };

    it.each([
      [[['authToken']], 'authToken'],
      [[['access_token']], 'access_token'],
      [[['token']], 'token'],
      [[['authentication', 'token']], 'authentication'],
      [[['com.example.authn', 'login', 'token']], 'com.example.authn'],
      [[['ticket']], 'ticket'],
    ])('is as configured: %j', (aliases, field) => {
      const options = { aliases, exo: false };
      for (const [name, value] of Object.entries(EVERYWHERE)) {
        const messages = [{ channel: HANDSHAKE, ext: { [name]: value } }];
        expect(takeCredentials({ messages }, options).token).toBe(name === field ? 't' : undefined);
        const later = [{ channel: '/meta/connect', ext: { [name]: value } }];
        expect(takeCredentials({ messages: later }, options).token).toBeUndefined();
      }
    });

    it('is nowhere if so configured, and then too no token stays in any message', () => {
      const { ticket, 'com.example.authn': authn, ...builtIn } = EVERYWHERE;
      const messages = [
        { channel: HANDSHAKE, ext: builtIn },
        { channel: '/a', ext: builtIn },
      ];
      expect(takeCredentials({ messages }, { aliases: [], exo: false })).toEqual({
        messages: [{ channel: HANDSHAKE }, { channel: '/a' }],
      });
      const own = [{ channel: '/a', ext: { ticket, 'com.example.authn': authn, ack: true } }];
      const aliases = [['ticket'], ['com.example.authn', 'login', 'token']];
      expect(takeCredentials({ messages: own }, { aliases, exo: false }).messages).toEqual([
        { channel: '/a', ext: { ack: true } },
      ]);
    });

    it.each([7, '', null, { token: 't' }])('is refused if there is no token at the end: %j', (value) => {
      const messages = [{ channel: HANDSHAKE, ext: { ticket: value } }];
      expect(takeCredentials({ messages }, { aliases: [['ticket']], exo: false })).toMatchObject({
        error: BayeuxErrors.tokenInvalid,
      });
    });

    it('T47 is reached through own members only', () => {
      const aliases = [['constructor', 'name'], ['__proto__', 'token'], ['toString']];
      const messages = [{ channel: HANDSHAKE, ext: { ack: true } }];
      expect(takeCredentials({ messages }, { aliases, exo: false })).toEqual({ messages });
    });
  });

  describe('T17 members of clients of eXo', () => {
    const exo = { aliases: [], exo: true };
    const message = { channel: HANDSHAKE, exoId: 'alice', exoToken: 't', id: '1' };

    it('are a token and whose it must be, on handshakes', () => {
      expect(takeCredentials({ messages: [message] }, exo)).toEqual({
        messages: [{ channel: HANDSHAKE, id: '1' }],
        token: 't',
        expectedUser: 'alice',
      });
      const subscribe = { ...message, channel: '/meta/subscribe' };
      expect(takeCredentials({ messages: [subscribe] }, exo)).toEqual({
        messages: [{ channel: '/meta/subscribe', id: '1' }],
      });
    });

    it('T15 are refused beside another token', () => {
      expect(takeCredentials({ messages: [message], authorization: 'Bearer other' }, exo)).toMatchObject({
        error: BayeuxErrors.multipleCredentials,
      });
    });

    it('are not understood unless so configured, and the token is taken out all the same', () => {
      expect(takeCredentials({ messages: [message] })).toEqual({
        messages: [{ channel: HANDSHAKE, exoId: 'alice', id: '1' }],
      });
    });
  });

  it('T14 refuses a token in the query, whatever else is sent', () => {
    const messages = [{ channel: HANDSHAKE, ext: { auth: { token: 'a' } } }];
    expect(takeCredentials({ messages, authorization: 'Bearer a', tokenInQuery: true })).toEqual({
      messages: [{ channel: HANDSHAKE }],
      error: BayeuxErrors.tokenInQuery,
    });
  });

  describe('T48 stripping', () => {
    it('leaves no credentials in any message, whatever their type, and all else as it was', () => {
      for (const value of ['secret', 7, null, ['secret'], { token: 'secret', deep: { token: 'secret' } }]) {
        const ext = {
          auth: value,
          authentication: value,
          authToken: value,
          access_token: value,
          token: value,
        };
        const messages = [
          { channel: '/news', data: { token: 'data' }, ext: { ...ext, ack: true } },
          { channel: '/news', data: null, id: 7, ext },
        ];
        expect(takeCredentials({ messages }).messages).toEqual([
          { channel: '/news', data: { token: 'data' }, ext: { ack: true } },
          { channel: '/news', data: null, id: 7 },
        ]);
      }
    });

    it('does not change what it was given', () => {
      const messages = [{ channel: '/news', ext: { auth: { token: 't' }, ack: 1 } }];
      const before = JSON.stringify(messages);
      takeCredentials({ messages });
      expect(JSON.stringify(messages)).toBe(before);
    });

    it('gives back the same objects where there was nothing to take', () => {
      const plain = { channel: '/news', ext: { ack: 1 } };
      const odd = [
        null,
        7,
        'text',
        ['auth'],
        { ext: null },
        { ext: 'auth' },
        { ext: [{ auth: 1 }] },
        { ext: {} },
      ];
      const untouched = [plain, ...odd];
      expect(takeCredentials({ messages: untouched }).messages).toBe(untouched);
      const { messages } = takeCredentials({ messages: [plain, { ext: { auth: { token: 't' } } }, ...odd] });
      expect(messages[0]).toBe(plain);
      expect(messages[1]).toEqual({});
      odd.forEach((element, index) => {
        expect(messages[index + 2]).toBe(element);
      });
    });

    it('T47 is not polluted by __proto__', () => {
      const messages = parse(
        `[{"channel":"${HANDSHAKE}","__proto__":{"polluted":1},"ext":{"auth":{"__proto__":{"token":"no"},"token":"t"},` +
          '"__proto__":{"polluted":2,"authToken":"no"},"ack":true}},' +
          '{"__proto__":{"ext":{"auth":{"token":"no"}}}},' +
          '{"ext":{"auth":{"__proto__":{"token":"no"}}}}]',
      );
      const taken = takeCredentials({ messages });
      expect(taken.token).toBe('t');
      expect(JSON.stringify(taken.messages[0])).toBe(
        `{"channel":"${HANDSHAKE}","__proto__":{"polluted":1},"ext":{"__proto__":{"polluted":2,"authToken":"no"},"ack":true}}`,
      );
      for (const message of taken.messages) expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
      expect({}).not.toHaveProperty('polluted');
    });
  });
});
