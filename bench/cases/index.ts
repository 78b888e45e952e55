import { bursts } from './bursts.js';
import type { BenchCase } from './case.js';
import { chat } from './rooms.js';
import { fanOut1000, fanOut5000 } from './fan-out.js';
import { idle } from './idle.js';
import { matching } from './matching.js';
import { stalled } from './stalled.js';
import { storm } from './storm.js';
import { users } from './users.js';

export const CASES: readonly BenchCase[] = [
  fanOut1000,
  fanOut5000,
  bursts,
  chat,
  users,
  matching,
  idle,
  storm,
  stalled,
];
