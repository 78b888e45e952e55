import { createRequire } from 'node:module';
import { jest } from '@jest/globals';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';
import * as dependencies from '@nestjs/core/errors/exceptions/unknown-dependencies.exception.js';
import * as injector from '@nestjs/core/injector/injector.js';

// They are CommonJS and require Nest, which is ESM. Node can do that; jest is told what they get.
jest.mock('@nestjs/common', () => common);
jest.mock('@nestjs/core', () => core);
jest.mock('@nestjs/core/injector/injector', () => injector);
jest.mock('@nestjs/core/errors/exceptions/unknown-dependencies.exception', () => dependencies);
const require = createRequire(import.meta.url);

/** Well-known modules that applications use beside ours. */
export const { ThrottlerGuard, ThrottlerModule } =
  require('@nestjs/throttler') as typeof import('@nestjs/throttler');
export const { ClsGuard, ClsInterceptor, ClsModule, ClsService } =
  require('nestjs-cls') as typeof import('nestjs-cls');
