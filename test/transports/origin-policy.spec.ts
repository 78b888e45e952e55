import { OriginPolicy } from '../../src/transports/origin-policy.js';

const policy = new OriginPolicy(['https://portal.example.com', 'capacitor://localhost', 'http://[::1]:8080']);
const here = { address: '127.0.0.1', secure: false, host: 'push.example.com:3000' };

describe('OriginPolicy', () => {
  it.each([
    [undefined, 'absent'],
    ['https://portal.example.com', 'listed'],
    ['capacitor://localhost', 'listed'],
    ['http://[::1]:8080', 'listed'],
    ['http://push.example.com:3000', 'same'],
    ['https://push.example.com:3000', 'foreign'],
    ['http://push.example.com', 'foreign'],
    ['http://push.example.com:30001', 'foreign'],
    ['http://evil.test', 'foreign'],
    ['http://portal.example.com', 'foreign'],
    ['https://portal.example.com:8443', 'foreign'],
    ['https://portal.example.com.evil.test', 'foreign'],
    ['https://evil.test/https://portal.example.com', 'foreign'],
    ['https://sub.portal.example.com', 'foreign'],
    ['https://portal.example.com/', 'foreign'],
    ['null', 'foreign'],
    ['', 'foreign'],
    ['*', 'foreign'],
  ])('judges %j as %s', (origin, verdict) => {
    expect(policy.judge(origin, here)).toBe(verdict);
  });

  it('takes the scheme from how the client came', () => {
    expect(policy.judge('https://push.example.com:3000', { ...here, secure: true })).toBe('same');
    expect(policy.judge('http://push.example.com:3000', { ...here, secure: true })).toBe('foreign');
  });

  it('does not mind how the host is written', () => {
    expect(policy.judge('http://push.example.com:3000', { ...here, host: 'PUSH.example.com:3000' })).toBe(
      'same',
    );
  });

  it('knows no origin of its own without a host', () => {
    expect(policy.judge('http://undefined', { ...here, host: undefined })).toBe('foreign');
  });

  it('lets sandboxed pages in only where `null` is listed', () => {
    expect(new OriginPolicy(['null']).judge('null', here)).toBe('listed');
  });
});
