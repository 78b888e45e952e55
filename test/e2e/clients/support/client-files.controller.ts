import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Header, NotFoundException, Param, Req, Res } from '@nestjs/common';
import { CometService } from '../../../../src/index.js';

/** The clients as npm installs them, and the scripts of this folder that use them. */
const FOLDERS: Readonly<Record<string, string>> = {
  cometd: 'node_modules/cometd',
  faye: 'node_modules/faye/client',
  drivers: 'test/e2e/clients/support',
};

/** What the page of a client loads. */
const SCRIPTS: Readonly<Record<string, string>> = {
  cometd: '<script type="module" src="/clients/drivers/cometd.driver.js"></script>',
  faye: '<script src="/clients/faye/faye-browser-min.js"></script><script src="/clients/drivers/faye.driver.js"></script>',
};

/** Serves the clients to browsers, from the origin that serves Bayeux. */
@Controller('clients')
export class ClientFilesController {
  readonly #comet: CometService;
  #passage: Promise<void> = Promise.resolve();
  #letGo: () => void = () => undefined;
  /** Pages that have been asked for. */
  asked = 0;

  constructor(comet: CometService) {
    this.#comet = comet;
  }

  /** Keeps every page that is asked for from now on until `letGo`. */
  hold(): void {
    this.#passage = new Promise((resolve) => (this.#letGo = resolve));
  }

  letGo(): void {
    this.#letGo();
  }

  @Get(':client')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async page(
    @Param('client') client: string,
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    this.asked++;
    // Else connections that are opened at once get a cookie each, of which the browser keeps one.
    const cookie = this.#comet.browserCookie(request);
    if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    await this.#passage;
    const scripts = SCRIPTS[client];
    if (scripts === undefined) throw new NotFoundException();
    return `<!doctype html><html><head><title>${client}</title><link rel="icon" href="data:,">${scripts}</head></html>`;
  }

  @Get(':folder/:file')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  file(@Param('folder') folder: string, @Param('file') file: string): string {
    const path = FOLDERS[folder];
    if (path === undefined || !/^[\w.-]+\.js$/.test(file)) throw new NotFoundException();
    return readFileSync(`${path}/${file}`, 'utf8');
  }
}
