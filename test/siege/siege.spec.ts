import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from '../e2e/support/demo-process.js';

/** A short siege, the same in every run; it has more time for everything, as other tests run beside it. */
const SHORT = ['--seed', '20261128', '--seconds', '10', '--crowd', '2', '--rest', '1', '--patience', '30'];

describe('a siege', () => {
  it('[W1] [W2] [W3] [W4] ends no process, leaves nothing, and costs no other client a message', async () => {
    const child = spawn(process.execPath, ['dist-siege/bench/siege/main.js', ...SHORT], {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const [code] = (await once(child, 'close')) as [number | null];

    // Elsewhere there is no ulimit, or no second loopback address: it says so.
    if (process.platform !== 'linux' && code !== 0) {
      expect(output).toMatch(/^The siege needs .*: nothing was run\.$/m);
      return;
    }
    expect(output).toMatch(/^HELD$/m);
    expect(code).toBe(0);
  });
});
