import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import type { JWTHeaderParameters } from 'jose';
import { SignJWT } from 'jose';
import { issuerSettings } from '../../src/auth/issuer-settings.js';
import { IssuersVerifier } from '../../src/auth/issuers.verifier.js';
import { TokenError } from '../../src/auth/token-verifier.js';
import type { CometAuthOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/comet-options.resolver.js';
import {
  answerJson,
  createKey,
  type IssuerKey,
  JWKS_PATH,
  OIDC_PATH,
  TestClock,
  TestIssuer,
  TestLogger,
} from './issuer.fixture.js';

type Members = Readonly<Record<string, unknown>>;

/** A token as docs/providers.md shows it, or what the provider answers when it is asked about one. */
interface Shape {
  readonly header?: Members;
  readonly payload?: Members;
  readonly active?: boolean;
}

interface Recipe {
  readonly auth: CometAuthOptions;
  readonly user: Shape;
  readonly service: Shape;
}

/** What of a recipe becomes of tokens that are not those of the page; `undefined` takes a claim out. */
interface Refused {
  readonly what: string;
  readonly of: 'user' | 'service';
  readonly changes: Members;
  readonly reason: RegExp;
}

interface Expected {
  readonly userId: string;
  readonly serviceId: string;
  readonly claims?: Members;
  readonly refused: readonly Refused[];
}

const change = (what: string, changes: Members, reason: RegExp): Refused => ({
  what,
  of: 'user',
  changes,
  reason,
});
const ofService = (what: string, changes: Members, reason: RegExp): Refused => ({
  ...{ what, of: 'service' as const, changes, reason },
});

/** How each provider's tokens differ that are no access tokens, or do not tell of whom they are. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  Keycloak: {
    userId: '8befeac4-8963-49da-a9ac-f310e8d922d8',
    serviceId: 'robot',
    claims: { roles: ['editor'] },
    refused: [
      change('[A4] T63 an ID token', { typ: 'ID', nonce: 'n', at_hash: 'h', aud: ['push', 'web'] }, /typ/),
      change('[A4] T63 a refresh token', { typ: 'Refresh' }, /typ/),
      change('[A4] T63 an offline token', { typ: 'Offline' }, /typ/),
      change("[A1] T60 a user's token without the scope basic", { sub: undefined }, /no sub/),
      ofService(
        '[A3] T62 a service without the scope service_account',
        { client_id: undefined, clientHost: undefined, clientAddress: undefined },
        /auth\.kind refused/,
      ),
    ],
  },
  Auth0: {
    userId: 'auth0|6553da60a54af58e29493993',
    serviceId: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja', azp: undefined, nonce: 'n' },
        /aud/,
      ),
      change('an access token for Auth0 itself', { aud: 'https://acme.eu.auth0.com/userinfo' }, /aud/),
    ],
  },
  'Microsoft Entra ID, v2': {
    userId: 'dddddddd-9999-0000-1111-eeeeeeeeeeee',
    serviceId: '22223333-cccc-4444-dddd-5555eeee6666',
    refused: [
      change('[A4] T63 an ID token', { scp: undefined, azp: undefined, nonce: 'n' }, /nonce/),
      change(
        '[A4] T63 an ID token without a nonce',
        { scp: undefined, azp: undefined },
        /auth\.kind refused/,
      ),
      change('a token without an oid', { oid: undefined }, /user claim oid/),
      ofService('an application that is no client', { azp: undefined, oid: 'another' }, /auth\.kind refused/),
    ],
  },
  'Microsoft Entra ID, v1': {
    userId: 'dddddddd-9999-0000-1111-eeeeeeeeeeee',
    serviceId: '33334444-dddd-5555-eeee-6666ffff7777',
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: '22223333-cccc-4444-dddd-5555eeee6666', scp: undefined, appid: undefined, nonce: 'n' },
        /aud/,
      ),
      change('a token for Microsoft Graph', { aud: 'https://graph.microsoft.com' }, /aud/),
    ],
  },
  'Azure AD B2C': {
    userId: 'dddddddd-9999-0000-1111-eeeeeeeeeeee',
    serviceId: '22223333-cccc-4444-dddd-5555eeee6666',
    refused: [
      change('[A4] T63 an ID token', { scp: undefined, azp: undefined, auth_time: 1_893_456_000 }, /nonce/),
      change(
        '[A4] T63 an ID token without a nonce',
        { scp: undefined, azp: undefined, nonce: undefined },
        /auth\.kind refused/,
      ),
      change(
        '[A2] T61 an ID token without a nonce, with the oid of its user',
        { scp: undefined, azp: undefined, nonce: undefined, oid: 'dddddddd-9999-0000-1111-eeeeeeeeeeee' },
        /auth\.kind refused/,
      ),
    ],
  },
  'Okta, custom authorization server': {
    userId: '00uid4BxXw6I6TV4m0g3',
    serviceId: '0oarobotexample',
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: '0oaqt0example', cid: undefined, scp: undefined, nonce: 'n', at_hash: 'h', amr: ['pwd'] },
        /aud/,
      ),
      change('a token of the org authorization server', { aud: 'https://acme.okta.com' }, /aud/),
      ofService('[A3] T62 a service that is not its own subject', { sub: 'other' }, /auth\.kind refused/),
    ],
  },
  'Amazon Cognito': {
    userId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    serviceId: '1example23456789',
    claims: { groups: ['editors'] },
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: '57cbishk4j24pabc1234567890', client_id: undefined, token_use: 'id', at_hash: 'h' },
        /token_use/,
      ),
      change('a token of another app client', { client_id: 'other' }, /aud/),
      change('a token that is bound to another resource', { aud: 'https://other.example.com' }, /aud/),
      change('a token without token_use', { token_use: undefined }, /auth\.kind refused/),
    ],
  },
  'Spring Authorization Server': {
    userId: 'ann',
    serviceId: 'robot',
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: 'web', client_id: undefined, azp: 'web', sid: 's', nonce: 'n' },
        /aud/,
      ),
      change('[A2] T61 a user who is called like the client', { sub: 'web' }, /auth\.kind/),
      ofService('[A3] T62 a service without the customizer', { gty: undefined }, /auth\.kind/),
      ofService(
        '[A3] T62 a service without gty and client_id, whose client is in the aud',
        { gty: undefined, client_id: undefined, aud: ['robot', 'https://push.example.com/cometd'] },
        /auth\.kind/,
      ),
    ],
  },
  Zitadel: {
    userId: '271862811940651014',
    serviceId: 'robot',
    refused: [
      change('[A4] T63 an ID token, about which it says nothing', { active: false }, /not active/),
      ofService('[A3] T62 a service user without the action', { account: undefined }, /auth\.kind refused/),
      change('a token for another project', { aud: ['271863005863182342'] }, /aud/),
    ],
  },
  'Ory Hydra': {
    userId: 'ann',
    serviceId: '6f1f6a9e-8d0a-4f0f-8f5b-0b7f3a1c2d3e',
    refused: [
      change(
        '[A4] T63 an ID token',
        { aud: ['c9fd4ba8-3a1c-4a87-9b0e-1f6f3a0f7f0c'], client_id: undefined, scp: undefined, at_hash: 'h' },
        /aud/,
      ),
      change("[A1] T60 a user's token without sub", { sub: undefined }, /no sub/),
    ],
  },
  'Ory Hydra, opaque tokens': {
    userId: 'ann',
    serviceId: '6f1f6a9e-8d0a-4f0f-8f5b-0b7f3a1c2d3e',
    refused: [
      change('[A4] T63 a refresh token', { token_use: 'refresh_token' }, /token_use/),
      change('a token that has ended', { active: false }, /not active/),
    ],
  },
};

const page = readFileSync('docs/providers.md', 'utf8');
const chapters = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((chapter) => {
      const [title = '', ...lines] = chapter.split('\n');
      return [title, lines.join('\n')];
    }),
);

function blockIn(chapter: string, kind: string): string | undefined {
  return new RegExp(String.raw`^\x60{3}${kind}\n([^]*?)^\x60{3}$`, 'm').exec(chapter)?.[1];
}

/** The options and tokens that the page shows. */
function recipeOf(title: string): Recipe {
  const chapter = chapters.get(title) ?? '';
  const options = blockIn(chapter, 'ts') ?? '';
  const make = runInThisContext(`(secret) => ({ ${options} })`) as (secret: string) => {
    auth: CometAuthOptions;
  };
  const shape = (kind: string) => JSON.parse(blockIn(chapter, `json ${kind}`) ?? '') as Shape;
  return { ...make('a-secret'), user: shape('user'), service: shape('service') };
}

let key: IssuerKey;

beforeAll(async () => {
  key = await createKey('RS256', 'key-1');
});

describe('docs/providers.md', () => {
  const recipes = [...chapters].filter(([, chapter]) => blockIn(chapter, 'ts') !== undefined);

  it('[A8] has a recipe for each provider, and each is tried', () => {
    expect(recipes.map(([title]) => title)).toEqual(Object.keys(EXPECTED));
  });

  it.each(recipes)(
    '[A8] shows options for %s with which the server starts, and tokens of its issuer',
    (title) => {
      const { auth, user, service } = recipeOf(title);
      expect(() => resolveOptions({ auth })).not.toThrow();
      for (const { payload, ...answer } of [user, service]) {
        expect({ ...answer, ...payload }).toMatchObject({ iss: auth.issuer });
      }
    },
  );
});

describe.each(Object.entries(EXPECTED))('tokens of %s', (title, { userId, serviceId, claims, refused }) => {
  const recipe = recipeOf(title);
  let issuer: TestIssuer;
  let clock: TestClock;
  let verifier: IssuersVerifier;
  let answer: Members = {};

  beforeAll(async () => {
    issuer = await new TestIssuer().open([key.jwk]);
    const metadata = { issuer: issuer.url, jwks_uri: issuer.url + JWKS_PATH };
    issuer.routes.set(
      OIDC_PATH,
      answerJson({ ...metadata, introspection_endpoint: `${issuer.url}/introspect` }),
    );
    issuer.routes.set('/introspect', (request, response) => {
      answerJson(answer)(request, response);
    });
  });

  beforeEach(() => {
    clock = new TestClock();
    const { introspection, ...auth } = recipe.auth;
    const local = {
      ...{ ...auth, issuer: issuer.url, jwksUri: issuer.url + JWKS_PATH },
      ...(introspection && { introspection: { ...introspection, endpoint: `${issuer.url}/introspect` } }),
    };
    verifier = new IssuersVerifier(issuerSettings(local), new TestLogger(), clock);
  });

  afterAll(() => issuer.close());

  /** The token of a shape as the local issuer would make it, good now; or one that it is asked about. */
  async function present({ header, payload, ...answered }: Shape, changes: Members = {}): Promise<string> {
    const times = { iat: clock.seconds, exp: clock.seconds + 300 };
    const said = { ...(payload ?? answered), iss: issuer.url, ...times, ...changes };
    if (header === undefined) {
      answer = said;
      return 'opaque-token';
    }
    return new SignJWT(said).setProtectedHeader(header as JWTHeaderParameters).sign(key.privateKey);
  }

  it('[A5] are those of a user', async () => {
    await expect(verifier.verify(await present(recipe.user))).resolves.toMatchObject({
      ...{ kind: 'user', userId, serviceId: null },
      ...(claims && { claims }),
    });
  });

  it('[A5] are those of a service', async () => {
    await expect(verifier.verify(await present(recipe.service))).resolves.toMatchObject({
      ...{ kind: 'service', userId: null, serviceId },
    });
  });

  it('[A4] T63 are none if they are opaque, as refresh tokens are, or of a type that is not named', async () => {
    if (recipe.user.header === undefined) {
      await present(recipe.user, { aud: undefined });
      await expect(verifier.verify('refresh-token')).rejects.toMatchObject({ code: 'invalid_token' });
      return;
    }
    const header = { ...recipe.user.header, typ: 'logout+jwt' };
    for (const token of ['0.AXoA-refresh-token', await present({ ...recipe.user, header })]) {
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
    }
  });

  it.each(refused)('are refused: $what', async ({ of, changes, reason }) => {
    const error = await verifier
      .verify(await present(recipe[of], changes))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TokenError);
    expect((error as TokenError).reason).toMatch(reason);
  });
});
