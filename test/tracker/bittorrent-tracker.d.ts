declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events';

  interface Numbers {
    readonly uploaded?: number;
    readonly downloaded?: number;
    readonly left?: number;
    readonly numwant?: number;
    readonly compact?: 0 | 1;
  }

  interface ClientOptions {
    /** Hex. */
    readonly infoHash: string;
    readonly peerId: string;
    readonly announce: string | readonly string[];
    readonly port: number;
    readonly userAgent?: string;
  }

  class Client extends EventEmitter {
    constructor(options: ClientOptions);
    start(numbers?: Numbers): void;
    update(numbers?: Numbers): void;
    complete(numbers?: Numbers): void;
    stop(numbers?: Numbers): void;
    scrape(options?: { readonly infoHash: readonly string[] }): void;
    destroy(done?: () => void): void;
  }

  class Server extends EventEmitter {
    constructor(options: { readonly udp: boolean; readonly ws: boolean; readonly stats: boolean });
    readonly http: import('node:http').Server;
    listen(port: number, host: string, listening: () => void): void;
    close(done: () => void): void;
  }

  export { Client, Server };
  export default Client;
}
