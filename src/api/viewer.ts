import 'postgraphile';
import { context, get, lambda } from 'postgraphile/grafast';
import { extendSchema } from 'postgraphile/utils';

/** `viewer`: the account that the request acts for. */
export const ViewerPlugin = extendSchema((build) => {
  const users = build.pgResources['user'];
  if (!users) throw new Error('The table core.users is not exposed as User');
  return {
    typeDefs: /* GraphQL */ `
      extend type Query {
        """
        The account that is signed in; null for a visitor.
        """
        viewer: User
      }
    `,
    objects: {
      Query: {
        plans: {
          viewer() {
            const $request = get(context(), 'stoa');
            const $userId = lambda($request, (request) => request.session?.userId ?? null, true);
            return users.get({ id: $userId });
          },
        },
      },
    },
  };
});
