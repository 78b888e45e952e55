import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { resolvedDefaults } from './resolved-defaults.js';

const text = readFileSync('docs/OPTIONS.md', 'utf8');
/** What there is, ahead of what differs. */
const [options = ''] = text.split('## Where the defaults differ');

/** The options of CometD's server and transports, clustering left out. */
const OF_COMETD = [
  ...['transports', 'allowedTransports', 'broadcastToPublisher', 'jsonContext', 'validateMessageFields'],
  ...['sweepPeriod', 'sweepThreads', 'schedulerThreads', 'executorMaxThreads'],
  ...['timeout', 'interval', 'maxInterval', 'maxProcessing', 'maxLazyTimeout', 'metaConnectDeliverOnly'],
  ...['maxQueue', 'maxMessageSize', 'handshakeReconnect', 'allowMessageDeliveryDuringHandshake'],
  ...['browserCookieName', 'browserCookieDomain', 'browserCookiePath', 'browserCookieMaxAge'],
  ...['browserCookieSecure', 'browserCookieHttpOnly', 'browserCookieSameSite', 'browserCookiePartitioned'],
  ...['maxSessionsPerBrowser', 'http2MaxSessionsPerBrowser', 'multiSessionInterval', 'trustClientSession'],
  ...['duplicateMetaConnectHttpResponseCode', 'jsonDebug', 'callbackParameter', 'callbackParameterMaxLength'],
  ...['ws.cometdURLMapping', 'ws.protocol', 'ws.messagesPerFrame', 'ws.bufferSize', 'ws.idleTimeout'],
  ...['ws.maxMessageSize', 'ws.requireHandshakePerConnection', 'ws.enableExtension.permessage-deflate'],
];

interface DocumentedOption {
  readonly name: string;
  readonly fallback: string | undefined;
}

/** The options of an interface with the `@default` of their doc comments, groups included. */
function optionsOf(file: string, interfaceName: string, prefix = ''): DocumentedOption[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true);
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === interfaceName,
  );
  if (!found) throw new Error(`${file} has no interface ${interfaceName}.`);
  const inherited = (found.heritageClauses ?? []).flatMap(({ types }) =>
    types.flatMap((type) => optionsOf(file, type.expression.getText(), prefix)),
  );
  const own = found.members.filter(ts.isPropertySignature).flatMap((member) => {
    const name = prefix + member.name.getText();
    const group = /^Comet\w+Options$/.exec(member.type?.getText() ?? '')?.[0];
    if (group === 'CometAuthOptions') return optionsOf('src/auth/auth-options.ts', group, `${name}.`);
    if (group) return optionsOf(file, group, `${name}.`);
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    return [{ name, fallback: tag ? ts.getTextOfJSDocComment(tag.comment) : undefined }];
  });
  return [...inherited, ...own];
}

/** The rows of the option tables: name to default. */
function tableRows(): Map<string, string> {
  const rows = options.matchAll(/^\|\s*`([\w.]+)`\s*\|([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name = '', fallback = '']) => [name, fallback.trim().replace(/^`|`$/g, '')]),
  );
}

/** A default as one would write it in an options object. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Defaults that are words, or the value of another option. */
function isValue(fallback: string): boolean {
  return fallback !== '' && !/^(?:the|until|session\.|channels\.)/.test(fallback);
}

describe('OPTIONS.md', () => {
  const documented = optionsOf('src/nest/comet-module-options.ts', 'CometModuleOptions');

  it('lists every option, and none that does not exist', () => {
    expect([...tableRows().keys()].sort()).toEqual(documented.map(({ name }) => name).sort());
  });

  it.each(documented.filter(({ fallback }) => fallback !== undefined))(
    'gives the default of $name as its doc comment does',
    ({ name, fallback = '' }) => {
      expect(tableRows().get(name)).toBe(fallback.replaceAll('`', ''));
    },
  );

  it('tells where each option of CometD has gone', () => {
    expect(OF_COMETD.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('gives the defaults that hold', () => {
    const values = [...tableRows()].filter(([, fallback]) => isValue(fallback));
    expect(Object.fromEntries(values)).toEqual(
      Object.fromEntries(Object.entries(resolvedDefaults()).map(([name, value]) => [name, written(value)])),
    );
  });
});
