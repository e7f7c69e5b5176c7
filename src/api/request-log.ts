import type { IncomingMessage, ServerResponse } from 'node:http';
import { explorerPath, graphqlPath } from './paths.ts';
import type { RequestScope } from './request-scope.ts';

const knownPaths: ReadonlySet<string> = new Set([
  '/',
  graphqlPath,
  explorerPath,
  '/healthz',
  '/readyz',
  '/metrics',
]);

export interface LoggedRequest {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly scope: RequestScope;
  readonly path: string;
  readonly ms: number;
  /** Only where a setting says so. */
  readonly ip: string | undefined;
}

/**
 * The line of a request. Neither account nor query nor variables, and no path that somebody made up: a log of requests is
 * read by more people than the data is.
 */
export function logOf({ message, response, scope, path, ms, ip }: LoggedRequest): Record<string, unknown> {
  return {
    requestId: scope.requestId,
    method: message.method,
    path: knownPaths.has(path) ? path : '(other)',
    status: response.writableFinished ? response.statusCode : 499,
    ms: Math.round(ms),
    ...(scope.operation === undefined ? {} : { operation: scope.operation }),
    ...(scope.codes.length === 0 ? {} : { codes: [...new Set(scope.codes)] }),
    ...(ip === undefined ? {} : { ip }),
  };
}
