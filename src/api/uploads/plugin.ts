import 'postgraphile';
import {
  access,
  constant,
  context,
  type FieldArgs,
  get,
  lambda,
  type Step,
  sideEffect,
} from 'postgraphile/grafast';
import { extendSchema } from 'postgraphile/utils';

/** The column by which a row shows a file. */
const uploadColumn = 'upload_id';

/**
 * What the API adds to uploads: where to send the bytes, a look at them at the end, and an address for whoever can
 * read a row that shows the file.
 */
export const UploadsPlugin = extendSchema((build) => {
  const uploads = build.pgResources['upload'];
  if (!uploads) throw new Error('The table media.uploads is not exposed as Upload');
  const showing = Object.values(build.pgResources)
    .filter((resource) => !resource.parameters && resource.codec.attributes?.[uploadColumn] !== undefined)
    .filter((resource) => build.behavior.pgCodecMatches(resource.codec, 'table') === true)
    .map((resource) => build.inflection.tableType(resource.codec));
  const typeNames = [...new Set(showing)];
  const addressField = /* GraphQL */ `
    """
    Where the file can be fetched for some minutes, by anybody who has the address. Ask again for a new one.
    """
    url: String
  `;
  const addressPlan = (column: string) => ($row: Step) =>
    lambda([get($row, column), get(context(), 'stoa')], ([id, request]) =>
      typeof id === 'string' ? request.uploads.addressOf(id) : null,
    );
  return {
    typeDefs: [
      /* GraphQL */ `
        """
        How to send the bytes of an upload: this request, with exactly these headers, and the bytes as its body.
        """
        type UploadTransfer {
          """
          Where to.
          """
          url: String!

          """
          The HTTP method.
          """
          method: String!

          """
          Send each as it stands.
          """
          headers: [UploadTransferHeader!]!

          """
          Until when the address takes bytes.
          """
          expiresAt: Datetime!
        }

        """
        A header of the request that sends the bytes.
        """
        type UploadTransferHeader {
          """
          Its name.
          """
          name: String!

          """
          Its value.
          """
          value: String!
        }

        extend type Upload {
          """
          Where to send the bytes; null once the upload is complete.
          """
          transfer: UploadTransfer

          """
          Where the file can be fetched for some minutes, by anybody who has the address; null until the upload is
          complete. Ask again for a new one.
          """
          url: String
        }

        input CompleteUploadInput {
          clientMutationId: String

          """
          The upload.
          """
          id: UUID!
        }

        type CompleteUploadPayload {
          clientMutationId: String

          """
          The Upload as it is now.
          """
          upload: Upload
          query: Query
        }

        extend type Mutation {
          """
          Ends an upload whose bytes have been sent: they are read, and must have the size and the type that were
          announced. Refuses upload.unknown, upload.not_pending, upload.not_sent, upload.mismatch.
          """
          completeUpload(input: CompleteUploadInput!): CompleteUploadPayload
        }
      `,
      ...typeNames.map((name) => `extend type ${name} {\n${addressField}\n}`),
    ].join('\n'),
    objects: {
      Mutation: {
        plans: {
          completeUpload(_$root: Step, fieldArgs: FieldArgs) {
            const $input: Step<{ readonly id: string; readonly clientMutationId?: string | null }> =
              fieldArgs.getRaw('input');
            return sideEffect([$input, get(context(), 'stoa')], async ([input, request]) => {
              const { session, auth } = request;
              if (!session) return auth.refuse('session.required');
              if (session.role === null) return auth.refuse('account.restricted');
              await request.uploads.complete(input.id, session.userId);
              return { clientMutationId: input.clientMutationId, id: input.id };
            });
          },
        },
      },
      CompleteUploadPayload: {
        plans: {
          query: () => constant(true),
          upload: ($payload: Step) => uploads.get({ id: access($payload, 'id') }),
        },
      },
      Upload: {
        plans: {
          transfer($upload: Step) {
            const $columns = [
              get($upload, 'id'),
              get($upload, 'status'),
              get($upload, 'content_type'),
              get($upload, 'size_bytes'),
              get(context(), 'stoa'),
            ] as const;
            return lambda($columns, ([id, status, contentType, size, request]) =>
              status === 'pending'
                ? request.uploads.transferFor({ id, contentType, size: Number(size) })
                : null,
            );
          },
          url($upload: Step) {
            return lambda(
              [get($upload, 'id'), get($upload, 'status'), get(context(), 'stoa')],
              ([id, status, request]) => (status === 'ready' ? request.uploads.addressOf(id) : null),
            );
          },
        },
      },
      ...Object.fromEntries(typeNames.map((name) => [name, { plans: { url: addressPlan(uploadColumn) } }])),
    },
  };
});
