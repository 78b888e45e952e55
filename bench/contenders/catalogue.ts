import { createRequire } from 'node:module';
import type { Contender } from './contender.js';
import { benchVersion } from './packages.js';

const require = createRequire(import.meta.url);
const version = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;

/** How clients talk to a server. */
export type DialectName = 'plain' | 'socket.io' | 'bayeux' | 'bayeux polling' | 'plain polling';

/** A contender, before its code is loaded: that happens in its own process only. */
export interface Entry {
  readonly title: string;
  readonly dialect: DialectName;
  /** The module, relative to this one. */
  readonly module: string;
  readonly versionOf: () => string;
}

const node = (): string => process.version;
const ws = (): string => `ws ${version('ws')}`;
const ours = (): string => 'this working tree';

export const CONTENDERS = {
  ours: { title: 'ours', dialect: 'bayeux', module: './ours/ours.js', versionOf: ours },
  floor: { title: 'floor (one frame)', dialect: 'plain', module: './floor.js', versionOf: ws },
  ws: { title: '`ws`', dialect: 'plain', module: './ws.js', versionOf: ws },
  uws: {
    title: 'uWebSockets.js',
    dialect: 'plain',
    module: './uws.js',
    versionOf: () => benchVersion('@trufflesuite/uws-js-unofficial'),
  },
  'socket.io': {
    title: 'Socket.IO',
    dialect: 'socket.io',
    module: './socketio.js',
    versionOf: () => benchVersion('socket.io'),
  },
  faye: { title: 'faye', dialect: 'bayeux', module: './faye.js', versionOf: () => benchVersion('faye') },
  'ours-polling': {
    title: 'ours, long-polling',
    dialect: 'bayeux polling',
    module: './ours/ours.js',
    versionOf: ours,
  },
  'http-polling': {
    title: '`node:http`, long-polling',
    dialect: 'plain polling',
    module: './http.js',
    versionOf: node,
  },
  'cometd-polling': {
    title: 'cometd-nodejs-server, long-polling',
    dialect: 'bayeux polling',
    module: './cometd.js',
    versionOf: () => benchVersion('cometd-nodejs-server'),
  },
  jose: { title: '`jose`', dialect: 'plain', module: './jose.js', versionOf: () => version('jose') },
} as const satisfies Record<string, Entry>;

export type ContenderName = keyof typeof CONTENDERS;

export function isContender(name: string): name is ContenderName {
  return name in CONTENDERS;
}

/** Loads the code of a contender into this process. */
export async function load(name: ContenderName): Promise<Contender> {
  const { default: Made } = (await import(CONTENDERS[name].module)) as { default: new () => Contender };
  return new Made();
}
