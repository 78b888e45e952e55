import { asBearer, dialectOf } from '../../src/transports/salesforce.dialect.js';

describe('the dialect of Salesforce', () => {
  it.each([
    ['OAuth t', 'Bearer t'],
    ['oauth\tt', 'Bearer\tt'],
    ['OAuth', 'Bearer'],
    ['00D!x', '00D!x'],
    ['00D.x-_~+/==', 'Bearer 00D.x-_~+/=='],
    ['  t  ', 'Bearer t'],
    ['Bearer t', 'Bearer t'],
    // No token, and none that is called so.
    ['Bearer', 'Bearer'],
    ['bearer ', 'bearer'],
    ['OAuth2 t', 'OAuth2 t'],
    ['Basic dTpw', 'Basic dTpw'],
    ['', ''],
  ])('reads the header %j as %j', (header, read) => {
    expect(asBearer(header)).toBe(read);
  });

  it('is that of paths with a version right behind the path of the endpoint', () => {
    const at = (url: string, salesforce = true) => dialectOf(url, { path: '/push/1.0', salesforce });
    expect(at('/push/1.0/61.0')).toBe('salesforce');
    expect(at('/push/1.0/61.0/handshake?x')).toBe('salesforce');
    expect(at('/push/1.0')).toBeUndefined();
    expect(at('/push/1.0/x/61.0')).toBeUndefined();
    expect(at('/push/1.0/61.0', false)).toBeUndefined();
  });
});
