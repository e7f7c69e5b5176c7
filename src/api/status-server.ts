import { createServer } from 'node:http';
import { exitCodes, StoaError } from '../errors.ts';
import { HttpRefusal, sendRefusal } from './http.ts';
import type { StatusPages } from './status-pages.ts';

export interface StatusServerOptions {
  readonly pages: StatusPages;
  readonly port: number;
  readonly host: string;
  readonly metricsAre: 'open' | 'token';
}

/** Health and figures on a port that need not be reachable from outside. */
export async function startStatusServer({ pages, port, host, metricsAre }: StatusServerOptions) {
  const server = createServer((message, response) => {
    const path = (message.url ?? '/').split('?')[0] ?? '/';
    pages
      .answer(message, response, path, metricsAre)
      .then((isAnswered) => {
        if (!isAnswered)
          throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
      })
      .catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else {
          sendRefusal(
            response,
            error instanceof HttpRefusal
              ? error
              : new HttpRefusal(500, 'Something went wrong on our side.', { code: 'INTERNAL' }),
          );
        }
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new StoaError('api.port_taken', `This process cannot listen on ${host}:${port} (${cause.code}).`, {
          cure: 'Choose another metricsPort.',
          exitCode: exitCodes.busy,
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
