import { networkOf } from '../../src/transports/client-network.js';
import { PendingSockets } from '../../src/transports/pending-sockets.js';

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:0207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:1:2::7', '2001:db8:1:2::/64'],
    ['192.0.2.007', 'unknown'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('counts %j as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('PendingSockets', () => {
  it('forgets whom none is left of', () => {
    const pending = new PendingSockets({ inAll: 3, perAddress: 2 });
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) pending.add(address);
    expect(pending.hasRoom('192.0.2.3')).toBe(false);
    pending.remove('192.0.2.2');
    expect(pending.hasRoom('192.0.2.3')).toBe(true);
    expect(pending.hasRoom('192.0.2.1')).toBe(false);
    pending.remove('192.0.2.1');
    expect(pending.hasRoom('192.0.2.1')).toBe(true);
  });

  it('has room for any number if it is 0', () => {
    const pending = new PendingSockets({ inAll: 0, perAddress: 0 });
    for (let times = 0; times < 5_000; times++) pending.add('192.0.2.1');
    expect(pending.hasRoom('192.0.2.1')).toBe(true);
  });
});
