import { Socket } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import { explainConnectionError } from '../../postgres/connect.ts';
import { CopySocket } from './copy-socket.ts';

const identityShape = z.tuple([
  z.object({ systemid: z.string(), timeline: z.coerce.number().int(), xlogpos: z.string() }),
]);

export interface ClusterIdentity {
  /** Larger than what a number of JSON holds, so a text. */
  readonly systemIdentifier: string;
  readonly timeline: number;
  readonly lsn: string;
}

/**
 * A connection that speaks the replication protocol (manual, section 54.4): it takes its commands and SHOW, and no other
 * SQL. The login needs REPLICATION.
 */
export function connectReplication(url: string, name: string): Promise<pg.Client> {
  return openReplication(url, `stoa ${name}`, {
    // TLS reads from its socket by itself.
    stream: (connection?: { readonly ssl?: unknown }) => (connection?.ssl ? new Socket() : new CopySocket()),
  });
}

/** The same under a name as it stands, which `synchronous_standby_names` of the server may list. */
export async function openReplication(
  url: string,
  applicationName: string,
  special: Pick<pg.ClientConfig, 'stream'> = {},
): Promise<pg.Client> {
  const settings: pg.ClientConfig & { readonly replication: string } = {
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    replication: 'true',
    ...special,
  };
  const client = new pg.Client(settings);
  // Without a listener the loss of the server would end the process; what runs is told through its query.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw explainConnectionError(error, url);
  }
  return client;
}

export async function identifySystem(client: pg.Client): Promise<ClusterIdentity> {
  const [{ systemid, timeline, xlogpos }] = identityShape.parse((await client.query('IDENTIFY_SYSTEM')).rows);
  return { systemIdentifier: systemid, timeline, lsn: xlogpos };
}

/** The value of a setting, as SHOW prints it. */
export async function showSetting(client: pg.Client, setting: string): Promise<string> {
  const { rows } = await client.query<Record<string, string>>(`SHOW ${pg.escapeIdentifier(setting)}`);
  return z.tuple([z.record(z.string(), z.string())]).parse(rows)[0][setting] ?? '';
}
