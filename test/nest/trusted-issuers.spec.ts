import { CometAdminModule, type CometPrincipal, type TokenVerifier } from '../../src/index.js';
import { CometPushModule } from '../../src/push/index.js';
import { resolveOptions } from '../../src/nest/comet-options.resolver.js';
import { TrustedIssuers } from '../../src/nest/trusted-issuers.js';
import { ask } from '../support/http.js';
import { bearer } from '../support/identity.js';
import { NestStage } from './support/nest-stage.js';
import { scopedTokens } from './support/scoped-tokens.js';

const [STAFF, SHOP] = ['https://staff.test', 'https://shop.test'];

/** `staff-…` or `shop-…`, and then a token as `scopedTokens` knows it. */
const verifier: TokenVerifier = {
  verify: async (token): Promise<CometPrincipal> => {
    const [name = '', rest = ''] = token.split('-', 2);
    return { ...(await scopedTokens.verify(rest)), issuer: `https://${name}.test` };
  },
};

const auth = { audience: 'comet', issuers: [] };

describe('[A7] T65 the issuers whose tokens reach the users of all', () => {
  const stage = new NestStage();

  it('are those that the modules name, for administration and for pushes', async () => {
    const { origin } = await stage.start({
      options: { auth: { verifier }, rules: [{ channel: '/news', publish: true }] },
      imports: [
        CometAdminModule.forRoot({ issuers: [STAFF] }),
        CometPushModule.register({ issuers: [STAFF] }),
      ],
    });
    const post = async (path: string, token: string, body: object) => {
      const { status, headers } = await ask(origin + path, {
        headers: { 'content-type': 'application/json', ...bearer(token) },
        body: JSON.stringify(body),
      }).answer;
      return [status, headers['www-authenticate']];
    };
    const refused = [403, 'Bearer error="insufficient_scope", error_description="tokens of another issuer"'];
    const revocation = { userId: 'alice' };
    expect(await post('/comet/admin/revoke', 'staff-root.comet+admin', revocation)).toEqual([200, undefined]);
    expect(await post('/comet/admin/revoke', 'shop-root.comet+admin', revocation)).toEqual(refused);
    const news = { channel: '/news', data: 1 };
    expect(await post('/push', 'staff-service/billing.comet+publish', news)).toEqual([202, undefined]);
    expect(await post('/push', 'shop-service/billing.comet+publish', news)).toEqual(refused);
  });

  const resolved = (...issuers: object[]) =>
    resolveOptions({
      auth: {
        ...auth,
        issuers: issuers.map((issuer, index) => ({ userPrefix: `${index}-`, ...issuer })),
      } as never,
    });
  const create = (named: string[] | undefined, ...issuers: object[]) => {
    return () => new TrustedIssuers('CometPushModule', named, resolved(...issuers));
  };

  it('have to be named where several share a tenant', () => {
    const [staff, shop] = [{ issuer: STAFF }, { issuer: SHOP }];
    expect(create(undefined, staff)).not.toThrow();
    expect(create(undefined, staff, shop)).toThrow(
      "CometPushModule reaches the users of several issuers: name those whose tokens are good for that, for example issuers: ['https://staff.test'].",
    );
    expect(create([STAFF], staff, shop)).not.toThrow();
    expect(create([STAFF, SHOP], staff, shop)).not.toThrow();
    expect(create([`${SHOP}/`], staff, shop)).toThrow(
      'names the issuer "https://shop.test/", which auth does not',
    );
  });

  it('may be all where each has a tenant of its own', () => {
    const staff = { issuer: STAFF, tenant: 'staff' };
    expect(create(undefined, staff, { issuer: SHOP, tenant: 'shop' })).not.toThrow();
    const claim = { claim: 'org', allow: ['shop', 'staff'] };
    expect(create(undefined, staff, { issuer: SHOP, tenant: claim })).toThrow('users of several issuers');
  });

  it.each([[[]], ['https://staff.test'], [[7]], [['']]])('are a list, and not %j', (issuers) => {
    const sentence = 'issuers must name issuers';
    expect(() => CometAdminModule.forRoot({ issuers: issuers as string[] })).toThrow(sentence);
    expect(() => CometPushModule.register({ issuers: issuers as string[] })).toThrow(sentence);
  });
});
