import { type FactoryProvider, RequestMethod, type Type } from '@nestjs/common';
import { MODULE_PATH } from '@nestjs/common/internal';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from './comet-options.resolver.js';
import { COMET_RESOLVED } from './tokens.js';

/** The path of a controller, without a slash at either end. */
export const PATH = /^[A-Za-z0-9\-._~]+(?:\/[A-Za-z0-9\-._~]+)*$/;

/** A controller that a module of ours has: where it is, and what it answers by POST. */
interface PlacedController {
  readonly module: Type;
  /** Its path, as the options of the module say. */
  readonly path: string;
  /** What is below it. @default nothing: it answers at its path */
  readonly below?: string;
  /** The path that an error proposes. */
  readonly example: string;
}

/**
 * Stops the start of an application where a controller would never be asked, as its path is the endpoint's. The global
 * prefix is known only then.
 */
class ControllerPlace {
  readonly #controller: PlacedController;
  readonly #transport: ResolvedOptions['transport'];
  readonly #config: ApplicationConfig;
  readonly #modules: ModulesContainer;

  constructor(
    controller: PlacedController,
    { transport }: ResolvedOptions,
    config: ApplicationConfig,
    modules: ModulesContainer,
  ) {
    this.#controller = controller;
    this.#transport = transport;
    this.#config = config;
    this.#modules = modules;
  }

  /** @throws Error if everything there belongs to the endpoint. */
  onModuleInit(): void {
    const { module, example } = this.#controller;
    const served = this.#servedPath();
    const { path: endpoint, resource } = this.#transport;
    const below = served === endpoint || served.startsWith(`${endpoint}/`);
    if (!below && served !== resource?.metadataPath) return;
    const why = below ? `everything below ${endpoint}` : 'that path';
    throw new Error(
      `${module.name} cannot be at ${served}: ${why} belongs to the endpoint. ` +
        `Choose another path: write for example path: '${example}'.`,
    );
  }

  /** As Nest will serve it: below the path of its module (`RouterModule`) and the global prefix; it has no version. */
  #servedPath(): string {
    const { module, path, below = '' } = this.#controller;
    const ofModule: unknown =
      Reflect.getMetadata(MODULE_PATH + this.#modules.applicationId, module) ??
      Reflect.getMetadata(MODULE_PATH, module);
    const own = join(typeof ofModule === 'string' ? ofModule : '', path, below);
    const { exclude = [] } = this.#config.getGlobalPrefixOptions();
    const excluded = exclude.some(
      ({ requestMethod, pathRegex }) =>
        (requestMethod === RequestMethod.ALL || requestMethod === RequestMethod.POST) && pathRegex.test(own),
    );
    return excluded ? own : join(this.#config.getGlobalPrefix(), own);
  }
}

function join(...paths: readonly string[]): string {
  return `/${paths
    .flatMap((path) => path.split('/'))
    .filter(Boolean)
    .join('/')}`;
}

/** Sees at the start that the endpoint leaves the path of a controller alone. */
export function outsideEndpoint(controller: PlacedController): FactoryProvider {
  return {
    provide: Symbol('nestjs-comet:controller-place'),
    useFactory: (resolved: ResolvedOptions, config: ApplicationConfig, modules: ModulesContainer) =>
      new ControllerPlace(controller, resolved, config, modules),
    inject: [COMET_RESOLVED, ApplicationConfig, ModulesContainer],
  };
}
