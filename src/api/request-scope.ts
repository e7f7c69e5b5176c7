import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known of the request that is being answered, wherever the code is that wants it. */
export interface RequestScope {
  readonly requestId: string;
  /** Whether it came without a token. */
  isVisitor: boolean;
  /** Once the query was read. */
  operation?: OperationKind;
  /** `extensions.code` of every error that was told. */
  readonly codes: string[];
  /** Seconds; the longest that was told. */
  retryAfter?: number;
}

export type OperationKind = 'query' | 'mutation' | 'subscription';

export const requestScope = new AsyncLocalStorage<RequestScope>();

/** Gives the extensions of an error the id of the request, and takes note of it for the log and the figures. */
export function tellClient(extensions: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const scope = requestScope.getStore();
  if (!scope) return { ...extensions };
  const { code, retryAfter } = extensions;
  if (typeof code === 'string') scope.codes.push(code);
  if (typeof retryAfter === 'number') scope.retryAfter = Math.max(scope.retryAfter ?? 0, retryAfter);
  return { ...extensions, requestId: scope.requestId };
}
