import 'postgraphile';
import { loadOneWithPgClient, type PgClient, type PgExecutorContext } from 'postgraphile/@dataplan/pg';
import { access, constant, context, type FieldArgs, get, type Step, sideEffect } from 'postgraphile/grafast';
import { extendSchema } from 'postgraphile/utils';
import { z } from 'zod';
import { SecretBox } from '../../auth/secret-box.ts';
import type { AuthenticatedSession } from '../../auth/sessions.ts';
import type { Module } from '../../modules.ts';
import type { StoaRequest } from '../context.ts';
import { InvalidMetainfo, type Metainfo, readMetainfo } from './metainfo.ts';
import { announceUrl, Passkeys } from './passkeys.ts';

/** What the largest torrents need, 20,000 files of them. */
const maxMetainfoBytes = 16 * 1024 * 1024;

const metainfoType = 'application/x-bittorrent';

interface Named {
  readonly clientMutationId?: string | null;
}

interface UploadTorrentInput extends Named {
  readonly uploadId: string;
  readonly categoryId: number;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly tags?: readonly string[] | null;
  readonly metadata?: unknown;
  readonly isAnonymous?: boolean | null;
  readonly key?: string | null;
}

const idShape = z.tuple([z.object({ id: z.string() })]);

const downloadShape = z.tuple([
  z.object({
    name: z.string(),
    info_hash: z.string(),
    torrent_upload_id: z.string().nullable(),
    passkey_ciphertext: z.instanceof(Buffer).nullable(),
    passkey_key_id: z.string().nullable(),
  }),
]);

/** Refuses visitors, and accounts that are banned or disabled. */
async function callerOf({ session, auth }: StoaRequest): Promise<AuthenticatedSession> {
  if (!session) return auth.refuse('session.required');
  return session.role === null ? auth.refuse('account.restricted') : session;
}

function passkeysOf({ config }: StoaRequest, userId: string): Passkeys {
  if (config.secretKey === undefined) throw new Error('The API runs without a secret key.');
  return new Passkeys(new SecretBox(config.secretKey), userId);
}

const announceUrlOf = ({ config }: StoaRequest, passkey: string): string =>
  announceUrl(config.tracker.publicUrl, passkey);

/** A transaction of whoever sent the request. */
function transaction<Result>(
  { withPgClient, pgSettings }: PgExecutorContext,
  work: (client: PgClient) => Promise<Result>,
): Promise<Result> {
  return Promise.resolve(withPgClient(pgSettings, (client) => client.withTransaction(work)));
}

/** Raises a reason of the registry, with its words. */
async function refuse(database: PgExecutorContext, reason: string): Promise<never> {
  await transaction(database, (client) => client.query({ text: 'select core.fail($1)', values: [reason] }));
  throw new Error(`core.fail did not raise "${reason}"`);
}

/** The metainfo of a file that the caller has uploaded. */
async function uploadedMetainfo(
  uploadId: string,
  request: StoaRequest,
  database: PgExecutorContext,
): Promise<Metainfo> {
  const { userId } = await callerOf(request);
  const file = await request.uploads.read(uploadId, maxMetainfoBytes);
  if (file === undefined || file.row.user_id !== userId || file.row.content_type !== metainfoType) {
    return refuse(database, 'torrent.upload_unusable');
  }
  try {
    return readMetainfo(file.bytes);
  } catch (error) {
    if (error instanceof InvalidMetainfo) return refuse(database, 'torrent.metainfo_invalid');
    throw error;
  }
}

async function uploadTorrent(
  client: PgClient,
  input: UploadTorrentInput,
  metainfo: Metainfo,
): Promise<{ readonly id: string }> {
  const { rows } = await client.query({
    text: 'select id from tracker.upload_torrent($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: [
      JSON.stringify({
        info_hash: metainfo.infoHash,
        info_hash_v2: metainfo.infoHashV2,
        piece_length: metainfo.pieceLength,
        files: metainfo.files.map(({ path, size }) => ({ path, size_bytes: size })),
      }),
      input.categoryId,
      input.name ?? metainfo.name,
      input.description ?? '',
      [...(input.tags ?? [])],
      JSON.stringify(input.metadata ?? {}),
      input.isAnonymous ?? false,
      input.uploadId,
      input.key ?? null,
    ],
  });
  return idShape.parse(rows)[0];
}

/** What the database says of a download, with the caller's address; counts it. */
async function allowDownload(client: PgClient, torrentId: string, request: StoaRequest) {
  const { userId } = await callerOf(request);
  const { rows } = await client.query({
    text: `select name, info_hash, torrent_upload_id, passkey_ciphertext, passkey_key_id
           from tracker.download_torrent($1)`,
    values: [torrentId],
  });
  const [torrent] = downloadShape.parse(rows);
  const { passkey_ciphertext: sealed, passkey_key_id: keyId } = torrent;
  const passkeys = passkeysOf(request, userId);
  const passkey =
    sealed === null || keyId === null ? await passkeys.findOrMake(client) : passkeys.open(sealed, keyId);
  return {
    name: torrent.name,
    infoHash: torrent.info_hash,
    uploadId: torrent.torrent_upload_id,
    url: announceUrlOf(request, passkey),
  };
}

type AllowedDownload = Awaited<ReturnType<typeof allowDownload>>;

async function metainfoFor(
  allowed: AllowedDownload,
  request: StoaRequest,
  database: PgExecutorContext,
): Promise<Buffer> {
  const { uploadId, infoHash, url } = allowed;
  const file = uploadId === null ? undefined : await request.uploads.read(uploadId, maxMetainfoBytes);
  try {
    const metainfo = file && readMetainfo(file.bytes);
    if (metainfo?.infoHash === infoHash) return metainfo.withAnnounce(url);
  } catch (error) {
    if (!(error instanceof InvalidMetainfo)) throw error;
  }
  return refuse(database, 'torrent.metainfo_missing');
}

/** As a file system takes it. */
function filenameOf(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return `${name.replace(/[\u0000-\u001f\u007f"*/:<>?\\|]+/g, ' ').trim() || 'torrent'}.torrent`;
}

const typeDefinitions = /* GraphQL */ `
  extend type Query {
    """
    Where BitTorrent clients of the caller announce. It holds their passkey: whoever has it shares in their name. Null for
    visitors, and while there is no passkey.
    """
    announceUrl: String
  }

  input UploadTorrentInput {
    clientMutationId: String

    """
    A complete upload of the caller, of type application/x-bittorrent: the .torrent file.
    """
    uploadId: UUID!

    """
    Identifier of the TorrentCategory.
    """
    categoryId: Int!

    """
    Default: the name in the file.
    """
    name: String

    """
    What it is, for people.
    """
    description: String

    """
    Names of tags to put on it.
    """
    tags: [String!]

    """
    Technical metadata: an object.
    """
    metadata: JSON

    """
    Hides the uploader from members.
    """
    isAnonymous: Boolean

    """
    Send the same again after a lost answer and get the same torrent.
    """
    key: String
  }

  type UploadTorrentPayload {
    clientMutationId: String

    """
    The Torrent as it is now.
    """
    torrent: Torrent
    query: Query
  }

  input DownloadTorrentInput {
    clientMutationId: String

    """
    Identifier of the Torrent.
    """
    id: UUID!
  }

  type DownloadTorrentPayload {
    clientMutationId: String

    """
    What to call the file, fit for any file system.
    """
    filename: String!

    """
    The bytes of the .torrent file in base64, with the announce address of the caller in it. A secret of theirs.
    """
    metainfo: String!

    """
    The Torrent as it is now.
    """
    torrent: Torrent
    query: Query
  }

  input ResetPasskeyInput {
    clientMutationId: String
  }

  type ResetPasskeyPayload {
    clientMutationId: String

    """
    Where BitTorrent clients of the caller announce from now on. A secret of theirs.
    """
    announceUrl: String!
    query: Query
  }

  extend type Mutation {
    """
    Offers a torrent: what is in it is read from its .torrent file, which is handed out as private and with nothing but the
    address of whoever downloads it. A file that was not private gets another identity by that: its uploader
    downloads it from here to share it. It waits for approval, unless the class of the caller is trusted.
    """
    uploadTorrent(input: UploadTorrentInput!): UploadTorrentPayload

    """
    The .torrent file of a torrent for the caller, who gets a passkey with their first; counts the download.
    """
    downloadTorrent(input: DownloadTorrentInput!): DownloadTorrentPayload

    """
    Gives the caller a new passkey. The one before is refused from this moment on: every .torrent file has to be
    downloaded again. Refuses passkey.invalid when another reset came in between.
    """
    resetPasskey(input: ResetPasskeyInput!): ResetPasskeyPayload
  }
`;

const TorrentsPlugin = extendSchema((build) => {
  const torrents = build.pgResources['torrent'];
  if (!torrents) throw new Error('The table tracker.torrents is not exposed as Torrent');
  const { executor } = torrents;
  const query = () => constant(true);
  const flow =
    <Input extends Named>(
      work: (input: Input, request: StoaRequest, database: PgExecutorContext) => Promise<object>,
    ) =>
    (_$root: Step, fieldArgs: FieldArgs) => {
      const $input: Step<Input> = fieldArgs.getRaw('input');
      return sideEffect(
        [$input, get(context(), 'stoa'), executor.context()],
        async ([input, request, database]) => ({
          clientMutationId: input.clientMutationId,
          ...(await work(input, request, database)),
        }),
      );
    };
  return {
    typeDefs: typeDefinitions,
    objects: {
      Query: {
        plans: {
          announceUrl() {
            const $request = get(context(), 'stoa');
            return loadOneWithPgClient(executor, $request, (client, requests) =>
              Promise.all(
                requests.map(async (request) => {
                  const { session } = request;
                  if (!session?.role) return null;
                  const passkey = await passkeysOf(request, session.userId).find(client);
                  return passkey === undefined ? null : announceUrlOf(request, passkey);
                }),
              ),
            );
          },
        },
      },
      Mutation: {
        plans: {
          uploadTorrent: flow(async (input: UploadTorrentInput, request, database) => {
            // Before a transaction begins: nobody holds a connection while a storage answers.
            const metainfo = await uploadedMetainfo(input.uploadId, request, database);
            return transaction(database, (client) => uploadTorrent(client, input, metainfo));
          }),
          downloadTorrent: flow(async ({ id }: Named & { readonly id: string }, request, database) => {
            const allowed = await transaction(database, (client) => allowDownload(client, id, request));
            const metainfo = await metainfoFor(allowed, request, database);
            return { id, filename: filenameOf(allowed.name), metainfo: metainfo.toString('base64') };
          }),
          resetPasskey: flow(async (_input: Named, request, database) => {
            const { userId } = await callerOf(request);
            const passkeys = passkeysOf(request, userId);
            const passkey = await transaction(database, (client) => passkeys.reset(client));
            return { announceUrl: announceUrlOf(request, passkey) };
          }),
        },
      },
      UploadTorrentPayload: {
        plans: { query, torrent: ($payload: Step) => torrents.get({ id: access($payload, 'id') }) },
      },
      DownloadTorrentPayload: {
        plans: { query, torrent: ($payload: Step) => torrents.get({ id: access($payload, 'id') }) },
      },
      ResetPasskeyPayload: { plans: { query } },
    },
  };
});

/** .torrent files and passkeys, where there is a tracker. */
export function makeTorrentPlugins(modules: readonly Module[]): GraphileConfig.Plugin[] {
  return modules.some(({ name }) => name === 'tracker') ? [TorrentsPlugin] : [];
}
