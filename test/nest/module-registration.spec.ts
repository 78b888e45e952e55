import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import {
  CometAdapter,
  CometModule,
  type CometModuleOptions,
  type CometOptionsFactory,
  CometService,
  TOKEN_VERIFIER,
  type TokenVerifier,
} from '../../src/index.js';
import { CapturedLogger } from '../support/captured.logger.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { NestStage, USERS } from './support/nest-stage.js';
import { userTokens } from './support/user-tokens.js';

@Injectable()
class Settings {
  readonly path = '/from-settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory implements CometOptionsFactory {
  static made = 0;

  constructor(readonly settings: Settings) {
    OptionsFactory.made++;
  }

  createCometOptions(): CometModuleOptions {
    return { ...USERS, path: this.settings.path };
  }
}

@Module({ imports: [SettingsModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

@Injectable()
class Consumer {
  constructor(readonly comet: CometService) {}
}

@Module({ providers: [Consumer], exports: [Consumer] })
class FeatureModule {}

@Module({ imports: [CometModule.forRoot(USERS)], providers: [Consumer] })
class AppModule {}

const LINE = 'app.useWebSocketAdapter(new CometAdapter(app));';

describe.each(HTTP_KINDS)('CometModule on %s', (http) => {
  const stage = new NestStage();

  it('is made with forRoot, and its service can be injected everywhere', async () => {
    const app = await stage.start({ http, imports: [FeatureModule] });
    await app.socket('alice').join();
    const { comet } = app.app.get(Consumer, { strict: false });
    expect(await comet.sendMessage('alice', '/mine', 1)).toEqual({ sessions: 1 });
    expect(app.app.get<TokenVerifier>(TOKEN_VERIFIER, { strict: false })).toBe(userTokens);
  });

  it.each([
    [
      'useFactory',
      () =>
        CometModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => Promise.resolve({ ...USERS, path: settings.path }),
        }),
    ],
    ['useClass', () => CometModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsFactory })],
    [
      'useExisting',
      () => CometModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory }),
    ],
  ])('is made with forRootAsync and %s', async (_, make) => {
    OptionsFactory.made = 0;
    const app = await stage.start({
      http,
      comet: make(),
      options: { path: '/from-settings' },
      imports: [FeatureModule],
    });
    const client = await app.polling('alice').join();
    expect(client.clientId).toBeTruthy();
    expect(OptionsFactory.made).toBeLessThanOrEqual(1);
    expect(app.app.get(Consumer, { strict: false }).comet).toBe(app.service);
  });

  it.each([
    ['forRoot', CometModule.forRoot({ ...USERS, isGlobal: false })],
    ['forRootAsync', CometModule.forRootAsync({ isGlobal: false, useFactory: () => USERS })],
  ])('with isGlobal false is only where it is imported: %s', async (_, comet) => {
    await expect(Test.createTestingModule({ imports: [comet, FeatureModule] }).compile()).rejects.toThrow(
      /CometService/,
    );
    const app = await stage.start({ http, comet, providers: [Consumer] });
    expect(app.app.get(Consumer).comet).toBe(app.service);
  });

  it('serves another path if it is told to, and that only', async () => {
    const app = await stage.start({ http, options: { path: '/push' } });
    const client = await app.polling().join();
    expect(client.clientId).toBeTruthy();
    const response = await fetch(`${app.origin}/cometd`, { method: 'POST', body: '[]' });
    expect(response.status).toBe(404);
    await response.text();
  });
});

describe('an application without the adapter', () => {
  it('does not start: init rejects with the line to add, and the process goes on', async () => {
    const exit = jest.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(new CapturedLogger())
      .compile();
    const app = module.createNestApplication();
    await expect(app.init()).rejects.toThrow(LINE);
    await expect(app.init()).rejects.toThrow(/CometModule needs its adapter/);
    expect(exit).not.toHaveBeenCalled();
    exit.mockRestore();
    await app.close();
  });

  it('made by NestFactory says so too, also when it is asked to listen', async () => {
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await expect(app.listen(0)).rejects.toThrow(LINE);
    await app.close();
  });
});

describe('the adapter without the module', () => {
  it('says what to import', async () => {
    const module = await Test.createTestingModule({}).setLogger(new CapturedLogger()).compile();
    const app = module.createNestApplication();
    expect(() => new CometAdapter(app)).toThrow(
      'CometAdapter needs CometModule: add CometModule.forRoot({ … }) to the imports of your root module.',
    );
    await app.close();
  });
});

describe('the module, imported more than once', () => {
  class OwnModule extends CometModule {}
  @Module({ imports: [CometModule.forRoot({ ...USERS, isGlobal: false })] })
  class Elsewhere {}
  const [first, second] = [CometModule.forRoot(USERS), CometModule.forRoot(USERS)];
  const ONCE = /^CometModule is imported more than once.*import CometModule\.forRoot\(.*root module alone/;

  it.each<[string, ModuleMetadata['imports']]>([
    ['forRoot twice', [first, second]],
    ['forRoot and forRootAsync', [first, CometModule.forRootAsync({ useFactory: () => USERS })]],
    ['in two modules, neither of them global', [first, Elsewhere]],
    ['as a class of its own too', [first, { ...second, module: OwnModule }]],
  ])('[G6] does not start: %s', async (_, imports = []) => {
    Module({})(OwnModule);
    @Module({ imports, providers: [Consumer] })
    class TwiceModule {}
    const quiet = { logger: false, abortOnError: false } as const;
    await expect(NestFactory.createApplicationContext(TwiceModule, quiet)).rejects.toThrow(ONCE);
    const app = await NestFactory.create(TwiceModule, quiet);
    await expect(app.init()).rejects.toThrow(ONCE);
    await app.close();
    const adapted = await NestFactory.create(TwiceModule, quiet);
    adapted.useWebSocketAdapter(new CometAdapter(adapted));
    await expect(adapted.listen(0)).rejects.toThrow(ONCE);
    await adapted.close();
  });

  it('[G6] cannot be loaded again with a lazy module; the same one can', async () => {
    @Module({ imports: [first] })
    class RootModule {}
    @Module({ imports: [first] })
    class SameModule {}
    @Module({ imports: [second] })
    class AgainModule {}
    const context = await NestFactory.createApplicationContext(RootModule, {
      logger: false,
      abortOnError: false,
    });
    const loader = context.get(LazyModuleLoader);
    await loader.load(() => SameModule);
    await expect(loader.load(() => AgainModule)).rejects.toThrow(ONCE);
    await context.close();
  });

  it('[G6] does not start where it is imported without options, beside forRoot or not', async () => {
    for (const imports of [[CometModule], [first, CometModule], [CometModule, first]]) {
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
        /^CometModule is imported without options: import CometModule\.forRoot\(/,
      );
    }
  });

  it('starts where one and the same is imported twice, or exported', async () => {
    const shared = CometModule.forRoot({ ...USERS, isGlobal: false });
    @Module({ imports: [shared], exports: [shared] })
    class SharingModule {}
    @Module({ imports: [SharingModule], providers: [Consumer] })
    class UsingModule {}
    const context = await NestFactory.createApplicationContext(
      { module: class {}, imports: [shared, SharingModule, UsingModule] },
      { logger: false, abortOnError: false },
    );
    expect(context.get(Consumer, { strict: false }).comet).toBe(context.get(CometService, { strict: false }));
    await context.close();
  });
});

describe('an application without HTTP', () => {
  it('can inject the service, which reaches nobody', async () => {
    const context = await NestFactory.createApplicationContext(AppModule, {
      logger: false,
      abortOnError: false,
    });
    // What goes wrong in an event of Nest is thrown by a timer.
    await new Promise((resolve) => setTimeout(resolve));
    const { comet } = context.get(Consumer);
    expect(await comet.sendMessage('alice', '/mine', 1)).toEqual({ sessions: 0 });
    expect(await comet.broadcast('/news', 1)).toEqual({ sessions: 0 });
    expect(comet.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    await context.close();
    await expect(comet.broadcast('/news', 1)).rejects.toThrow(/stopped/);
  });
});
