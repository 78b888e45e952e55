import { readdirSync, readFileSync } from 'node:fs';
import type { Type } from '@nestjs/common';
import { OPERATIONS } from '../../src/nest/operation-kinds.js';
import { type NestApp, NestStage, USERS } from '../nest/support/nest-stage.js';
import type { Message } from '../support/message.js';
import type { SocketClient } from '../support/socket.client.js';
import { blocksOf, Snippets, tableOf } from './snippets.js';

const PAGE = 'docs/gateways.md';
const ERRORS = tableOf(PAGE, 'thrown');

/** A service for each row of the table of errors. */
const ERRORS_GATEWAY = `
import { BadRequestException, ConflictException, HttpException } from '@nestjs/common';
import { SubscribeMessage, WsException } from '@nestjs/websockets';
import { CometError, CometGateway } from 'nestjs-comet';
const invalid = {
  property: 'name', target: { secret: 1 }, value: 1, constraints: { isString: 'name must be a string' }, children: [],
};
void invalid;
@CometGateway()
export class ErrorsGateway {
  ${ERRORS.map(([thrown], row) => `@SubscribeMessage('/service/errors/${row}') error${row}(): never { throw ${thrown}; }`).join('\n')}
}
`;

const snippets = new Snippets(PAGE, {
  'comet.options.ts': `
    import type { CometModuleOptions } from 'nestjs-comet';
    export const options = (globalThis as unknown as { snippetOptions: CometModuleOptions }).snippetOptions;`,
  'errors.gateway.ts': ERRORS_GATEWAY,
});
Object.assign(globalThis, { snippetOptions: USERS });
const diagnostics = snippets.compile();
const { AppModule } = (await snippets.load('app.module.ts')) as { AppModule: Type };

/** Speaks for the users of a page, and says what they see in its words. */
class Users {
  readonly #clients = new Map<string, SocketClient>();

  constructor(private readonly app: NestApp) {}

  /** Does what a line says. @returns the lines that follow it. */
  async see(line: string): Promise<string[]> {
    const [, user = '', verb, rest = ''] =
      /^(\w+) (calls|publishes|subscribes|gets|shakes hands) (.*)$/.exec(line) ?? [];
    const [, channel = '', data = 'null', ext] = /^(\/\S+)(?: (.*?))?(?: with ext (.*))?$/.exec(rest) ?? [];
    switch (verb) {
      case 'calls': {
        const client = await this.client(user);
        const members = ext === undefined ? {} : { ext: JSON.parse(ext) as object };
        const { answers, reply } = await client.call(channel, JSON.parse(data), members);
        return [...answers.map((answer) => `  answer ${JSON.stringify(answer)}`), ...outcome(reply)];
      }
      case 'publishes':
        return outcome(await (await this.client(user)).publish(channel, JSON.parse(data)));
      case 'subscribes':
        return outcome(await (await this.client(user)).subscribe(channel));
      case 'shakes hands':
        return outcome(await this.app.socket(user).handshake({ ext: JSON.parse(rest) as object }));
      default:
        throw new Error(`Nobody knows how to do this: ${line}`);
    }
  }

  /** The line that says what a user gets next. */
  async gets(user: string): Promise<string> {
    const [message] = await (await this.client(user)).receive();
    return `${user} gets ${message?.channel} ${JSON.stringify(message?.data)}`;
  }

  private async client(user: string): Promise<SocketClient> {
    const client = this.#clients.get(user) ?? (await this.app.socket(user).join());
    this.#clients.set(user, client);
    return client;
  }
}

function outcome({ successful, error, ext }: Message): string[] {
  const { details } = (ext ?? {}) as { details?: unknown };
  return [
    successful === true ? '  successful' : `  error ${error}`,
    ...(details === undefined ? [] : [`  details ${JSON.stringify(details)}`]),
  ];
}

describe('docs/gateways.md', () => {
  const stage = new NestStage();
  const start = async (...providers: Type[]) => stage.start({ comet: { module: AppModule, providers } });

  it('has snippets that compile', () => {
    expect(diagnostics).toEqual([]);
  });

  it('says what clients see', async () => {
    const users = new Users(await start());
    for (const block of blocksOf(PAGE, 'text')) {
      const lines = block.trimEnd().split('\n');
      const seen: string[] = [];
      for (const line of lines.filter((written) => !written.startsWith(' '))) {
        const [, user] = /^(\w+) gets /.exec(line) ?? [];
        if (user === undefined) seen.push(line, ...(await users.see(line)));
        else seen.push(await users.gets(user));
      }
      expect(seen).toEqual(lines);
    }
  });

  it('shows the answer and the refusal of a call as they are on the wire', async () => {
    const client = await (await start()).socket('alice').join();
    client.forget();
    await client.call('/service/shops/7/order', { article: 'tea', amount: 2 }, { id: '4' });
    await client.call('/service/shops/7/order', { article: 'tea', amount: 10 }, { id: '5' });
    expect(blocksOf(PAGE, 'json').map((block) => JSON.parse(block) as unknown)).toEqual([client.received]);
  });

  it('says what a client is told of an error, and what of it is logged', async () => {
    const { ErrorsGateway } = (await snippets.load('errors.gateway.ts')) as { ErrorsGateway: Type };
    const app = await start(ErrorsGateway);
    const client = await app.socket('alice').join();
    expect(ERRORS.length).toBeGreaterThan(10);
    for (const [row, [thrown, error = '', details = '']] of ERRORS.entries()) {
      const { reply } = await client.call(`/service/errors/${row}`, {});
      const expected = [`  error ${error}`, ...(details === '' ? [] : [`  details ${details}`])];
      expect({ thrown, seen: outcome(reply) }).toEqual({ thrown, seen: expected });
      expect({ thrown, logged: app.log.takeErrors().length }).toEqual({
        thrown,
        logged: error.startsWith('5') ? 1 : 0,
      });
    }
  });

  it('[G6] warns that messages of the server have what `@Exclude` excludes', async () => {
    const { Account } = (await snippets.load('accounts.gateway.ts')) as { Account: new () => object };
    const app = await start();
    const client = await app.socket('alice').join();
    await client.subscribe('/accounts');
    await app.service.broadcast('/accounts', new Account());
    expect(await client.receive()).toMatchObject([{ data: { name: 'alice', password: 'secret' } }]);
  });

  it('says where guards and pipes run, and what else is said where they do not', () => {
    const rows = tableOf(PAGE, 'operation  \\| guards');
    const found = Object.values(OPERATIONS).map(({ operation, guarded, unforeseen }) => [
      ...[operation, ...(guarded ? ['yes', 'yes'] : ['no', 'no']), 'yes', 'yes'],
      operation === 'disconnect' ? 'the client is gone; the log has it' : unforeseen,
    ]);
    expect(rows).toEqual(found);
  });

  it('quotes sentences that the start is stopped with', () => {
    const sources = readdirSync('src/nest', { encoding: 'utf8' })
      .filter((name) => /-checks\.ts$|^comet\.module\.ts$/.test(name))
      .map((name) => readFileSync(`src/nest/${name}`, 'utf8'))
      .join('\n')
      .replace(/['`] \+\s+['`]/g, '');
    const quoted = tableOf(PAGE, 'it says').map(([sentence = '']) => sentence);
    expect(quoted.length).toBeGreaterThan(10);
    expect(quoted.filter((sentence) => !sources.includes(sentence))).toEqual([]);
  });
});

await snippets.load('orders.gateway.spec.ts');

afterAll(() => {
  snippets.remove();
});
