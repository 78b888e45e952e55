import type { OutgoingHttpHeaders } from 'node:http';
import { All, Controller, Get, Req, UseGuards } from '@nestjs/common';
import { CometOAuthGuard, type CometPrincipal, RequireKind, RequireScopes } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { bearer } from '../support/identity.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import { scopedTokens } from './support/scoped-tokens.js';

type Asking = { readonly user: CometPrincipal };

@UseGuards(CometOAuthGuard)
@RequireScopes('reports')
@Controller('reports')
class ReportController {
  @Get()
  list(@Req() { user }: Asking): string {
    return `reports for ${String(user.userId)}`;
  }

  @RequireScopes('reports:write', 'audit')
  @All('all')
  write(): string {
    return 'written';
  }

  @RequireKind('service')
  @Get('services')
  services(@Req() { user }: Asking): string {
    return `reports for ${String(user.serviceId)}`;
  }

  @RequireKind('user')
  @Get('users')
  users(): string {
    return 'for users';
  }
}

const RESOURCE = { resource: 'https://push.example.com/cometd' };
const METADATA = 'resource_metadata="https://push.example.com/.well-known/oauth-protected-resource/cometd"';

async function visit(app: NestApp, path: string, headers: OutgoingHttpHeaders = {}, method = 'GET') {
  const answer = await ask(`${app.origin}/reports${path}`, { method, headers, body: '' }).answer;
  return { status: answer.status, challenge: answer.headers['www-authenticate'], text: answer.text };
}

describe.each(HTTP_KINDS)('scopes on controllers, on %s', (http) => {
  const stage = new NestStage();
  const start = (auth: object = {}) =>
    stage.start({
      http,
      options: { auth: { verifier: scopedTokens, ...auth } },
      controllers: [ReportController],
    });

  it('T45: a token that has them is let in, and one that lacks them is told which', async () => {
    const app = await start();
    expect(await visit(app, '', bearer('alice.other.reports'))).toEqual({
      status: 200,
      challenge: undefined,
      text: 'reports for alice',
    });
    for (const token of ['alice.', 'alice.other', 'alice.report', 'alice.reports+write']) {
      const { status, challenge, text } = await visit(app, '', bearer(token));
      expect({ status, challenge }).toEqual({
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="reports"',
      });
      expect(text).not.toContain('reports for');
    }
  });

  it('T45: what the controller and its method ask for is needed together', async () => {
    const app = await start();
    const challenge = 'Bearer error="insufficient_scope", scope="reports reports:write audit"';
    for (const token of ['alice.reports+write.audit', 'alice.reports', 'alice.reports.audit']) {
      expect(await visit(app, '/all', bearer(token))).toMatchObject({ status: 403, challenge });
    }
    const good = bearer('alice.audit.reports+write.reports');
    expect(await visit(app, '/all', good)).toMatchObject({ status: 200, text: 'written' });
  });

  it('T45: every method is challenged, HEAD and OPTIONS too', async () => {
    const app = await start();
    const challenge = 'Bearer scope="reports reports:write audit"';
    for (const method of ['HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      const refused = await visit(app, '/all', {}, method);
      expect(refused).toMatchObject({ status: 401, challenge });
      expect(refused.text).not.toContain('written');
      expect(await visit(app, '/all', bearer('alice.reports'), method)).toMatchObject({ status: 403 });
    }
    const { status, text } = await visit(app, '', {}, 'OPTIONS');
    // Frameworks say by themselves which methods there are, and nothing else.
    expect([200, 404]).toContain(status);
    expect(text).not.toContain('reports for');
  });

  it('T45: challenges say where the issuer is to be found, if the server does', async () => {
    const app = await start(RESOURCE);
    expect(await visit(app, '')).toMatchObject({
      status: 401,
      challenge: `Bearer scope="reports", ${METADATA}`,
    });
    expect(await visit(app, '', bearer('bad'))).toMatchObject({
      status: 401,
      challenge: `Bearer error="invalid_token", ${METADATA}`,
    });
    expect(await visit(app, '', bearer('alice.'))).toMatchObject({
      status: 403,
      challenge: `Bearer error="insufficient_scope", scope="reports", ${METADATA}`,
    });
  });

  it('T31: tokens of users are no good where services are meant, nor the other way round', async () => {
    const app = await start();
    const insufficient = (kind: string) => ({
      status: 403,
      challenge: `Bearer error="insufficient_scope", error_description="tokens of a ${kind} only", scope="reports"`,
    });
    const [user, service] = [bearer('alice.reports'), bearer('service/billing.reports')];
    expect(await visit(app, '/services', service)).toMatchObject({
      status: 200,
      text: 'reports for billing',
    });
    expect(await visit(app, '/services', user)).toMatchObject(insufficient('service'));
    expect(await visit(app, '/users', user)).toMatchObject({ status: 200 });
    expect(await visit(app, '/users', service)).toMatchObject(insufficient('user'));
  });

  it('T51: calls that go on at the same time do not get each other’s answers', async () => {
    const app = await start();
    const users = Array.from({ length: 30 }, (_, number) => `user${number}`);
    const answers = await Promise.all(
      users.map((user, number) =>
        visit(app, '', bearer(`${user}.${number % 3 === 0 ? 'other' : 'reports'}`)),
      ),
    );
    const expected = users.map((user, number) =>
      number % 3 === 0 ? { status: 403 } : { status: 200, text: `reports for ${user}` },
    );
    expect(answers).toMatchObject(expected);
  });
});

describe('RequireScopes', () => {
  it.each([[[]], [['']], [['a b']], [['a"b']], [['ä']], [['ok', 'a\\b']]])(
    'refuses %j, with what to write instead',
    (scopes) => {
      expect(() => RequireScopes(...scopes)).toThrow("@RequireScopes('reports:read')");
    },
  );
});
