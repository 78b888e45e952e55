import { jest } from '@jest/globals';

// A browser and a server beside it take their time on a busy machine; what must be fast says so itself.
jest.setTimeout(60_000);
