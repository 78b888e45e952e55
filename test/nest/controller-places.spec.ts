import { type INestApplication, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { CometAdminModule, type CometAdminOptions } from '../../src/index.js';
import { CometPushModule, type CometPushOptions } from '../../src/push/index.js';
import { ask } from '../support/http.js';
import { type NestApp, type NestAppSettings, NestStage } from './support/nest-stage.js';

const stage = new NestStage();

/** The paths among some at which a controller asks for a token. */
async function guarded(app: NestApp, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const headers = { 'content-type': 'application/json' };
    const { status } = await ask(app.origin + path, { headers, body: '{}' }).answer;
    expect([401, 404]).toContain(status);
    if (status === 401) found.push(path);
  }
  return found;
}

interface Placement extends Pick<NestAppSettings, 'options' | 'configure'> {
  readonly push?: CometPushOptions;
  readonly admin?: CometAdminOptions;
  readonly imports?: NonNullable<NestAppSettings['imports']>;
}

const start = ({ push, admin, imports = [], ...settings }: Placement): Promise<NestApp> =>
  stage.start({
    ...settings,
    imports: [CometPushModule.register(push), CometAdminModule.forRoot(admin), ...imports],
  });

describe('the controllers of pushes and of administrators', () => {
  const uri = (app: INestApplication) => {
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  };
  const header = (app: INestApplication) => {
    app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '1' });
  };

  it.each([
    ['no versions', () => undefined],
    ['versions in the path and a default', uri],
    ['versions in a header and a default', header],
  ])('[G6] have no version and stay where they are, with %s', async (_, configure) => {
    const app = await start({ configure });
    const paths = ['/push', '/comet/admin/revoke'];
    expect(await guarded(app, [...paths, ...paths.map((path) => `/v1${path}`)])).toEqual(paths);
  });

  it('[G6] go below the global prefix, unless they are excluded from it', async () => {
    const app = await start({
      configure: (application) => {
        uri(application);
        application.setGlobalPrefix('api', { exclude: ['push'] });
      },
    });
    const paths = ['/push', '/api/push', '/comet/admin/revoke', '/api/comet/admin/revoke', '/api/v1/push'];
    expect(await guarded(app, paths)).toEqual(['/push', '/api/comet/admin/revoke']);
  });

  it.each<[string, Placement, RegExp]>([
    [
      'the path of pushes',
      { push: { path: 'cometd/push' } },
      /^CometPushModule cannot be at \/cometd\/push:/,
    ],
    ['the path of administrators', { admin: { path: 'cometd' } }, /^CometAdminModule .* \/cometd\/revoke:/],
    [
      'the path of the endpoint',
      { options: { path: '/comet' } },
      /^CometAdminModule cannot be at \/comet\/admin\/revoke: everything below \/comet belongs to the endpoint\./,
    ],
    [
      'the path of the endpoint, at what administrators call',
      { options: { path: '/comet/admin/revoke' } },
      /write for example path: 'comet\/admin'\.$/,
    ],
    [
      'the global prefix',
      { configure: (app) => void app.setGlobalPrefix('/cometd/') },
      /^Comet(Push|Admin)Module cannot be at \/cometd\//,
    ],
    [
      'the path of the module',
      { imports: [RouterModule.register([{ path: 'cometd', module: CometAdminModule }])] },
      /^CometAdminModule cannot be at \/cometd\/comet\/admin\/revoke:/,
    ],
    [
      'the path where the endpoint is described',
      {
        options: { auth: { anonymous: true, resource: 'https://push.example.com' } },
        push: { path: '.well-known/oauth-protected-resource' },
      },
      /that path belongs to the endpoint/,
    ],
  ])('[G6] do not start where the endpoint would hide them, by %s', async (_, placement, sentence) => {
    await expect(start(placement)).rejects.toThrow(sentence);
  });
});
