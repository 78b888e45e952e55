import type { IncomingMessage } from 'node:http';
import { pathOf, toOriginForm } from '../../src/transports/request-target.js';

function requestFor(url: string): IncomingMessage {
  return { url, headers: { host: 'header.example' } } as IncomingMessage;
}

describe('the target of a request', () => {
  it.each([
    ['/cometd?a=b', '/cometd?a=b'],
    ['http://h/cometd', '/cometd'],
    ['HTTPS://h.example:8443/cometd/connect?a=http://x/y', '/cometd/connect?a=http://x/y'],
    ['http://h', '/'],
    ['http://h?a', '/?a'],
    ['*', '*'],
    ['', ''],
    ['//h/cometd', '//h/cometd'],
    ['h:80', 'h:80'],
    ['ftp://h/cometd', 'ftp://h/cometd'],
    ['/%63ometd', '/%63ometd'],
    ['/x/../cometd', '/x/../cometd'],
    ['http://h/x/../cometd', '/x/../cometd'],
  ])('[W7] %j asks for the path %j', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });

  it.each([
    ['http://h/cometd', 'h'],
    ['http://H.example:80/cometd', 'H.example:80'],
    ['https://[::1]:443/cometd', '[::1]:443'],
  ])('[W7] %j names the host, whatever the header says', (target, host) => {
    const request = requestFor(target);
    expect(toOriginForm(request)).toBe(true);
    expect(request).toEqual({ url: '/cometd', headers: { host } });
  });

  it.each(['/cometd', '*', 'h:80'])('[W7] %j leaves the host to the header', (target) => {
    const request = requestFor(target);
    expect(toOriginForm(request)).toBe(true);
    expect(request).toEqual(requestFor(target));
  });

  it.each([
    'http:///cometd',
    'http://user@h/cometd',
    'http://a:b@h/cometd',
    'http://h:x/cometd',
    'http://[h/cometd',
  ])('[W7] %j names no host', (target) => {
    expect(toOriginForm(requestFor(target))).toBe(false);
  });
});
