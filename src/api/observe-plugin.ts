import 'postgraphile';
import { getOperationAST } from 'postgraphile/graphql';
import { requestScope } from './request-scope.ts';

/** Takes note of the kind of operation that a request runs, for its line in the log and for the figures. */
export const ObservePlugin: GraphileConfig.Plugin = {
  name: 'StoaObservePlugin',
  version: '1.0.0',
  description: 'The kind of operation is known to the log and to the figures.',
  grafast: {
    middleware: {
      prepareArgs(next, { args }) {
        const scope = requestScope.getStore();
        const operation = scope && getOperationAST(args.document, args.operationName);
        if (scope && operation) scope.operation = operation.operation;
        return next();
      },
    },
  },
};
